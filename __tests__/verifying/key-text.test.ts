import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { workMs } from '../helpers/time.ts';
import { refusal } from './refusal.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p256Pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();

test.each([
  ['-----BEGIN PUBLIC KEY', 'its BEGIN line is damaged'],
  ['-----BEGIN -----MFkw', 'its BEGIN line is damaged'],
  ['-----BEGIN MFkwEw\nPUBLIC KEY-----', 'its BEGIN line is damaged'],
  ['-----BEGIN PUBLIC KEY;-----', 'its BEGIN line is damaged'],
  ['-----BEGIN A-----', 'block 1 (A): its END line is missing, so the block is cut off'],
  ['-----BEGIN A-----\n-----END A-----', 'block 1 (A): it is empty'],
  ['-----BEGIN A-----\nAAA*\n-----END A-----', 'block 1 (A): line 1 below BEGIN holds a character that is not base64'],
  ['-----BEGIN A-----\nAAAA\n-----END B-----', 'block 1 (A): it is closed by an END line of the kind B'],
])('a damaged text is refused with the reason and without its content: %j', (text, why) => {
  expect(refusal(text)).toMatchObject({
    code: 'VERIFY_KEY_UNREADABLE',
    message: `input verify-key cannot be read: ${why}`,
    hint: expect.stringMatching(/^Check that the whole block was copied/),
  });
});

test('tolerated changes, in any mixture, leave the key the same', () => {
  const { spkiSha256 } = readVerifyKey(p256Pem);
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\\n', '\\r\\n', ' ', '\t\n  ');
  const around = fc.string().filter((text) => !/-|[\\]$|["']/.test(text));
  fc.assert(
    fc.property(around, around, fc.array(lineEnd, { minLength: 4, maxLength: 4 }), (before, after, ends) => {
      const lines = p256Pem.trimEnd().split('\n');
      const mangled = lines.map((line, index) => `${line}${ends[index] ?? ''}`).join('');
      return readVerifyKey(before + mangled + after).spkiSha256 === spkiSha256;
    }),
  );
});

test('whatever is changed in a text, only an error of this action is thrown', () => {
  const pieces = ['-----BEGIN ', '-----END ', 'PUBLIC KEY', 'CERTIFICATE', '-----', '\n', '\\n', 'MFkw', '=', ' '];
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...pieces) }),
    fc
      .record({ start: fc.nat(p256Pem.length), length: fc.nat(5), by: fc.string({ maxLength: 5 }) })
      .map(({ start, length, by }) => p256Pem.slice(0, start) + by + p256Pem.slice(start + length)),
  );
  fc.assert(
    fc.property(text, (value) => {
      try {
        return readVerifyKey(value).keyObject.type === 'public';
      } catch (error) {
        return error instanceof ActionError && error.code.startsWith('VERIFY_KEY_');
      }
    }),
    { numRuns: 1500 },
  );
});

test.each([
  '-----BEGIN ',
  '-----BEGIN PUBLIC KEY-----',
  '-----BEGIN A-----END A-----',
  '-----',
  '\\r\\n',
  ' ',
  '-----BEGIN PRIVATE',
  'LS0tLS1CRUdJTi',
])('1 MiB of %j takes no time', (unit) => {
  expect(workMs(() => refusal(unit.repeat(Math.ceil(2 ** 20 / unit.length))))).toBeLessThan(1000);
});
