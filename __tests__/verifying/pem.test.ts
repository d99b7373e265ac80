import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { looksLikePem, readPemBlocks } from '../../src/verifying/pem.ts';
import { refusal } from './refusal.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p256Pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();

test('text is told from a path by its BEGIN', () => {
  expect(looksLikePem(p256Pem)).toBe(true);
  expect(looksLikePem('keys/release.pem')).toBe(false);
});

test.each([
  ['-----BEGIN PUBLIC KEY', 'block 1 has a damaged BEGIN line'],
  ['-----BEGIN -----MFkw', 'block 1 has a damaged BEGIN line'],
  ['-----BEGIN MFkwEw\nPUBLIC KEY-----', 'block 1 has a damaged BEGIN line'],
  ['-----BEGIN PUBLIC KEY;-----', 'block 1 has a damaged BEGIN line'],
  [`-----BEGIN ${'A'.repeat(41)}-----`, 'block 1 has a damaged BEGIN line'],
  [`${p256Pem}-----BEGIN key-----`, 'block 2 has a damaged BEGIN line'],
  ['-----BEGIN A-----', 'block 1 (A) has no END line'],
  ['-----BEGIN A-----END A-----', 'block 1 (A) has no END line'],
  [`${p256Pem}-----BEGIN A-----\nAAAA\n-----END B-----`, 'block 2 (A) has no END line'],
  ['-----BEGIN A-----\n-----END A-----', 'the content of block 1 (A) is not base64'],
  [`${p256Pem}-----BEGIN A-----\nAAA*\n-----END A-----`, 'the content of block 2 (A) is not base64'],
])('a damaged text is refused by its block, never with its content: %j', (text, why) => {
  expect(() => readPemBlocks(text)).toThrow(
    expect.objectContaining({
      code: 'VERIFY_KEY_UNREADABLE',
      message: `input verify-key cannot be read: ${why}`,
      hint: expect.stringMatching(/^Paste the whole PEM text/),
    }),
  );
});

test('all blocks are read, in order, whatever stands between them', () => {
  const text = 'x-----BEGIN A #1-----\r\nQUJD\r\n-----END A #1-----y-----BEGIN B-----QUI=-----END B-----';
  expect(readPemBlocks(text)).toEqual([
    { label: 'A #1', der: Buffer.from('ABC') },
    { label: 'B', der: Buffer.from('AB') },
  ]);
  expect(readPemBlocks('no block')).toEqual([]);
});

test('tolerated changes, in any mixture, leave the key the same', () => {
  const { spkiSha256 } = readVerifyKey(p256Pem);
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\\n', '\\r\\n', ' ', '\t\n  ');
  const around = fc.string().filter((text) => !/-|[\\]$/.test(text));
  fc.assert(
    fc.property(around, around, fc.array(lineEnd, { minLength: 4, maxLength: 4 }), (before, after, ends) => {
      const lines = p256Pem.trimEnd().split('\n');
      const mangled = lines.map((line, index) => `${line}${ends[index] ?? ''}`).join('');
      return readVerifyKey(before + mangled + after).spkiSha256 === spkiSha256;
    }),
  );
});

test('whatever is done to a text, nothing but our error is thrown', () => {
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
  const started = performance.now();
  refusal(unit.repeat(Math.ceil(2 ** 20 / unit.length)));
  expect(performance.now() - started).toBeLessThan(1000);
});
