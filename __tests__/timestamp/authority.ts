import { execFile } from 'node:child_process';
import { hash, sign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { readStampAnswer } from '../../src/timestamp/check.ts';
import { readToken } from '../../src/timestamp/structures.ts';
import { listen } from '../helpers/listen.ts';

const run = promisify(execFile);

/** What an authority does with a request; all but the last three ask the real `openssl ts -reply`. */
type Behaviour =
  | 'sound'
  | 'another imprint'
  | 'another nonce'
  | 'no certificate'
  | 'another certificate'
  | 'three hours ahead'
  | 'ten days ahead'
  | 'rejection'
  | 'a web page'
  | 'HTTP status 403'
  | 'HTTP status 503'
  | 'silence';

/** A time stamp authority on loopback. */
export interface Authority {
  readonly url: string;
  /** PEM of the root that its signer chains to. */
  readonly root: string;
  readonly rootPath: string;
  /** Requests so far: the hexadecimal digests that were to be stamped. */
  readonly digests: string[];
  /** Headers of the latest request. */
  readonly headers: () => IncomingMessage['headers'];
  behave(behaviour: Behaviour): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const CONFIGURATION = `[tsa]
default_tsa = t
[t]
dir = .
serial = ./serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
`;
const OLDER = CONFIGURATION.replace('signer_digest = sha256', 'signer_digest = sha384').replace(
  '_alg = sha256',
  '_alg = sha1',
);
const EXTENSIONS = 'extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n';

/** Makes a root and a signer of stamps below it, as files of these names. */
async function makeSigner(directory: string, name: string, kind: KeyKind = 'ec'): Promise<void> {
  const openssl = (...options: string[]): Promise<unknown> => run('openssl', options, { cwd: directory });
  const algorithm = kind === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048'];
  const key = [...algorithm, '-nodes', '-keyout'];
  await openssl('req', '-x509', ...key, `${name}-root.key`, '-out', `${name}-root.pem`, '-subj', `/CN=${name} root`);
  await openssl('req', ...key, `${name}.key`, '-out', `${name}.csr`, '-subj', `/O=Example/CN=${name} stamps`);
  await writeFile(join(directory, 'extensions'), EXTENSIONS);
  const issuer = ['-CA', `${name}-root.pem`, '-CAkey', `${name}-root.key`, '-CAcreateserial'];
  await openssl('x509', '-req', '-in', `${name}.csr`, ...issuer, '-out', `${name}.pem`, '-extfile', 'extensions');
}

/** How an authority differs from the ordinary one. */
interface AuthorityOptions {
  /** Certificate and key of its server: then it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** With RSA it also signs a longer hash, and names its certificate as older authorities do. */
  readonly kind?: KeyKind;
}

type KeyKind = 'ec' | 'rsa';

/** Starts an authority. */
export async function startAuthority({ tls, kind = 'ec' }: AuthorityOptions = {}): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), 'authority-'));
  await Promise.all([makeSigner(directory, 'sound', kind), mkdir(join(directory, 'other'))]);
  await makeSigner(join(directory, 'other'), 'other');
  await writeFile(join(directory, 'tsa.cnf'), kind === 'ec' ? CONFIGURATION : OLDER);
  await writeFile(join(directory, 'narrow.cnf'), CONFIGURATION.replace('digests = sha256', 'digests = sha512'));
  const digests: string[] = [];
  let behaviour: Behaviour = 'sound';
  let headers: IncomingMessage['headers'] = {};
  // One at a time, because they share a file of serial numbers.
  let last: Promise<unknown> = Promise.resolve();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    headers = request.headers;
    const query = await buffer(request);
    digests.push(query.subarray(query.indexOf(Buffer.from([4, 32])) + 2).toString('hex', 0, 32));
    if (behaviour === 'silence') return undefined;
    if (behaviour === 'HTTP status 403') return response.writeHead(403).end();
    if (behaviour === 'HTTP status 503') return response.writeHead(503).end('busy');
    if (behaviour === 'a web page') return response.end('<!doctype html><p>Welcome');
    const answered = last.then(() => reply(directory, query, behaviour));
    last = answered.catch(() => {});
    return response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(await answered);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response);
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  const port = await listen(server);
  const rootPath = join(directory, 'sound-root.pem');
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${port}/tsa`,
    root: await readFile(rootPath, 'utf8'),
    rootPath,
    digests,
    headers: () => headers,
    behave: (next) => (behaviour = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function reply(directory: string, query: Buffer, behaviour: Behaviour): Promise<Buffer> {
  // The last element of a request asks for the certificate.
  if (behaviour === 'no certificate') query[query.length - 1] = 0;
  await writeFile(join(directory, 'query'), query);
  const digest = query.subarray(query.indexOf(Buffer.from([4, 32])) + 2).toString('hex', 0, 32);
  const ask = (...options: string[]): Promise<unknown> =>
    run('openssl', ['ts', '-query', '-sha256', '-out', 'query', ...options], { cwd: directory });
  if (behaviour === 'another imprint') await ask('-cert', '-digest', '00'.repeat(32));
  if (behaviour === 'another nonce') await ask('-cert', '-digest', digest);
  const signer = behaviour === 'another certificate' ? 'other/other' : 'sound';
  const configuration = behaviour === 'rejection' ? 'narrow.cnf' : 'tsa.cnf';
  const options = [
    '-config',
    configuration,
    '-queryfile',
    'query',
    '-signer',
    `${signer}.pem`,
    '-inkey',
    `${signer}.key`,
  ];
  await run('openssl', ['ts', '-reply', ...options, '-out', 'reply'], { cwd: directory });
  const answer = await readFile(join(directory, 'reply'));
  const aheadMs = AHEAD_MS[behaviour];
  if (aheadMs === undefined) return answer;
  return dateAnew(answer, await readFile(join(directory, 'sound.key'), 'utf8'), new Date(Date.now() + aheadMs));
}

/** How far the clock of an authority is ahead. */
const AHEAD_MS: Partial<Record<Behaviour, number>> = {
  'three hours ahead': 3 * 60 * 60_000,
  'ten days ahead': 10 * 24 * 60 * 60_000,
};

/** Puts another time into an answer with a signature of ECDSA and SHA-256, and signs it again: `openssl ts` has no option for its clock. */
function dateAnew(answer: Buffer, key: string, time: Date): Buffer {
  const dated = Buffer.from(answer);
  const put = (old: Buffer, next: Buffer): void => void next.copy(dated, dated.indexOf(old));
  const before = tokenOf(dated);
  const text = (at: Date): Buffer => Buffer.from(at.toISOString().replace(/\.\d+|[-:T]/g, ''));
  put(text(before.time), text(time));
  put(hash('sha256', before.content, 'buffer'), hash('sha256', tokenOf(dated).content, 'buffer'));
  const { signedAttributes, signature } = tokenOf(dated).signer;
  // Most signatures have the same length.
  for (let next = Buffer.alloc(0); ; next = sign('sha256', signedAttributes, key)) {
    if (next.length !== signature.length) continue;
    put(signature, next);
    return dated;
  }
}

function tokenOf(answer: Buffer): ReturnType<typeof readToken> {
  return readToken(readStampAnswer(answer).token ?? Buffer.alloc(0));
}

/** Asks the real `openssl ts -verify` whether a stamp is sound for a file. */
export async function opensslVerifies(file: string, stamp: string, rootPath: string): Promise<boolean> {
  try {
    const { stdout } = await run('openssl', ['ts', '-verify', '-data', file, '-in', stamp, '-CAfile', rootPath]);
    return stdout.includes('Verification: OK');
  } catch {
    return false;
  }
}
