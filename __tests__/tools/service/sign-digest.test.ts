import { constants, createHash, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { algorithmOf, SIGNATURE_ALGORITHMS } from '../../../src/verifying/algorithm.ts';
import { signBytes, signDigest } from '../../../tools/service/sign-digest.ts';

const CONTENT = Buffer.from('content');
const CURVES = { sha256: 'P-256', sha384: 'P-384', sha512: 'P-521' } as const;
// An odd length of the modulus leaves another number of unused bits before a PSS block.
const RSA = [2048, 2049].map((modulusLength) => generateKeyPairSync('rsa', { modulusLength }));

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function pairsOf(algorithm: ReturnType<typeof algorithmOf>): readonly Pair[] {
  if (algorithm.scheme === 'ed25519') return [generateKeyPairSync('ed25519')];
  return algorithm.scheme === 'ecdsa' ? [generateKeyPairSync('ec', { namedCurve: CURVES[algorithm.hash] })] : RSA;
}

test.each(SIGNATURE_ALGORITHMS)('Node accepts a signature over a ready digest by %s', (name) => {
  const algorithm = algorithmOf(name);
  for (const { publicKey, privateKey } of pairsOf(algorithm)) {
    const signature = signBytes(CONTENT, algorithm, privateKey);
    const hash = algorithm.scheme === 'ed25519' ? null : algorithm.hash;
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const key = algorithm.scheme === 'rsa-pss' ? { key: publicKey, ...pss } : publicKey;
    expect(verify(hash, CONTENT, key, signature)).toBe(true);
    expect(verify(hash, Buffer.from('other'), key, signature)).toBe(false);
  }
});

test('a digest of another length is not signed', () => {
  const [{ privateKey } = { privateKey: undefined }] = RSA;
  const digest = createHash('sha512').update(CONTENT).digest();
  expect(() => privateKey && signDigest(digest, { scheme: 'rsa-pkcs1', hash: 'sha256' }, privateKey)).toThrow(
    RangeError,
  );
});
