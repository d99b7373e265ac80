import { sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { chooseAlgorithm } from '../../src/verifying/algorithm.ts';
import { decodeSignature, type SignatureEncoding } from '../../src/verifying/encoding.ts';
import { curves, isValid, MESSAGE, signers } from './signers.ts';

describe.each([...curves, 'rsa', 'rsa-pss', 'ed25519'] as const)('%s: an edited .sign', (signer) => {
  const { key, privateKey } = signers[signer];
  const algorithm = chooseAlgorithm(key, 'auto');
  const hash = algorithm.scheme === 'ed25519' ? null : algorithm.hash;
  const signature = sign(hash, MESSAGE, privateKey);

  test.each<SignatureEncoding>(['base64', 'hex'])('in %s is never accepted', (encoding) => {
    const text = signature.toString(encoding);
    const accepted = (edited: string) => {
      let decoded: Buffer;
      try {
        decoded = decodeSignature(edited, encoding);
      } catch (error) {
        if (error instanceof ActionError) return false;
        throw error;
      }
      return isValid(key, 'auto', decoded);
    };
    expect(accepted(text)).toBe(true);
    const character = fc.oneof(
      fc.constantFrom(...'ABab019+/=-_ \r\n\t'.split('')),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    const edit = fc.record({
      at: fc.nat(text.length),
      remove: fc.nat(2),
      insert: fc.oneof(fc.constant(''), character),
    });
    fc.assert(
      fc.property(edit, ({ at, remove, insert }) => {
        const edited = text.slice(0, at) + insert + text.slice(at + remove);
        return edited === text || !accepted(edited);
      }),
      {
        numRuns: 400,
        examples: [[{ at: text.length, remove: 0, insert: '\n' }], [{ at: text.length, remove: 0, insert: '=' }]],
      },
    );
  });
});
