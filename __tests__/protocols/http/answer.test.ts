import { expect, test } from 'vitest';
import { cutOnly } from '../../../src/protocols/answers/scrub.ts';
import { statusFailure } from '../../../src/protocols/answers/status.ts';
import { type AnswerPlace, parseAnswerPlace, readAnswer } from '../../../src/protocols/http/answer.ts';

const FACTS = { scrub: cutOnly, credentials: () => 'token', address: 'server-url and request', written: 'request' };

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
  expect(() => read(place, json)).toThrow('The answer is JSON, not the signature alone. It has: result.');
  expect(() => read(place, '{"error":"no such key"}')).toThrow('The service refused: no such key');
  expect(() => read(place, '<!DOCTYPE html><title>Sign in</title>', 'text/html')).toThrow('The answer is a web page.');
});

test('a signature whose first byte is a brace is a signature', () => {
  expect(read('body:raw', '{\u0000\u0001', 'application/octet-stream')).toBe('ewAB');
  expect(read('body', 'AAAA\r\n', 'text/plain')).toBe('AAAA');
});

test('a refused request that the workflow wrote is shown, with what to compare', () => {
  const { hint } = statusFailure(answer('bad digest', 'text/plain', 400), FACTS);
  expect(hint).toMatch(
    /^The request was POST \S+\/v2\/v2\/sign\. Compare request with what the service expects: path,/,
  );
  const { written: _, ...others } = FACTS;
  expect(statusFailure(answer('bad digest', 'text/plain', 400), others).hint).not.toContain('Compare');
});
