import { randomInt } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { drawNonce, requestBody, requestHeaders } from '../../src/protocols/es-auth/request.ts';

test('a nonce is 16 letters and digits, each of the 62 as likely as the others', () => {
  expect(drawNonce(randomInt)).toMatch(/^[A-Za-z0-9]{16}$/);
  const bounds = new Set<number>();
  const drawn = Array.from({ length: 62 }, (_, at) => {
    const nonce = drawNonce((bound) => {
      bounds.add(bound);
      return numberOf(Array.from({ length: 8 }, () => at));
    });
    expect(new Set(nonce).size).toBe(1);
    return nonce.charAt(0);
  });
  // Each number below 62^8 is as likely as the others, and stands for characters of its own.
  expect([...bounds]).toEqual([62 ** 8]);
  expect(drawn.toSorted().join('')).toBe('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');
});

test('every character of a nonce is random', () => {
  let [at, draws] = [0, 0];
  const draw = (): number => {
    draws++;
    return numberOf(Array.from({ length: 8 }, () => at++));
  };
  expect(new Set(drawNonce(draw)).size).toBe(16);
  expect(draws).toBe(2);
});

/** The number of which these are the digits to the base of 62, the least first. */
function numberOf(digits: readonly number[]): number {
  return digits.reduce((sum, digit, place) => sum + digit * 62 ** place, 0);
}

test('a request has the headers of the service, the length of its body, and allows no compressed answer', () => {
  const facts = {
    method: 'POST',
    path: '/api/v1/sign_file',
    appKey: 'the-key',
    appSecret: 'the-secret',
    nonce: 'abcdefghijKLMN01',
    timestamp: '1700000000000',
  };
  const flat = requestHeaders(facts, 'f00d', 42);
  const headers = Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]]),
  );
  expect(headers).toEqual({
    'content-type': 'application/json',
    'content-length': '42',
    'accept-encoding': 'identity',
    'es-auth-appkey': 'the-key',
    'es-auth-nonce': 'abcdefghijKLMN01',
    'es-auth-timestamp': '1700000000000',
    'es-auth-sign': 'f00d',
  });
});

test('a file that comes in several pieces is sent whole, also when the pieces are in memory', async () => {
  const body = requestBody([Buffer.from('ab'), Buffer.from('cdef')]);
  if (body instanceof Uint8Array) throw new Error('The body is in one piece');
  expect((await buffer(body)).toString()).toBe(`{"data":"${btoa('abcdef')}"}`);
});
