import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parseArgs } from 'node:util';
import { codeOf } from '../../src/errors.ts';
import { resolvePath, runCommandLine } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';
import { withClientFiles } from './client-files.ts';
import { renderGuide } from './guide.ts';
import { type Offer, type OfferOptions, offerEsAuth, offerHttp, offerVault } from './offers.ts';

const HELP = `npm run service -- [options]

Starts a signing service alone, on 127.0.0.1, and prints how to use it: its address, the
inputs of the action, and a command that signs with it; for es-auth a shell script as well.
Certificates, keys and secrets are made for this run and thrown away at its end (Ctrl+C).

  --protocol NAME     es-auth (default): the service of a rehearsal
                      http: a stand-in for an API of your own. It takes the requests of one HTTP message, compares
                      each with the message, tells what is wrong with it, and answers with a signature
                      vault: a stand-in for the transit engine of OpenBao and Vault, with a cert login and one key
  --port N            listens on this port; default: a free one
  --delay MS          waits this long before each answer
  --http2             offers HTTP/2 beside HTTP/1.1
  --dir DIR           writes the client's files into DIR, which must not exist yet; default: a temporary one
  --cert FILE         the server's certificate (PEM, with its intermediates), instead of a made-up one
  --key FILE          its private key (PEM, not encrypted)
  --client-ca FILE    lets in the clients whose certificates this CA issued (PEM), instead of a made-up one

For es-auth:

  --app-key NAME      instead of a made-up app key
  --app-secret TEXT   instead of a made-up secret; visible to other users of this machine

For http and vault, the inputs of the action that say how the service is asked:

  --workflow FILE     takes them from the step of a workflow that has this protocol: for http request, answer, signing-key,
                      for vault signing-key, mount, login, role; for both signature-algorithm and signature-encoding
  --with NAME=VALUE   sets one of these inputs, or token; NAME=@FILE takes it from a file, NAME=@@... begins with an @

Examples:

  npm run service -- --protocol http --workflow examples/in-house-api.yml
  npm run service -- --protocol http --with request=preset:signserver --with signing-key=PlainSigner
  npm run service -- --protocol vault --workflow examples/openbao.yml
`;

await runCommandLine(HELP, async (argv) => {
  const { values } = parseArgs({
    args: argv,
    options: {
      protocol: { type: 'string', default: 'es-auth' },
      port: { type: 'string', default: '0' },
      delay: { type: 'string', default: '0' },
      http2: { type: 'boolean', default: false },
      dir: { type: 'string' },
      'app-key': { type: 'string' },
      'app-secret': { type: 'string' },
      workflow: { type: 'string' },
      with: { type: 'string', multiple: true, default: [] },
      cert: { type: 'string' },
      key: { type: 'string' },
      'client-ca': { type: 'string' },
    },
  });
  if ((values.cert === undefined) !== (values.key === undefined)) {
    throw new ToolError('ARGUMENT_INVALID', '--cert and --key belong together: give both, or neither.');
  }
  const [cert, key, clientAuthority] = [values.cert, values.key, values['client-ca']].map(readPem);
  checkTls({ cert, key, ca: clientAuthority });
  const options: OfferOptions = {
    port: readNumber('port', values.port, 65_535),
    delayMs: readNumber('delay', values.delay, 3_600_000),
    http2: values.http2,
    tls: {
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(clientAuthority === undefined ? {} : { clientAuthority }),
    },
    address: (port) => (cert === undefined ? `https://127.0.0.1:${port}` : addressFor(new X509Certificate(cert), port)),
    print: (text) => process.stdout.write(text),
  };
  // Signals are handled before anything is written, so that an early signal leaves no files behind.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.stdout.once('error', () => resolve());
  });
  const offer = await makeOffer(options, values);
  const material = {
    ...offer.material,
    chain: cert ?? offer.material.chain,
    client: clientAuthority === undefined ? offer.material.client : undefined,
  };
  try {
    await withClientFiles(material, values.dir, async (paths) => {
      process.stdout.write(renderGuide({ inputs: offer.inputs, material, paths, renderEnd: offer.renderEnd }));
      await stopped;
    });
  } finally {
    await offer.close();
  }
  return 0;
});

interface Given {
  readonly protocol: string;
  readonly 'app-key'?: string | undefined;
  readonly 'app-secret'?: string | undefined;
  readonly workflow?: string | undefined;
  readonly with: readonly string[];
}

function makeOffer(options: OfferOptions, given: Given): Promise<Offer> {
  const { protocol, workflow, 'app-key': appKey, 'app-secret': appSecret, with: assignments } = given;
  switch (protocol) {
    case 'es-auth':
      refuse('es-auth', { '--workflow': workflow, '--with': assignments[0] });
      return offerEsAuth(options, { appKey, appSecret });
    case 'http':
      refuse('http', { '--app-key': appKey, '--app-secret': appSecret });
      return offerHttp(options, { workflow, assignments });
    case 'vault':
      refuse('vault', { '--app-key': appKey, '--app-secret': appSecret });
      return offerVault(options, { workflow, assignments });
    default:
      throw new ToolError('ARGUMENT_INVALID', '--protocol must be es-auth, http or vault.');
  }
}

/** Refuses options of another protocol, which would be ignored. */
function refuse(protocol: string, options: Readonly<Record<string, string | undefined>>): void {
  const [found] = Object.entries(options).filter(([, value]) => value !== undefined);
  if (found) throw new ToolError('ARGUMENT_INVALID', `${found[0]} does not belong to --protocol ${protocol}.`);
}

function readNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value <= most) return value;
  throw new ToolError('ARGUMENT_INVALID', `--${name} must be a whole number from 0 to ${most}.`);
}

/** Throws `ARGUMENT_INVALID` for certificates and keys that a server cannot use. */
function checkTls(material: {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}): void {
  try {
    createSecureContext(material);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const sentence =
      codeOf(cause) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? '--key is not the key of the certificate in --cert.'
        : `--cert, --key or --client-ca cannot be used (${reason}).`;
    throw new ToolError('ARGUMENT_INVALID', sentence, {
      hint: 'All three are PEM, and the key is not encrypted.',
      cause,
    });
  }
}

function readPem(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(resolvePath(path), 'utf8');
  } catch (cause) {
    throw new ToolError('ARGUMENT_INVALID', `The file ${path} cannot be read (${codeOf(cause)}).`, { cause });
  }
}

/** Returns a URL with a host name that is in the certificate. */
function addressFor(certificate: X509Certificate, port: number): string {
  if (certificate.checkIP('127.0.0.1') !== undefined) return `https://127.0.0.1:${port}`;
  const [name = 'localhost'] = /(?<=DNS:)[^,*]+/.exec(certificate.subjectAltName ?? '') ?? [];
  return `https://${certificate.checkHost('localhost') === undefined ? name : 'localhost'}:${port}`;
}
