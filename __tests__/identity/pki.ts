import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, expect } from 'vitest';
import { type Identity, inspectIdentity, requireIdentity } from '../../src/identity/identity.ts';
import type { IdentityText } from '../../src/identity/text/inputs.ts';
import type { ValidityOptions } from '../../src/identity/validity.ts';

/** Names and options of a certificate to issue. */
export interface IssueOptions {
  readonly subject?: string;
  /** Name of the issuer's files; itself when left out. */
  readonly issuer?: string;
  /** Arguments of `openssl genpkey`; EC P-256 when left out. */
  readonly key?: readonly string[];
  /** Lines of the extension file. */
  readonly extensions?: string;
  readonly digest?: string;
  readonly days?: number;
}

const EC_KEY = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** A directory of certificates and keys made by the `openssl` binary. */
export class Pki {
  readonly directory = mkdtempSync(join(tmpdir(), 'identity-test-'));

  /** Runs openssl in the directory. */
  openssl(...args: string[]): void {
    // On Windows it would read passphrases in another encoding.
    const env = { ...process.env, OPENSSL_WIN32_UTF8: '1' };
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe', env });
  }

  /** Issues `<name>.pem` with `<name>.key`; an existing key is used again. */
  issue(name: string, options: IssueOptions = {}): void {
    const { subject = `/CN=${name}`, issuer, key = EC_KEY, extensions = '', digest = 'sha256', days = 100 } = options;
    if (!existsSync(join(this.directory, `${name}.key`))) this.openssl('genpkey', ...key, '-out', `${name}.key`);
    this.openssl('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
    writeFileSync(join(this.directory, 'extensions'), extensions);
    const signer =
      issuer === undefined
        ? ['-signkey', `${name}.key`]
        : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial'];
    const common = ['-days', String(days), `-${digest}`, '-extfile', 'extensions', '-out', `${name}.pem`];
    this.openssl('x509', '-req', '-in', `${name}.csr`, ...signer, ...common);
  }

  /** Reads a file as text; on Windows openssl writes line ends of that system. */
  text(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8').replaceAll('\r\n', '\n');
  }

  /** Reads a file's bytes. */
  bytes(name: string): Buffer {
    return readFileSync(join(this.directory, name));
  }

  /** Converts a certificate or key to DER with openssl. */
  der(command: 'x509' | 'pkey' | 'req' | 'crl', name: string): Buffer {
    this.openssl(command, '-in', name, '-outform', 'DER', '-out', `${name}.der`);
    return this.bytes(`${name}.der`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n';
export const CLIENT = 'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n';
export const PASSPHRASE = 'correct-horse battery "staple" ü';

/** Makes root → intermediate → client, and a root for the server, for the tests of one file. */
export function makePki(): Pki {
  const pki = new Pki();
  afterAll(() => pki.remove());
  pki.issue('root', { extensions: CA });
  pki.issue('intermediate', { issuer: 'root', extensions: CA });
  pki.issue('client', { issuer: 'intermediate', extensions: CLIENT });
  pki.issue('server-root', { extensions: CA });
  return pki;
}

/** A minute from now, when certificates made by a test are surely valid. */
export const OPTIONS = {
  get now(): Date {
    return new Date(Date.now() + 60_000);
  },
  expiryWarningDays: 30,
};

/** Returns the texts of an identity with nothing to complain about. */
export function soundText(pki: Pki): IdentityText {
  const cert = pki.text('client.pem') + pki.text('intermediate.pem');
  return { cert, key: pki.text('client.key'), keyPassphrase: undefined, chain: pki.text('server-root.pem') };
}

/** Lists the problems as a user sees them: code, sentence and hint. */
export function problemsOf(text: IdentityText, options = OPTIONS): readonly string[] {
  const { identity, problems } = inspectIdentity(text, options);
  expect(identity === undefined).toBe(problems.length > 0);
  return problems.map(({ code, message, hint }) => `${code}: ${message}. ${hint}`);
}

/** Returns a function that expects exactly one problem of a sound text with a change, and that the problem reads as given. */
export function problemExpecter(
  sound: IdentityText,
): (change: Partial<IdentityText>, pattern: RegExp, options?: typeof OPTIONS) => void {
  return (change, pattern, options) => {
    const problems = problemsOf({ ...sound, ...change }, options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(pattern);
  };
}

/** Encodes text or bytes as base64 on one line. */
export function base64(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64');
}

/** Expects the text to give the client's identity, usable by TLS, and returns the notice about what was tidied. */
export function expectSameIdentity(pki: Pki, text: IdentityText, certificateCount: number): string {
  const { identity, problems, notices } = inspectIdentity(text, OPTIONS);
  expect(problems.map(({ message }) => message)).toEqual([]);
  if (identity === undefined) throw new Error('there is neither a problem nor an identity');
  const expected = [pki.text('client.pem'), pki.text('intermediate.pem')].slice(0, certificateCount);
  expect(identity.certificatesPem).toBe(expected.join(''));
  expect(identity.anchorsPem).toBe(pki.text('server-root.pem'));
  const passphrase = identity.passphrase === undefined ? {} : { passphrase: identity.passphrase };
  const key = createPrivateKey({ key: identity.keyPem, ...passphrase });
  expect(new X509Certificate(pki.bytes('client.pem')).checkPrivateKey(key)).toBe(true);
  createSecureContext({ cert: identity.certificatesPem, key: identity.keyPem, ca: identity.anchorsPem, ...passphrase });
  expect(notices.length).toBeLessThanOrEqual(1);
  return notices.join('');
}

/** Reads and checks an identity, as signing does; throws one error that names every problem. */
export function readIdentity(text: IdentityText, options: ValidityOptions): Identity {
  return requireIdentity(inspectIdentity(text, options));
}
