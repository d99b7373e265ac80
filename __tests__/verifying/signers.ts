import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, generatePrimeSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type AlgorithmName, chooseAlgorithm, SIGNATURE_ALGORITHMS } from '../../src/verifying/algorithm.ts';
import { readVerifyKey, type VerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';

/** What is signed in these tests. */
export const MESSAGE = Buffer.from(Array.from({ length: 100_003 }, (_, index) => (index * 31) % 251));

/** A key pair whose public half was read as `verify-key` is. */
export interface Signer {
  readonly key: VerifyKey;
  readonly privateKey: KeyObject;
}

/** One throw-away signer of every kind of key. */
export const signers = {
  'ec-p256': signerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  'ec-p384': signerOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  'ec-p521': signerOf(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  rsa: signerOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  'rsa-pss': signerOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
  ed25519: signerOf(generateKeyPairSync('ed25519')),
};
/** Names one of {@link signers}. */
export type SignerName = keyof typeof signers;

/** Returns a signer with an RSA key of 2049 bits, whose modulus has a single bit in its first byte; OpenSSL makes none. */
export function oddSigner(): Signer {
  const [p, q] = [generatePrimeSync(1025, { bigint: true }), generatePrimeSync(1024, { bigint: true })];
  const e = 65_537n;
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const key = Object.fromEntries(
    Object.entries(numbers).map(([name, number]) => {
      const hex = number.toString(16);
      return [name, Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url')];
    }),
  );
  const privateKey = createPrivateKey({ key: { kty: 'RSA', ...key }, format: 'jwk' });
  return signerOf({ privateKey, publicKey: createPublicKey(privateKey) });
}

function inverse(number: bigint, modulus: bigint): bigint {
  let [rest, next, factor, nextFactor] = [modulus, number % modulus, 0n, 1n];
  while (next > 0n) {
    const times = rest / next;
    [rest, next, factor, nextFactor] = [next, rest % next, nextFactor, factor - times * nextFactor];
  }
  return (factor + modulus) % modulus;
}

/** The signers with ECDSA keys. */
export const curves = ['ec-p256', 'ec-p384', 'ec-p521'] as const;
/** Every signer with every algorithm that fits its key. */
export const pairs: [SignerName, AlgorithmName][] = SIGNATURE_ALGORITHMS.flatMap(
  (algorithm): [SignerName, AlgorithmName][] => {
    if (algorithm.startsWith('ecdsa')) return curves.map((curve) => [curve, algorithm]);
    if (algorithm === 'ed25519') return [['ed25519', algorithm]];
    return algorithm.startsWith('rsa-pss')
      ? [
          ['rsa', algorithm],
          ['rsa-pss', algorithm],
        ]
      : [['rsa', algorithm]];
  },
);

/** Returns a key pair as a signer. */
export function signerOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): Signer {
  return { key: readVerifyKey(publicKey.export({ format: 'pem', type: 'spki' }).toString()), privateKey };
}

/** Tells whether a signature is valid for the message. */
export function isValid(key: VerifyKey, algorithm: AlgorithmName | 'auto', signature: Uint8Array): boolean {
  const pass = createVerifier(key, chooseAlgorithm(key, algorithm)).start(MESSAGE.length);
  pass.update(MESSAGE);
  return pass.verify(signature);
}

/** The `openssl` program in a directory that holds the message and the private key of each signer under its name. */
interface OpenSsl {
  run(...args: string[]): Buffer;
  sign(signer: SignerName, algorithm: AlgorithmName): Buffer;
}

/** Prepares {@link OpenSsl} for the tests of one file and cleans up after them. */
export function useOpenSsl(): OpenSsl {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'verifying-'));
    writeFileSync(join(directory, 'message'), MESSAGE);
    for (const [name, { privateKey }] of Object.entries(signers)) {
      writeFileSync(join(directory, name), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    }
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const run = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    run,
    sign(signer, algorithm) {
      run(...signArguments(signer, algorithm));
      return readFileSync(join(directory, 'signature'));
    },
  };
}

function signArguments(signer: SignerName, algorithm: AlgorithmName): string[] {
  if (algorithm === 'ed25519') {
    return ['pkeyutl', '-sign', '-rawin', '-inkey', signer, '-in', 'message', '-out', 'signature'];
  }
  const [scheme, digest = ''] = algorithm.split(/-(?=sha)/);
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
  return ['dgst', `-${digest}`, ...(scheme === 'rsa-pss' ? pss : []), '-sign', signer, '-out', 'signature', 'message'];
}
