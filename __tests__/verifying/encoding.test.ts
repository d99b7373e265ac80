import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { decodeSignature, otherEncodingHint } from '../../src/verifying/encoding.ts';
import { anyCharacter } from '../helpers/characters.ts';
import { workMs } from '../helpers/time.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array));
const encodings = ['base64', 'hex'] as const;

function refusal(action: () => unknown): ActionError {
  try {
    action();
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe.each(encodings)('strict %s', (encoding) => {
  test('decodes what it encodes', () => {
    fc.assert(fc.property(bytes, (value) => decodeSignature(value.toString(encoding), encoding).equals(value)));
  });

  test('accepts one spelling only, and throws nothing but its own error', () => {
    const alphabet = fc.constantFrom(...'AaFf09+/=-_ \n\u00e9'.split(''), '\u{1f600}');
    const almost = fc.oneof(
      fc.string(),
      fc.string({ unit: alphabet, maxLength: 12 }),
      fc.string({ unit: anyCharacter }),
    );
    fc.assert(
      fc.property(almost, (text) => {
        try {
          const again = decodeSignature(text, encoding).toString(encoding);
          return text === again || (encoding === 'hex' && text === again.toUpperCase());
        } catch (error) {
          return error instanceof ActionError && error.code === 'RESP_BAD_SIGNATURE';
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('refuses any one edit that leaves the bytes the same', () => {
    const edit = fc.record({
      at: fc.nat(),
      what: fc.constantFrom('insert', 'delete', 'replace'),
      by: fc.string({ minLength: 1, maxLength: 1 }),
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 80 }), edit, (array, { at, what, by }) => {
        const text = Buffer.from(array).toString(encoding);
        const position = at % (text.length + 1);
        const head = text.slice(0, position);
        const tail = text.slice(what === 'insert' ? position : position + 1);
        const edited = head + (what === 'delete' ? '' : by) + tail;
        // All digits in upper case is the one other spelling of hex; one edit makes it only where there is one letter.
        fc.pre(edited !== text && edited !== text.toUpperCase());
        try {
          return !decodeSignature(edited, encoding).equals(array);
        } catch {
          return true;
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('the error for a text that is no signature shows none of the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[g-z]{12,60}$/), (secret) => {
        const { message, hint } = refusal(() => decodeSignature(`${secret}\u00e9${secret}`, encoding));
        return !`${message} ${hint}`.includes(secret.slice(0, 12));
      }),
    );
  });

  test('takes time in proportion to the length', () => {
    for (const unit of ['A', '=', ' ', 'A=', 'g', '/\n']) {
      const ms = workMs(() => refusal(() => decodeSignature(`${unit.repeat(64 * 1024)}!`, encoding)));
      expect(ms).toBeLessThan(250);
    }
  });
});

test.each([
  ['base64', '', 'the signature is empty', undefined],
  ['base64', 'AAAA\n', 'position 5 of 5 is white space', /wraps its base64/],
  [
    'base64',
    '-----BEGIN PGP SIGNATURE-----\nAAAA',
    'position 1 of 34 is from the URL-safe alphabet',
    /^It begins like an OpenPGP/,
  ],
  ['base64', 'eyJh.ZQ.c2ln', 'position 5 of 12 is no digit of it', /^It is a JWS/],
  ['base64', 'AA AA', 'position 3 of 5 is white space', /wraps its base64/],
  ['base64', 'AA-_', 'position 3 of 4 is from the URL-safe alphabet', /URL-safe/],
  ['base64', 'AA_A', 'position 3 of 4 is from the URL-safe alphabet', /URL-safe/],
  ['base64', 'AA!A', 'position 3 of 4 is no digit of it', undefined],
  ['base64', 'AAA', '3 characters are not whole groups of four', undefined],
  ['base64', 'AA', '2 characters are not whole groups of four', /set signature-encoding to hex/],
  ['base64', 'A===', 'padding stands at position 2 of 4', undefined],
  ['base64', 'A=AA', 'padding stands at position 2 of 4', undefined],
  ['base64', 'AA=A', 'unused bits before its end are not zero, or its padding is wrong', undefined],
  ['base64', 'AB==', 'unused bits before its end are not zero', undefined],
  ['base64', 'AAB=', 'unused bits before its end are not zero', undefined],
  ['base64', '====', 'padding stands at position 1 of 4', undefined],
  ['hex', '', 'the signature is empty', undefined],
  ['hex', 'abc', '3 digits are not whole bytes', undefined],
  ['hex', 'aB', 'its digits mix upper and lower case', undefined],
  ['hex', 'ab-d', 'position 3 of 4 is from the URL-safe alphabet', undefined],
  ['hex', '0x12', 'position 2 of 4 is no digit of it', /set signature-encoding to base64/],
  ['hex', 'ab cd', 'position 3 of 5 is white space', /wraps its hex/],
  ['hex', 'abcd\r\n', 'position 5 of 6 is white space', /wraps its hex/],
  ['hex', 'MEUC', 'position 1 of 4 is no digit of it', /set signature-encoding to base64/],
] as const)('%s %j is refused with its reason', (encoding, text, reason, hint) => {
  const error = refusal(() => decodeSignature(text, encoding));
  expect(error).toMatchObject({ code: 'RESP_BAD_SIGNATURE', message: expect.stringContaining(reason) });
  if (hint === undefined) expect(error.hint).toBeUndefined();
  else expect(error.hint).toMatch(hint);
});

test('hex is accepted in lower and in upper case', () => {
  expect(decodeSignature('00ff', 'hex')).toEqual(Buffer.from([0, 255]));
  expect(decodeSignature('00FF', 'hex')).toEqual(Buffer.from([0, 255]));
});

test('text that fits both encodings gets a hint, other text none', () => {
  expect(otherEncodingHint('abcd'.repeat(32), 'base64')).toMatch(/set signature-encoding to hex/);
  expect(otherEncodingHint('abcd'.repeat(32), 'hex')).toMatch(/set signature-encoding to base64/);
  expect(otherEncodingHint('MEUC', 'base64')).toBeUndefined();
  expect(otherEncodingHint('', 'base64')).toBeUndefined();
});
