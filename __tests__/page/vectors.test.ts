import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createHasher, createPlainHasher } from '../../src/page/verifier/digest.ts';
import { createVerifier } from '../../src/page/verifier/verifier.ts';
import { type AlgorithmName, algorithmsFor } from '../../src/verifying/algorithm.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { ecdsaLayout } from '../../src/verifying/layout.ts';
import { algorithmOfGroup, readVectors, type VectorGroup, type VectorTest } from '../vectors/wycheproof.ts';

/**
 * A signature on a large curve takes the page's library 10 ms, unless its form alone refuses it: so many of the others
 * are taken together with one of them. The soak tests take all.
 */
const SHARE_OF_LARGE_CURVES = process.env['VECTORS'] === 'all' ? 1 : 16;

let costly = 0;
const groups = readVectors().map((group) => ({ ...group, tests: group.tests.filter((each) => isTaken(group, each)) }));

function isTaken({ file }: VectorGroup, { signature }: VectorTest): boolean {
  const [, bits] = /secp(384|521)/.exec(file) ?? [];
  if (bits === undefined || ecdsaLayout(signature, Math.ceil(Number(bits) / 8)) === undefined) return true;
  return costly++ % SHARE_OF_LARGE_CURVES === 0;
}

const files = [...new Set(groups.filter(algorithmOfGroup).map(({ file }) => file))];
const otherParameters = groups.filter((group) => algorithmOfGroup(group) === undefined);

type Accepts = (vector: VectorTest) => boolean;

/** The page's verifier of one group; it expects base64, and every second signature comes in hexadecimal. */
async function verifierOf(keyPem: string, algorithm: AlgorithmName): Promise<Accepts> {
  const spki = createPublicKey(keyPem).export({ format: 'der', type: 'spki' });
  const verifier = await createVerifier({ spki, algorithm, encoding: 'base64' });
  return ({ id, message, signature: bytes }) => {
    const signature = verifier.read(bytes.toString(id % 2 === 0 ? 'base64' : 'hex'));
    // A signature of no bytes has no text.
    if (signature === undefined) return false;
    verifier.start(signature);
    // In two pieces, as a large file would come.
    verifier.update(message.subarray(0, 7));
    verifier.update(message.subarray(7));
    const { signed } = verifier.finish();
    return signed !== undefined && verifier.verify(signature, signed);
  };
}

test.each(files)('%s: the page agrees with the vectors', async (file) => {
  const wrong: string[] = [];
  for (const group of groups) {
    const name = algorithmOfGroup(group);
    if (group.file !== file || name === undefined) continue;
    const accepts = await verifierOf(group.keyPem, name);
    for (const vector of group.tests) {
      if (accepts(vector) !== (vector.result === 'valid')) wrong.push(`${vector.id}: ${vector.comment}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('signatures with another digest, mask or salt length are refused under every algorithm of their key', async () => {
  const accepted: string[] = [];
  for (const group of otherParameters) {
    for (const name of algorithmsFor(readVerifyKey(group.keyPem))) {
      const accepts = await verifierOf(group.keyPem, name);
      for (const vector of group.tests) {
        if (accepts(vector)) accepted.push(`${group.file} ${vector.id} ${vector.comment}: ${name}`);
      }
    }
  }
  // These are invalid for their group only: the salt has our length there, or the signature is sound PKCS#1. The
  // action's own verifier accepts the same six.
  expect(accepted).toEqual([
    'rsa_pss_2048_sha256_mgf1_0_params 69 s_len changed to 32, ModifiedSignature: rsa-pss-sha256',
    'rsa_pss_2048_sha256_mgf1_0 103 PKCS #1 v1.5 signature with SHA-256, WrongPrimitive: rsa-pkcs1-sha256',
    'rsa_pss_2048_sha256_mgf1_0 69 s_len changed to 32, ModifiedSignature: rsa-pss-sha256',
    'rsa_pss_2048_sha256_mgf1sha1_20 108 PKCS #1 v1.5 signature with SHA-256, WrongPrimitive: rsa-pkcs1-sha256',
    'rsa_pss_4096_sha512_mgf1_32 176 PKCS #1 v1.5 signature with SHA-256, WrongPrimitive: rsa-pkcs1-sha256',
    'rsa_pss_4096_sha512_mgf1_32 177 PKCS #1 v1.5 signature with SHA-512, WrongPrimitive: rsa-pkcs1-sha512',
  ]);
});

test.each(['sha256', 'sha384', 'sha512'] as const)('%s: both hashers compute what Node computes', async (name) => {
  for (const hasher of [await createHasher(name), createPlainHasher(name)]) {
    for (const length of [0, 1, 63, 64, 65, 111, 127, 128, 129, 100_003]) {
      const bytes = randomBytes(length);
      hasher.start();
      hasher.update(bytes.subarray(0, length >> 1));
      hasher.update(bytes.subarray(length >> 1));
      expect(Buffer.from(hasher.digest()).toString('hex')).toBe(createHash(name).update(bytes).digest('hex'));
    }
  }
});
