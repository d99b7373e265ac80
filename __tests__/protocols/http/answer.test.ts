import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { cutOnly } from '../../../src/protocols/answers/scrub.ts';
import { statusFailure } from '../../../src/protocols/answers/status.ts';
import { type AnswerPlace, parseAnswerPlace, readAnswer } from '../../../src/protocols/http/answer.ts';

const FACTS = {
  scrub: cutOnly,
  credentials: 'token',
  address: 'server-url and the input request',
  written: 'the input request',
};

function answer(text: string, type: string, status = 200) {
  return {
    status,
    headers: { 'content-type': type },
    body: Buffer.from(text),
    request: 'POST https://sign.example.com/v2/v2/sign',
  };
}

function read(place: string, text: string, type = 'application/json'): string {
  const given: AnswerPlace | undefined = parseAnswerPlace(place);
  if (given === undefined) throw new Error(`${place} is no place`);
  return readAnswer(answer(text, type), { answer: given, encoding: 'base64' }, FACTS);
}

test.each(['body', 'body:raw'])('answer: %s is told that the answer is JSON, with its members', (place) => {
  const json = '{"result":{"signature":"AAAA"}}';
  expect(() => read(place, json)).toThrow(
    'The answer is JSON, not the signature alone. It has: /result/signature (text of 4 characters).',
  );
  expect(() => read(place, '{"error":"no such key"}')).toThrow('The service answered 200 and refused: “no such key”');
  expect(() => read(place, '<!DOCTYPE html><title>Sign in</title>', 'text/html')).toThrow(
    'The answer is a web page titled “Sign in”.',
  );
});

test('a signature whose first byte is a brace is a signature', () => {
  expect(read('body:raw', '{\u0000\u0001', 'application/octet-stream')).toBe('ewAB');
  expect(read('body', 'AAAA\r\n', 'text/plain')).toBe('AAAA');
});

test('a refused request that the workflow wrote is shown, with what to compare', () => {
  const { hint } = statusFailure(answer('bad digest', 'text/plain', 400), FACTS);
  expect(hint).toMatch(
    /^The request was POST \S+\/v2\/v2\/sign\. Compare the input request with what the service expects: path,/,
  );
  const { written: _, ...others } = FACTS;
  expect(statusFailure(answer('bad digest', 'text/plain', 400), others).hint).not.toContain('Compare');
});

test('a JSON pointer is read as RFC 6901 says, and other text is refused', () => {
  const steps = (text: string): unknown => parseAnswerPlace(text);
  expect(steps('/a~1b/~0/~01/')).toEqual({ in: 'json', steps: ['a/b', '~', '~1', ''] });
  expect([steps('body'), steps('body:raw')]).toEqual([{ in: 'body' }, { in: 'raw' }]);
  expect(['signature', 'body:text', '', '/a~2', '/a~'].map(steps)).toEqual(Array(5).fill(undefined));
});

test('a signature is found at its pointer, in members and elements', () => {
  expect(read('/signature', '{"signature":"AAAA"}')).toBe('AAAA');
  expect(read('/results/1/a~1b', '{"results":[{},{"a/b":"BBBB"}]}')).toBe('BBBB');
  expect(read('/', '{"":"CCCC"}')).toBe('CCCC');
});

test('one line end after a body of text is removed, and no more', () => {
  expect(['AAAA\n', 'AAAA\r\n', 'AAAA\n\n', 'AA\nAA'].map((text) => read('body', text, 'text/plain'))).toEqual([
    'AAAA',
    'AAAA',
    'AAAA\n',
    'AA\nAA',
  ]);
});

describe('an answer without a usable signature', () => {
  function refused(place: string, text: string, type?: string): unknown {
    try {
      return read(place, text, type);
    } catch (error) {
      return error;
    }
  }

  test.each([
    ['', 'RESP_EMPTY', 'The service answered with an empty body.'],
    [
      '{}',
      'RESP_BAD_SIGNATURE',
      'The answer has no /signature, where the input answer looks for the signature. Nothing is there.',
    ],
    [
      '{"a":{"b":1},"c":2}',
      'RESP_BAD_SIGNATURE',
      'The answer has no /signature, where the input answer looks for the signature. It has: /a/b (a number), /c (a number).',
    ],
    [
      'null',
      'RESP_BAD_SIGNATURE',
      'The answer has no /signature, where the input answer looks for the signature. Nothing is there.',
    ],
    [
      '{"signature":null}',
      'RESP_BAD_SIGNATURE',
      'The answer has null at /signature, not a text, where the input answer looks for the signature. It has: /signature (null).',
    ],
    [
      '{"signature":7}',
      'RESP_BAD_SIGNATURE',
      'The answer has a number at /signature, not a text, where the input answer looks for the signature. It has: /signature (a number).',
    ],
    ['{"signature":""}', 'RESP_BAD_SIGNATURE', 'The signature in the answer is empty.'],
    ['AAAA', 'RESP_NOT_JSON', 'The answer is 4 characters that are not JSON.'],
    [
      'try again later',
      'RESP_NOT_JSON',
      'The answer is 15 characters that are not JSON. It says: “try again later”.',
      'text/plain',
    ],
    ['<!DOCTYPE html><p>Hello</p>', 'RESP_HTML', 'The answer is a web page that says “Hello”.', 'text/html'],
    [
      '{"note":"no such key"}',
      'RESP_BAD_SIGNATURE',
      'The answer has no /signature, where the input answer looks for the signature. It has: /note (text of 11 characters). It says: “no such key”.',
    ],
  ])('is explained: %s', (text, code, message, type?: string) => {
    expect(refused('/signature', text, type)).toMatchObject({
      code,
      message,
      kind: 'file',
      hint: expect.stringMatching(
        /^(?:Check that server-url .* health check .* body is empty|Compare the input answer with what the service really sends|Set the input answer to )/,
      ),
      facts: { endsRun: 'first-four-files' },
    });
  });

  test('is told how far the pointer led, by own members only', () => {
    expect(refused('/a/b/c', '{"a":{"x":1}}')).toMatchObject({
      message: 'The answer has no /a/b, where the input answer looks for the signature. It has: /a/x (a number).',
    });
    expect(refused('/toString', '{}')).toMatchObject({
      message: 'The answer has no /toString, where the input answer looks for the signature. Nothing is there.',
    });
    expect(refused('/a/length', '{"a":"text"}')).toMatchObject({ code: 'RESP_BAD_SIGNATURE' });
  });

  test('names six values at most', () => {
    const members = Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`m${at}`, at]));
    expect(refused('/signature', JSON.stringify(members))).toMatchObject({
      message: expect.stringMatching(/ It has: \/m0 \(a number\), .*\/m5 \(a number\) and others\.$/),
    });
  });

  test('names a text that looks like the signature, and what to set', () => {
    const json = JSON.stringify({ state: 'signed', result: { 'a/b': 'A'.repeat(344) } });
    expect(refused('/signature', json)).toMatchObject({
      message: expect.stringContaining('/result/a~1b (text of 344 characters that looks like a signature)'),
      hint: 'Set the input answer to /result/a~1b.',
    });
    expect(refused('/signature', json)).not.toMatchObject({ message: expect.stringContaining('AAAA') });
  });

  test('is refused when the signature is longer than 64 KiB', () => {
    expect(read('body', 'A'.repeat(65_536), 'text/plain')).toHaveLength(65_536);
    expect(refused('body', 'A'.repeat(65_537), 'text/plain')).toMatchObject({
      code: 'RESP_BAD_SIGNATURE',
      message: 'The signature in the answer has more than 65536 bytes.',
    });
  });

  test('that is not text gets the hint that it may be the signature itself', () => {
    const body = Buffer.from([0xff, 0xfc, 0xfd]);
    const bytes = { ...answer('', 'application/octet-stream'), body };
    const at = (answer: AnswerPlace): string => readAnswer(bytes, { answer, encoding: 'hex' }, FACTS);
    expect(at({ in: 'raw' })).toBe('fffcfd');
    expect(() => at({ in: 'body' })).toThrow(
      'The 3 bytes of the answer are not text. If they are the signature itself, set answer: body:raw.',
    );
    const wide = { ...bytes, body: Buffer.from('\uFEFF{}', 'utf16le') };
    expect(() => readAnswer(wide, { answer: { in: 'body' }, encoding: 'hex' }, FACTS)).toThrow(
      'The 6 bytes of the answer are not text in UTF-8, but text in UTF-16. If',
    );
  });

  test('is not looked into when it is compressed', () => {
    const plain = { ...answer('{"signature":"AAAA"}', 'application/json'), headers: { 'content-encoding': 'gzip' } };
    const place = { in: 'json', steps: ['signature'] } as const;
    const read = (body: Buffer): string => readAnswer({ ...plain, body }, { answer: place, encoding: 'base64' }, FACTS);
    expect(() => read(gzipSync(plain.body))).toThrow('The answer is compressed (content-encoding: gzip)');
    // A server that names a compression and does not compress is understood all the same.
    expect(read(plain.body)).toBe('AAAA');
  });

  test('of a health check leads to advice about the address', () => {
    expect(refused('/signature', '{"status":"UP"}')).toMatchObject({
      hint: expect.stringMatching(/^A health check answers like this\. Check that server-url/),
    });
  });
});
