import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyReader } from '../../src/rehearsal/requests/body.ts';
import { Refusal } from '../../src/rehearsal/requests/call.ts';

/** Reads a body in pieces that end at the given places; returns the decoded bytes, or the refusal's code. */
function readBody(body: Buffer, cuts: readonly number[] = []): Buffer | string {
  const decoded: Buffer[] = [];
  const reader = new BodyReader(body.length, (bytes) => decoded.push(Buffer.from(bytes)));
  const ends = [...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  let from = 0;
  for (const end of ends) {
    reader.push(body.subarray(from, end));
    from = end;
  }
  try {
    expect(reader.finish()).toBe(Buffer.concat(decoded).length);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return Buffer.concat(decoded);
}

function bodyOf(base64: string): Buffer {
  return Buffer.from(`{"data":"${base64}"}`, 'latin1');
}

test('any bytes in any pieces decode to themselves', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, ends) => {
      expect(readBody(bodyOf(Buffer.from(bytes).toString('base64')), ends)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('every place for two cuts gives the same bytes', () => {
  const body = bodyOf(Buffer.from('any carnal pleas').toString('base64'));
  for (let first = 0; first <= body.length; first++) {
    for (let second = first; second <= body.length; second++) {
      expect(readBody(body, [first, second]).toString()).toBe('any carnal pleas');
    }
  }
});

test('a chunk longer than the shared buffer decodes whole', () => {
  const bytes = Buffer.alloc(1_000_001, 'abcdefg');
  expect(bytes.equals(Buffer.from(readBody(bodyOf(bytes.toString('base64')))))).toBe(true);
});

test('one changed byte anywhere is refused, or decodes to other bytes', () => {
  const bytes = Buffer.from([0, 16, 131, 251, 255, 254, 7]);
  const body = bodyOf(bytes.toString('base64'));
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), fc.nat(), (at, value, cut) => {
      fc.pre(body[at] !== value);
      const changed = Buffer.from(body);
      changed[at] = value;
      const outcome = readBody(changed, [cut]);
      expect(typeof outcome === 'string' || !outcome.equals(bytes)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a blank after the colon', '{"data": ""}', 'BODY_INVALID'],
  ['another name', '{"date":""}', 'BODY_INVALID'],
  ['a second member', '{"data":"","a":1}', 'BASE64_INVALID'],
  ['a line feed at the end', '{"data":""}\n', 'BASE64_INVALID'],
  ['four blanks at the end', '{"data":""}    ', 'BASE64_INVALID'],
  ['four blanks ahead', '    {"data":""}', 'BODY_INVALID'],
  ['another end', '{"data":""]', 'BODY_INVALID'],
  ['no padding', '{"data":"YQ"}', 'BASE64_INVALID'],
  ['too much padding', '{"data":"Y==="}', 'BASE64_INVALID'],
  ['padding in the middle', '{"data":"YQ==YWJj"}', 'BASE64_INVALID'],
  ['bits behind the end', '{"data":"YR=="}', 'BASE64_INVALID'],
  ['bits behind the end of two bytes', '{"data":"YWJ="}', 'BASE64_INVALID'],
  ['the URL alphabet', '{"data":"-_-_"}', 'BASE64_INVALID'],
  ['white space', '{"data":"YW\r\nJjZA"}', 'BASE64_INVALID'],
  ['an escaped solidus', '{"data":"YW\\/a"}', 'BASE64_INVALID'],
  ['a letter beyond ASCII', '{"data":"YWJ\u00e9"}', 'BASE64_INVALID'],
])('%s is refused, however it is cut', (_, text, code) => {
  const body = Buffer.from(text, 'latin1');
  for (let cut = 0; cut <= body.length; cut++) expect(readBody(body, [cut])).toBe(code);
});

test('a body that ends early is refused', () => {
  const reader = new BodyReader(15, () => {});
  reader.push(Buffer.from('{"data":"YWJj'));
  expect(() => reader.finish()).toThrow(/not as long as/);
});
