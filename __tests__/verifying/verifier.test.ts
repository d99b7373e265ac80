import { constants, hash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chooseAlgorithm } from '../../src/verifying/algorithm.ts';
import { findLikely } from '../../src/verifying/likely.ts';
import { checkSize, createVerifier, MAX_ED25519_BYTES } from '../../src/verifying/verifier.ts';
import { isValid, MESSAGE, oddSigner, pairs, signers, useOpenSsl } from './signers.ts';

const openssl = useOpenSsl();

describe.each(pairs)('%s with %s', (signer, algorithm) => {
  const { key } = signers[signer];

  test('a signature of openssl is valid, and one that differs in a single bit is not', () => {
    const signature = openssl.sign(signer, algorithm);
    expect(isValid(key, algorithm, signature)).toBe(true);
    for (const index of [0, 7, signature.length >> 1, signature.length - 1]) {
      const changed = Buffer.from(signature);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(isValid(key, algorithm, changed)).toBe(false);
    }
    for (const changed of [
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.of(0)]),
    ]) {
      expect(isValid(key, algorithm, changed)).toBe(false);
    }
    expect(isValid(key, algorithm, Buffer.alloc(0))).toBe(false);
  });

  test('bytes in memory give the same answers as a pass', async () => {
    const verifier = createVerifier(key, chooseAlgorithm(key, algorithm));
    const signature = openssl.sign(signer, algorithm);
    const changed = Buffer.from(signature);
    changed.writeUInt8(changed.readUInt8(signature.length >> 1) ^ 1, signature.length >> 1);
    for (const each of [signature, changed, signature.subarray(1), Buffer.alloc(0), Buffer.alloc(64)])
      expect(await verifier.whole(MESSAGE).verify(each)).toBe(isValid(key, algorithm, each));
    expect(await verifier.whole(MESSAGE.subarray(1)).verify(signature)).toBe(false);
  });

  test('chunks of any size give the same answer, in buffers that are reused', () => {
    const signature = openssl.sign(signer, algorithm);
    const verifier = createVerifier(key, chooseAlgorithm(key, algorithm));
    for (const size of [997, 65_536, MESSAGE.length]) {
      const pass = verifier.start(MESSAGE.length);
      const reused = Buffer.alloc(size);
      for (let start = 0; start < MESSAGE.length; start += size) {
        const length = MESSAGE.copy(reused, 0, start);
        pass.update(reused.subarray(0, length));
        reused.fill(0);
      }
      expect(pass.verify(signature)).toBe(true);
    }
    const short = verifier.start(MESSAGE.length);
    short.update(MESSAGE.subarray(1));
    expect(short.verify(signature)).toBe(false);
    const long = verifier.start(MESSAGE.length);
    long.update(MESSAGE);
    long.update(Buffer.of(0));
    expect(long.verify(signature)).toBe(false);
  });

  test('when the check was for another algorithm, it is named', async () => {
    const signature = openssl.sign(signer, algorithm);
    const chunks = [MESSAGE.subarray(0, 5), MESSAGE.subarray(5)];
    for (const [otherSigner, other] of pairs) {
      if (otherSigner !== signer || other === algorithm) continue;
      const verifier = createVerifier(key, chooseAlgorithm(key, other));
      expect(await findLikely(verifier, signature, () => chunks)).toEqual({ algorithm });
      expect(await findLikely(verifier, signature, () => [MESSAGE, MESSAGE])).toBeUndefined();
    }
  });
});

describe('RSA-PSS', () => {
  test.each([0, 20, 31, 33, 48])('refuses a salt of %i bytes with SHA-256', (saltLength) => {
    const { key, privateKey } = signers.rsa;
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const options = { key: privateKey, padding };
    expect(isValid(key, 'rsa-pss-sha256', sign('sha256', MESSAGE, { ...options, saltLength: 32 }))).toBe(true);
    expect(isValid(key, 'rsa-pss-sha256', sign('sha256', MESSAGE, { ...options, saltLength }))).toBe(false);
  });

  const keys = {
    'of 2048 bits': signers.rsa,
    'of 2049 bits': oddSigner(),
  };
  test.each(
    (['of 2048 bits', 'of 2049 bits'] as const).flatMap((name) =>
      (
        [
          ['sha256', 0],
          ['sha256', 20],
          ['sha256', 222],
          ['sha384', 32],
          ['sha512', 190],
        ] as const
      ).map(([hash, saltLength]) => [name, hash, saltLength] as const),
    ),
  )('a key %s, %s and a salt of %i bytes are named', async (name, hash, saltLength) => {
    const { key, privateKey } = keys[name];
    const options = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    const signature = sign(hash, MESSAGE, options);
    for (const algorithm of ['rsa-pss-sha256', 'rsa-pkcs1-sha256'] as const) {
      const verifier = createVerifier(key, chooseAlgorithm(key, algorithm));
      expect(await findLikely(verifier, signature, () => [MESSAGE])).toEqual({
        algorithm: `rsa-pss-${hash}`,
        saltBytes: saltLength,
        digestBytes: Number(hash.slice(3)) / 8,
      });
      expect(await findLikely(verifier, signature, () => [MESSAGE, MESSAGE])).toBeUndefined();
    }
  });
});

describe('the size of a file', () => {
  test('is limited for Ed25519 only', () => {
    const ed25519 = chooseAlgorithm(signers.ed25519.key, 'auto');
    const ecdsa = chooseAlgorithm(signers['ec-p256'].key, 'auto');
    checkSize(ed25519, MAX_ED25519_BYTES);
    checkSize(ecdsa, 2 ** 50);
    const refused = expect.objectContaining({
      code: 'FILE_TOO_LARGE_FOR_ED25519',
      message: expect.stringMatching(/^the file has \d+ bytes; .* up to 268435456 bytes$/),
      hint: expect.stringMatching(/^Leave this file out/),
    });
    expect(() => checkSize(ed25519, MAX_ED25519_BYTES + 1)).toThrow(refused);
    expect(() => createVerifier(signers.ed25519.key, ed25519).start(2 ** 50)).toThrow(refused);
  });

  test('may be zero: a signature of an empty file is checked', () => {
    for (const signer of ['ec-p256', 'ed25519'] as const) {
      const { key, privateKey } = signers[signer];
      const signature = sign(signer === 'ed25519' ? null : 'sha256', Buffer.alloc(0), privateKey);
      const pass = createVerifier(key, chooseAlgorithm(key, 'auto')).start(0);
      expect(pass.verify(signature)).toBe(true);
    }
  });
});

describe('a signature of other bytes', () => {
  const digest = hash('sha256', MESSAGE, 'buffer');
  const signed = [
    ['the sha256 digest of the file, taken for the file itself', digest],
    ['the sha256 digest of the file in hex', Buffer.from(digest.toString('hex'))],
    ['the base64 text of the file', Buffer.from(MESSAGE.toString('base64'))],
  ] as const;
  const cases = (['ec-p256', 'rsa', 'ed25519'] as const).flatMap((signer) =>
    signed.map(([name, bytes]) => [signer, name, bytes] as const),
  );
  test.each(cases.filter(([signer, name]) => signer !== 'ed25519' || !name.includes('base64')))(
    'by %s names them: %s',
    async (signer, name, bytes) => {
      const { key, privateKey } = signers[signer];
      const verifier = createVerifier(key, chooseAlgorithm(key, 'auto'));
      const signature = sign(signer === 'ed25519' ? null : 'sha256', bytes, privateKey);
      for (const at of [0, 1, 2, 3, 5]) {
        const read = () => [MESSAGE.subarray(0, at), MESSAGE.subarray(at)];
        expect(await findLikely(verifier, signature, read)).toEqual({ bytes: name });
      }
      expect(await findLikely(verifier, signature, () => [MESSAGE, MESSAGE])).toBeUndefined();
    },
  );
});

test('the digest of another algorithm than SHA-256 is named by its own name', async () => {
  const { key, privateKey } = signers['ec-p256'];
  const verifier = createVerifier(key, chooseAlgorithm(key, 'ecdsa-sha512'));
  const signature = sign('sha512', hash('sha512', MESSAGE, 'buffer'), privateKey);
  const bytes = 'the sha512 digest of the file, taken for the file itself';
  expect(await findLikely(verifier, signature, () => [MESSAGE])).toEqual({ bytes });
});

test('no explanation is looked for under the algorithm that was checked already', async () => {
  const { key, privateKey } = signers['ec-p256'];
  const verifier = createVerifier(key, chooseAlgorithm(key, 'ecdsa-sha256'));
  expect(await findLikely(verifier, sign('sha256', MESSAGE, privateKey), () => [MESSAGE])).toBeUndefined();
});

test('no explanation is looked for where the signature has no form of the key', async () => {
  const read = () => {
    throw new Error('read');
  };
  const ed25519 = createVerifier(signers.ed25519.key, chooseAlgorithm(signers.ed25519.key, 'auto'));
  expect(await findLikely(ed25519, Buffer.alloc(63), read)).toBeUndefined();
  const rsa = createVerifier(signers.rsa.key, chooseAlgorithm(signers.rsa.key, 'auto'));
  expect(await findLikely(rsa, Buffer.alloc(255), read)).toBeUndefined();
});
