import { sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { formOf } from '../../src/verifying/layout.ts';
import { curves, isValid, MESSAGE, signers, useOpenSsl } from './signers.ts';

const openssl = useOpenSsl();

const numberBytes = { 'ec-p256': 32, 'ec-p384': 48, 'ec-p521': 66 };

function derToP1363(der: Buffer, numberBytes: number): Buffer {
  const start = der[1] === 0x81 ? 3 : 2;
  const rLength = der[start + 1] ?? 0;
  const r = der.subarray(start + 2, start + 2 + rLength);
  const s = der.subarray(start + 4 + rLength);
  const fixed = (number: Buffer) => Buffer.concat([Buffer.alloc(numberBytes), number]).subarray(-numberBytes);
  return Buffer.concat([fixed(r), fixed(s)]);
}

test.each(curves)('%s: IEEE P1363 is as good as DER', (curve) => {
  const { key } = signers[curve];
  for (const algorithm of ['ecdsa-sha256', 'ecdsa-sha384', 'ecdsa-sha512'] as const) {
    const raw = derToP1363(openssl.sign(curve, algorithm), numberBytes[curve]);
    expect(isValid(key, algorithm, raw)).toBe(true);
    expect(isValid(key, algorithm, Buffer.concat([Buffer.of(0), raw]))).toBe(false);
    expect(isValid(key, algorithm, raw.subarray(1))).toBe(false);
    const half = raw.length / 2;
    const padded = Buffer.concat([Buffer.of(0), raw.subarray(0, half), Buffer.of(0), raw.subarray(half)]);
    expect(isValid(key, algorithm, padded)).toBe(false);
  }
});

describe.each(curves)('%s: other spellings of a valid DER signature are refused', (curve) => {
  const { key, privateKey } = signers[curve];
  const der = sign('sha256', MESSAGE, privateKey);
  const start = der[1] === 0x81 ? 3 : 2;
  const content = der.subarray(start);
  const rLength = content[1] ?? 0;
  const r = content.subarray(2, 2 + rLength);
  const s = content.subarray(4 + rLength);
  const bytes = (...parts: (number | Buffer)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)));
  const length = (value: number) => (value < 0x80 ? bytes(value) : bytes(0x81, value));
  const sequence = (body: Buffer) => bytes(0x30, length(body.length), body);
  const integer = (value: Buffer) => bytes(0x02, value.length, value);

  test('(the same parts in the right spelling are valid)', () => {
    expect(sequence(bytes(integer(r), integer(s)))).toEqual(der);
    expect(isValid(key, 'ecdsa-sha256', der)).toBe(true);
  });

  test.each<[string, Buffer]>([
    ['a longer length of the sequence', bytes(0x30, 0x82, 0, content.length, content)],
    [
      'the other length form',
      content.length < 0x80 ? bytes(0x30, 0x81, content.length, content) : bytes(0x30, content.length, content),
    ],
    ['another length of the sequence', bytes(0x30, length(content.length + 1), content)],
    ['an indefinite length', bytes(0x30, 0x80, content, 0, 0)],
    ['a longer length of r', sequence(bytes(0x02, 0x81, r.length, r, integer(s)))],
    [
      'an r that is too long for the curve',
      sequence(bytes(integer(bytes(1, Buffer.alloc(numberBytes[curve] + 1))), integer(s))),
    ],
    ['a padded r', sequence(bytes(integer(bytes(0, r)), integer(s)))],
    ['a padded s', sequence(bytes(integer(r), integer(bytes(0, s))))],
    ['an empty r', sequence(bytes(0x02, 0, integer(s)))],
    ['a negative r', sequence(bytes(integer(bytes(0x80, r.subarray(1))), integer(s)))],
    ['a byte after s', sequence(bytes(content, 0))],
    ['a byte after the sequence', bytes(der, 0)],
    ['a third integer', sequence(bytes(content, integer(s)))],
    ['only one integer', sequence(integer(r))],
    ['another tag', bytes(0x31, der.subarray(1))],
    ['an octet string for r', sequence(bytes(0x04, r.length, r, integer(s)))],
    ['only its head', der.subarray(0, start + 1)],
  ])('%s', (_, spelling) => {
    expect(formOf(key, spelling)).not.toBe('der');
    expect(isValid(key, 'ecdsa-sha256', spelling)).toBe(false);
  });
});
