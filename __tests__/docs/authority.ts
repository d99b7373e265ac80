import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A throw-away CA of the `openssl` binary: a root, and an issuing CA below it. */
export interface Authority {
  readonly rootPem: string;
  readonly issuerPem: string;
  /** Answers a request with a certificate for client authentication. */
  issue(csrPath: string): Promise<string>;
}

const EXTENSIONS = `[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[client]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
`;

/** Makes the CA in a directory of its own. */
export async function createAuthority(directory: string): Promise<Authority> {
  await mkdir(directory, { recursive: true });
  const at = (name: string): string => join(directory, name);
  const openssl = async (...args: string[]): Promise<void> => void (await run('openssl', args, { cwd: directory }));
  await writeFile(at('extensions.cnf'), EXTENSIONS);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const root = ['-keyout', 'root.key', '-out', 'root.pem', '-days', '3650', '-subj', '/O=Example/CN=Example Root CA'];
  await openssl('req', '-x509', ...newKey, ...root);
  const issuer = ['-keyout', 'issuer.key', '-out', 'issuer.csr', '-subj', '/O=Example/CN=Example Issuing CA'];
  await openssl('req', ...newKey, ...issuer);
  let serial = 0;
  const sign = async (by: string, section: string, [csr, out]: readonly [string, string]): Promise<void> => {
    const authority = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-set_serial', String(++serial)];
    const facts = ['-days', '90', '-extfile', 'extensions.cnf', '-extensions', section];
    await openssl('x509', '-req', '-in', csr, '-out', out, ...authority, ...facts);
  };
  await sign('root', 'ca', ['issuer.csr', 'issuer.pem']);
  return {
    rootPem: await readFile(at('root.pem'), 'utf8'),
    issuerPem: await readFile(at('issuer.pem'), 'utf8'),
    async issue(csrPath) {
      await sign('issuer', 'client', [csrPath, 'leaf.pem']);
      return readFile(at('leaf.pem'), 'utf8');
    },
  };
}
