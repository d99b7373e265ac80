import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parseArgs } from 'node:util';
import { codeOf } from '../../src/errors.ts';
import { startService } from '../../src/rehearsal/service.ts';
import { resolvePath, runCommandLine } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';
import { withClientFiles } from './client-files.ts';
import { renderGuide } from './guide.ts';

const HELP = `npm run service -- [options]

Starts the signing service of a rehearsal alone, on 127.0.0.1, and prints how to use it:
its address, the inputs of the action, a command that signs with it, and a shell script.
Certificates, keys and secrets are made for this run and thrown away at its end (Ctrl+C).

  --port N            listens on this port; default: a free one
  --delay MS          waits this long before each answer
  --http2             offers HTTP/2 beside HTTP/1.1
  --dir DIR           writes the client's files into DIR, which must not exist yet; default: a temporary one
  --app-key NAME      instead of a made-up app key
  --app-secret TEXT   instead of a made-up secret; visible to other users of this machine
  --cert FILE         the server's certificate (PEM, with its intermediates), instead of a made-up one
  --key FILE          its private key (PEM, not encrypted)
  --client-ca FILE    lets in the clients whose certificates this CA issued (PEM), instead of a made-up one
`;

await runCommandLine(HELP, async (argv) => {
  const { values } = parseArgs({
    args: argv,
    options: {
      port: { type: 'string', default: '0' },
      delay: { type: 'string', default: '0' },
      http2: { type: 'boolean', default: false },
      dir: { type: 'string' },
      'app-key': { type: 'string' },
      'app-secret': { type: 'string' },
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
  const options = {
    port: readNumber('port', values.port, 65_535),
    delayMs: readNumber('delay', values.delay, 3_600_000),
    http2: values.http2,
    ...(values['app-key'] === undefined ? {} : { appKey: values['app-key'] }),
    ...(values['app-secret'] === undefined ? {} : { appSecret: values['app-secret'] }),
    tls: {
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(clientAuthority === undefined ? {} : { clientAuthority }),
    },
  };
  // Listened for before anything is written, so that no early signal leaves files behind.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.stdout.once('error', () => resolve());
  });
  const service = await startService(options);
  const url = cert === undefined ? service.url : addressFor(new X509Certificate(cert), service.port);
  const { cert: clientCert, key: clientKey, ...credentials } = service.credentials;
  const handout = {
    chain: cert ?? credentials.chain,
    verifyKey: credentials.verifyKeyPem,
    client: clientAuthority === undefined ? { cert: clientCert, key: clientKey } : undefined,
  };
  try {
    await withClientFiles(handout, values.dir, async (paths) => {
      process.stdout.write(renderGuide({ ...service, url }, handout, paths));
      await stopped;
    });
  } finally {
    await service.close();
  }
  return 0;
});

function readNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value <= most) return value;
  throw new ToolError('ARGUMENT_INVALID', `--${name} must be a whole number from 0 to ${most}.`);
}

/** Throws `ARGUMENT_INVALID` for certificates and keys that no server can use. */
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

/** The address under which a client finds the name that it expects in the certificate. */
function addressFor(certificate: X509Certificate, port: number): string {
  if (certificate.checkIP('127.0.0.1') !== undefined) return `https://127.0.0.1:${port}`;
  const [name = 'localhost'] = /(?<=DNS:)[^,*]+/.exec(certificate.subjectAltName ?? '') ?? [];
  return `https://${certificate.checkHost('localhost') === undefined ? name : 'localhost'}:${port}`;
}
