import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { type AlgorithmName, chooseAlgorithm, SIGNATURE_ALGORITHMS } from '../../src/verifying/algorithm.ts';
import { readVerifyKey, type VerifyKey } from '../../src/verifying/key.ts';
import { pairs, type SignerName, signers, useOpenSsl } from './signers.ts';

const openssl = useOpenSsl();

function refusal(key: VerifyKey, requested: AlgorithmName | 'auto'): ActionError {
  try {
    chooseAlgorithm(key, requested);
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a choice of the algorithm', () => {
  test.each<[SignerName, AlgorithmName]>([
    ['ec-p256', 'ecdsa-sha256'],
    ['ec-p384', 'ecdsa-sha384'],
    ['ec-p521', 'ecdsa-sha512'],
    ['rsa', 'rsa-pkcs1-sha256'],
    ['rsa-pss', 'rsa-pss-sha256'],
    ['ed25519', 'ed25519'],
  ])('auto for %s is %s', (signer, algorithm) => {
    expect(chooseAlgorithm(signers[signer].key, 'auto').name).toBe(algorithm);
  });

  test('every algorithm either fits a key or is refused with the ones that fit', () => {
    for (const signer of Object.keys(signers) as SignerName[]) {
      for (const algorithm of SIGNATURE_ALGORITHMS) {
        const { key } = signers[signer];
        if (pairs.some(([name, fitting]) => name === signer && fitting === algorithm)) {
          expect(chooseAlgorithm(key, algorithm).name).toBe(algorithm);
          continue;
        }
        const { code, message, hint = '' } = refusal(key, algorithm);
        expect([code, message]).toEqual([
          'SIGNATURE_ALGORITHM_MISMATCH',
          `input signature-algorithm is ${algorithm}, but verify-key is an ${key.name} key`,
        ]);
        const fitting = pairs.flatMap(([name, possible]) => (name === signer ? [possible] : []));
        const [, named = ''] = /^For this key use auto or one of ([^;]+); or give the key that/.exec(hint) ?? [];
        expect(named.split(', ').toSorted()).toEqual(fitting.toSorted());
      }
    }
  });

  test('an RSA-PSS key is used with its own parameters only', () => {
    const limited = (hash: string, saltBytes: number, maskHash = hash) => {
      const options = [
        'rsa_keygen_bits:2048',
        `rsa_pss_keygen_md:${hash}`,
        `rsa_pss_keygen_mgf1_md:${maskHash}`,
        `rsa_pss_keygen_saltlen:${saltBytes}`,
      ].flatMap((option) => ['-pkeyopt', option]);
      openssl.run('genpkey', '-algorithm', 'RSA-PSS', ...options, '-out', 'limited');
      return readVerifyKey(openssl.run('pkey', '-in', 'limited', '-pubout').toString());
    };
    expect(chooseAlgorithm(limited('sha512', 64), 'auto').name).toBe('rsa-pss-sha512');
    expect(() => chooseAlgorithm(limited('sha512', 64), 'rsa-pss-sha256')).toThrow(/RSA-PSS 2048/);
    const misfits = [
      limited('sha1', 20),
      limited('sha256', 33),
      limited('sha256', 32, 'sha1'),
      limited('sha256', 32, 'sha512'),
    ];
    for (const key of misfits) {
      expect(refusal(key, 'auto')).toMatchObject({
        code: 'SIGNATURE_ALGORITHM_MISMATCH',
        message: expect.stringMatching(/fit no supported algorithm$/),
        hint: expect.stringMatching(/^Such a key must allow SHA-256/),
      });
    }
  });
});
