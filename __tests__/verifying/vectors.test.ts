import { expect, test } from 'vitest';
import { type AlgorithmName, algorithmOf, algorithmsFor, chooseAlgorithm } from '../../src/verifying/algorithm.ts';
import { decodeSignature, type SignatureEncoding } from '../../src/verifying/encoding.ts';
import { readVerifyKey, type VerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';
import { algorithmOfGroup, readVectors, type VectorTest } from '../vectors/wycheproof.ts';

const groups = readVectors();
const files = [...new Set(groups.filter(algorithmOfGroup).map(({ file }) => file))];
const otherParameters = groups.filter((group) => algorithmOfGroup(group) === undefined);

function accepts(key: VerifyKey, name: AlgorithmName, question: { vector: VectorTest; encoding: SignatureEncoding }) {
  const { message, signature } = question.vector;
  const text = signature.toString(question.encoding);
  const pass = createVerifier(key, algorithmOf(name)).start(message.length);
  pass.update(message);
  // A signature of no bytes has no text: the decoder is what refuses it.
  return text !== '' && pass.verify(decodeSignature(text, question.encoding));
}

test.each(files)('%s: agrees with every vector, one in base64 and the next in hexadecimal', (file) => {
  const wrong: string[] = [];
  for (const group of groups) {
    const name = algorithmOfGroup(group);
    if (group.file !== file || name === undefined) continue;
    const key = readVerifyKey(group.keyPem);
    for (const vector of group.tests) {
      const encoding = vector.id % 2 === 0 ? 'base64' : 'hex';
      // "Acceptable" are PKCS#1 signatures that leave out the NULL of the digest's name: we want it, as RFC 8017 does.
      const accepted = accepts(key, chooseAlgorithm(key, name).name, { vector, encoding });
      if (accepted !== (vector.result === 'valid')) wrong.push(`${vector.id}: ${vector.comment}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('signatures with another digest, mask or salt length are refused under every algorithm of their key', () => {
  const accepted: string[] = [];
  for (const group of otherParameters) {
    const key = readVerifyKey(group.keyPem);
    for (const vector of group.tests) {
      const names = algorithmsFor(key).filter((name) => accepts(key, name, { vector, encoding: 'base64' }));
      if (names.length > 0) accepted.push(`${group.file} ${vector.id} ${vector.comment}: ${names.join()}`);
    }
  }
  // These are invalid for their group only: the salt has our length there, or the signature is sound PKCS#1.
  expect(accepted).toEqual([
    'rsa_pss_2048_sha256_mgf1_0_params 69 s_len changed to 32, ModifiedSignature: rsa-pss-sha256',
    'rsa_pss_2048_sha256_mgf1_0 69 s_len changed to 32, ModifiedSignature: rsa-pss-sha256',
    'rsa_pss_2048_sha256_mgf1_0 103 PKCS #1 v1.5 signature with SHA-256, WrongPrimitive: rsa-pkcs1-sha256',
    'rsa_pss_2048_sha256_mgf1sha1_20 108 PKCS #1 v1.5 signature with SHA-256, WrongPrimitive: rsa-pkcs1-sha256',
    'rsa_pss_4096_sha512_mgf1_32 176 PKCS #1 v1.5 signature with SHA-256, WrongPrimitive: rsa-pkcs1-sha256',
    'rsa_pss_4096_sha512_mgf1_32 177 PKCS #1 v1.5 signature with SHA-512, WrongPrimitive: rsa-pkcs1-sha512',
  ]);
});

test('the vectors are thousands, of every algorithm, valid and invalid', () => {
  const counts = new Map<string, { valid: number; invalid: number }>();
  for (const group of groups) {
    const count = counts.get(algorithmOfGroup(group) ?? 'other') ?? { valid: 0, invalid: 0 };
    for (const { result } of group.tests) count[result === 'valid' ? 'valid' : 'invalid'] += 1;
    counts.set(algorithmOfGroup(group) ?? 'other', count);
  }
  counts.delete('other');
  expect([...counts.keys()].sort()).toEqual(
    ['ecdsa', 'rsa-pkcs1', 'rsa-pss']
      .flatMap((s) => [`${s}-sha256`, `${s}-sha384`, `${s}-sha512`])
      .concat('ed25519')
      .sort(),
  );
  for (const { valid, invalid } of counts.values()) expect(Math.min(valid, invalid)).toBeGreaterThan(20);
  const all = [...counts.values()].reduce((sum, { valid, invalid }) => sum + valid + invalid, 0);
  expect(all).toBeGreaterThan(8000);
});
