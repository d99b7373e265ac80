import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { connect, createSecureContext, createServer, type SecureContext } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { type CredentialPaths, removeCredentials, withCredentials } from '../../src/identity/credentials.ts';
import { CREDENTIALS_FILES, CREDENTIALS_PREFIX } from '../../src/identity/key-files.ts';
import { listen } from '../helpers/listen.ts';
import { makePki, PASSPHRASE, readIdentity, soundText } from './pki.ts';

const options = { now: new Date(Date.now() + 60_000), expiryWarningDays: 0 };
const pki = makePki();
pki.openssl('pkcs8', '-topk8', '-in', 'client.key', '-passout', `pass:${PASSPHRASE}`, '-out', 'encrypted.key');
pki.issue('server', { issuer: 'server-root', extensions: 'subjectAltName=DNS:localhost\n' });
const encrypted = { ...soundText(pki), key: pki.text('encrypted.key'), keyPassphrase: PASSPHRASE };
const identity = readIdentity(encrypted, options);
const runnerTemp = mkdtempSync(join(tmpdir(), 'runner-temp-'));
afterAll(() => rmSync(runnerTemp, { recursive: true, force: true }));

function buildContext(paths: CredentialPaths): SecureContext {
  return createSecureContext({
    cert: readFileSync(paths.certificates),
    key: readFileSync(paths.key),
    ca: readFileSync(paths.anchors),
    minVersion: 'TLSv1.2',
    allowPartialTrustChain: true,
    ...(paths.passphrase === undefined ? {} : { passphrase: paths.passphrase }),
  });
}

const announce = () => {};
/** Windows knows only whether a file may be written; who may read it is a matter of its directory there. */
const isPrivate = (path: string, mode: number): boolean =>
  process.platform === 'win32' || (statSync(path).mode & 0o777) === mode;

describe('the files', () => {
  it('are announced first, private while they are there, and gone before the context is used', async () => {
    const events: string[] = [];
    const result = await withCredentials(
      identity,
      {
        runnerTemp,
        announce: async (directory) => {
          await Promise.resolve();
          expect(dirname(directory)).toBe(runnerTemp);
          expect(basename(directory).startsWith(CREDENTIALS_PREFIX)).toBe(true);
          expect(isPrivate(directory, 0o700)).toBe(true);
          expect(readdirSync(directory)).toEqual([]);
          events.push('announced');
        },
        build: (paths) => {
          const files = [paths.certificates, paths.key, paths.anchors];
          expect(files.map((path) => basename(path))).toEqual(Object.values(CREDENTIALS_FILES));
          expect(files.filter((path) => !isPrivate(path, 0o600))).toEqual([]);
          expect(readFileSync(paths.key, 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
          events.push('built');
          return buildContext(paths);
        },
      },
      () => {
        expect(readdirSync(runnerTemp)).toEqual([]);
        events.push('used');
        return 'result';
      },
    );
    expect([...events, result]).toEqual(['announced', 'built', 'used', 'result']);
  });

  it('are removed when announcing, building or using fails', async () => {
    const fail = () => {
      throw new Error('broken on purpose');
    };
    const cases = [
      withCredentials(identity, { runnerTemp, announce: fail, build: buildContext }, () => {}),
      withCredentials(identity, { runnerTemp, announce, build: fail }, () => {}),
      withCredentials(identity, { runnerTemp, announce, build: buildContext }, fail),
      withCredentials(identity, { runnerTemp, announce, build: buildContext }, async () => fail()),
    ];
    const outcomes = await Promise.allSettled(cases);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    expect(readdirSync(runnerTemp)).toEqual([]);
  });

  it('are never written through a link at their path', async () => {
    const victim = join(runnerTemp, 'victim');
    writeFileSync(victim, 'untouched');
    const plant = (directory: string) => symlinkSync(victim, join(directory, CREDENTIALS_FILES.key));
    const run = withCredentials(identity, { runnerTemp, announce: plant, build: buildContext }, () => {});
    await expect(run).rejects.toMatchObject({ code: 'CREDENTIALS_NOT_WRITTEN' });
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
    rmSync(victim);
    expect(readdirSync(runnerTemp)).toEqual([]);
  });
});

describe('errors', () => {
  it('name a temporary directory that does not exist', async () => {
    const missing = join(runnerTemp, 'missing');
    const run = withCredentials(identity, { runnerTemp: missing, announce, build: buildContext }, () => {});
    await expect(run).rejects.toThrow(ActionError);
    await expect(run).rejects.toThrow(`no directory for the credentials can be made in ${missing}`);
  });

  it('of OpenSSL name its code', async () => {
    const broken = { ...identity, passphrase: 'wrong' };
    const run = withCredentials(broken, { runnerTemp, announce, build: buildContext }, () => {});
    await expect(run).rejects.toThrow('TLS cannot use the client identity (ERR_OSSL_BAD_DECRYPT)');
  });
});

describe('removal', () => {
  it('touches the three known files only, and may be repeated', () => {
    const directory = mkdtempSync(join(runnerTemp, CREDENTIALS_PREFIX));
    for (const name of [...Object.values(CREDENTIALS_FILES), 'stranger']) writeFileSync(join(directory, name), 'x');
    removeCredentials(directory);
    expect(readdirSync(directory)).toEqual(['stranger']);
    rmSync(join(directory, 'stranger'));
    removeCredentials(directory);
    removeCredentials(directory);
    expect(existsSync(directory)).toBe(false);
  });
});

describe('the context', () => {
  /** Connects to a server that asks for the client's certificate; answers with the name it saw, or the client's error code. */
  async function handshake(context: SecureContext, ca: string): Promise<string> {
    const material = { cert: pki.text('server.pem'), key: pki.text('server.key'), ca };
    const server = createServer({ ...material, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => {});
      socket.end(String(socket.getPeerX509Certificate()?.subject));
    });
    const port = await listen(server);
    return new Promise<string>((resolve) => {
      const target = { host: '127.0.0.1', port, servername: 'localhost' };
      const socket = connect({ ...target, secureContext: context, rejectUnauthorized: true });
      socket.on('data', (data) => resolve(data.toString()));
      socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
      socket.on('close', () => server.close());
    });
  }

  it('presents the certificate after the files are gone', async () => {
    const seen = await withCredentials(identity, { runnerTemp, announce, build: buildContext }, (context) =>
      handshake(context, pki.text('root.pem')),
    );
    expect(seen).toBe('CN=client');
  });

  it('does not trust an authority inside a PKCS#12', async () => {
    const material = ['-in', 'client.pem', '-inkey', 'client.key', '-certfile', 'server-root.pem'];
    pki.openssl('pkcs12', '-export', ...material, '-passout', 'pass:x', '-out', 'client.p12');
    const cert = pki.bytes('client.p12').toString('base64');
    const packed = readIdentity({ cert, key: '', keyPassphrase: 'x', chain: pki.text('root.pem') }, options);
    const seen = await withCredentials(packed, { runnerTemp, announce, build: buildContext }, (context) =>
      handshake(context, pki.text('intermediate.pem')),
    );
    expect(seen).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT/);
  });
});
