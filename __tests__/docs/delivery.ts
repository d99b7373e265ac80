import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AlgorithmName, algorithmOf } from '../../src/verifying/algorithm.ts';

const run = promisify(execFile);

const KEY_OPTIONS = {
  'ec-p256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'ec-p384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'ec-p521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ed25519: ['-algorithm', 'ED25519'],
};

/** A kind of signing key. */
type KeyName = keyof typeof KEY_OPTIONS;

/** The kinds of signing key. */
export const KEY_NAMES: readonly KeyName[] = ['ec-p256', 'ec-p384', 'ec-p521', 'rsa', 'ed25519'];

/** What a delivery is signed with. */
interface Signing {
  readonly algorithm: AlgorithmName;
  /** Default: the usual kind for the algorithm. */
  readonly key?: KeyName;
  /** Default: as many as the hash has. */
  readonly pssSaltBytes?: string;
}

/** A publisher whose signatures the `openssl` binary makes. */
interface Publisher {
  /** Directory of everything, removed with the publisher; `<key>.pem` and `<key>.pub` lie in it, and `other-<key>.…`. */
  readonly root: string;
  /** Makes a directory with what a customer has: `app.bin`, `app.bin.sign` in base64, and `public-key.pem`. */
  deliver(signing: Signing): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a publisher with two keys of each kind. */
export async function createPublisher(): Promise<Publisher> {
  const root = await mkdtemp(join(tmpdir(), 'publisher-'));
  await Promise.all(
    KEY_NAMES.flatMap((name) => [name, `other-${name}`].map((file) => makeKey(join(root, file), name))),
  );
  return {
    root,
    async deliver({ algorithm, key = usualKeyOf(algorithm), pssSaltBytes = 'digest' }) {
      const directory = await mkdtemp(join(root, `${algorithm}-`));
      const file = join(directory, 'app.bin');
      const signature = join(directory, 'signature');
      await writeFile(file, `built for ${algorithm}\n`);
      await cp(join(root, `${key}.pub`), join(directory, 'public-key.pem'));
      await run('openssl', signArguments(algorithm, { key: join(root, `${key}.pem`), file, signature, pssSaltBytes }));
      await writeFile(`${file}.sign`, (await readFile(signature)).toString('base64'));
      return directory;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Returns the kind of key that an algorithm is usually used with. */
export function usualKeyOf(algorithm: AlgorithmName): KeyName {
  if (algorithm.startsWith('rsa')) return 'rsa';
  if (algorithm === 'ed25519') return 'ed25519';
  if (algorithm === 'ecdsa-sha256') return 'ec-p256';
  return algorithm === 'ecdsa-sha384' ? 'ec-p384' : 'ec-p521';
}

/** Takes the two numbers out of an ECDSA signature in DER and writes them at a fixed size each. */
export function p1363Of(der: Buffer, numberBytes: number): Buffer {
  const start = der[1] === 0x81 ? 3 : 2;
  const first = der.subarray(start + 2, start + 2 + der.readUInt8(start + 1));
  const second = der.subarray(start + 4 + first.length);
  const fixed = [first, second].map((number) =>
    Buffer.from(
      BigInt(`0x${number.toString('hex')}`)
        .toString(16)
        .padStart(2 * numberBytes, '0'),
      'hex',
    ),
  );
  return Buffer.concat(fixed);
}

async function makeKey(path: string, name: KeyName): Promise<void> {
  await run('openssl', ['genpkey', ...KEY_OPTIONS[name], '-out', `${path}.pem`]);
  await run('openssl', ['pkey', '-in', `${path}.pem`, '-pubout', '-out', `${path}.pub`]);
}

interface SignTask {
  readonly key: string;
  readonly file: string;
  readonly signature: string;
  readonly pssSaltBytes: string;
}

function signArguments(name: AlgorithmName, { key, file, signature, pssSaltBytes }: SignTask): string[] {
  const algorithm = algorithmOf(name);
  if (algorithm.scheme === 'ed25519') {
    return ['pkeyutl', '-sign', '-inkey', key, '-rawin', '-in', file, '-out', signature];
  }
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${pssSaltBytes}`];
  const options = algorithm.scheme === 'rsa-pss' ? pss : [];
  return ['dgst', `-${algorithm.hash}`, '-sign', key, ...options, '-out', signature, file];
}
