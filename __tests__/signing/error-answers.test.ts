import { describe, expect, test } from 'vitest';
import type { WireResponse } from '../../src/connection/exchange.ts';
import { statusFailure } from '../../src/protocols/es-auth/status.ts';

const ASKED = { size: 1234, retryAfterMs: 700 };

function answer(status: number, body = '', headers: WireResponse['headers'] = {}): WireResponse {
  return { status, headers, body: Buffer.from(body) };
}

/** What the log shows of an answer. */
const sentence = (response: WireResponse): string =>
  statusFailure(response, { size: 1234, retryAfterMs: undefined }).message;

describe('the log quotes of an error answer', () => {
  test.each([
    ['code and message', '{"code":"LIMIT","message":"too many"}', ': LIMIT too many'],
    ['a number as the code', '{"code":1042,"message":"too many"}', ': 1042 too many'],
    ['an error where there is no message', '{"error":"invalid_client"}', ': invalid_client'],
    ['the message where there is both', '{"message":"said","error":"not said"}', ': said'],
    ['no empty part', '{"code":"","message":"only this"}', ': only this'],
    ['one full stop', '{"message":"Try again later... \\n"}', ': Try again later'],
    ['200 characters', JSON.stringify({ message: 'm'.repeat(300) }), `: ${'m'.repeat(200)}`],
    ['a title', '<html><TITLE lang="en">\n Bad gateway </TITLE>', ', a page titled “Bad gateway”'],
    ['100 characters of a title', `<title>${'t'.repeat(300)}</title>`, `, a page titled “${'t'.repeat(100)}”`],
    ['nothing of an empty title', '<title></title>', ''],
    ['nothing of other members', '{"secret":"s","data":{"message":"m"}}', ''],
    ['nothing of members that are no text', '{"code":{"a":1},"message":["m"],"error":true}', ''],
    ['nothing of a list', '["code","message"]', ''],
    ['nothing of a bare text', '"code"', ''],
    ['nothing of null', 'null', ''],
    ['nothing of plain text', 'code: 5', ''],
    ['nothing of nothing', '', ''],
  ])('%s', (_, body, quoted) => {
    expect(sentence(answer(500, body))).toBe(`The service answered 500${quoted}.`);
    expect(sentence(answer(400, body))).toBe(`The service answered 400${quoted}.`);
  });

  test('what stands in its first four kilobytes', () => {
    expect(sentence(answer(500, `${' '.repeat(4000)}<title>Down</title>`))).toContain('Down');
    expect(sentence(answer(500, `${' '.repeat(4096)}<title>Down</title>`))).not.toContain('Down');
  });
});

describe('a redirect', () => {
  const redirect = (location?: string): string => sentence(answer(300, '', location === undefined ? {} : { location }));

  test('is one from 300 on, and shows where to when that is an address', () => {
    expect(redirect('https://login.example:8443/a?b=c')).toBe(
      'The service answered 300, a redirect to https://login.example:8443, which is never followed.',
    );
    const nowhere = 'The service answered 300, a redirect, which is never followed.';
    expect([redirect(), redirect('/login?token=1')]).toEqual([nowhere, nowhere]);
  });

  test('to a host with an endless name is shown in short', () => {
    expect(redirect(`https://${'a'.repeat(400)}.example`)).toContain(`to https://${'a'.repeat(192)}, which`);
  });
});

describe('400', () => {
  test.each([
    ['No required SSL certificate was sent', 'it got no client certificate it accepts'],
    ['The SSL certificate error', 'it could not verify our client certificate'],
  ])('from nginx is explained: %s', (title, why) => {
    const failure = statusFailure(answer(400, `<html><title>400 ${title}</title>`), ASKED);
    expect(failure.message).toBe(`The server refused our client certificate: ${why} (400 “${title}”).`);
    expect(failure.hint).toMatch(/^Check that cert is the certificate/);
  });

  test.each(['ThrottlingException', 'SlowDown', 'TooManyRequests', 'Throttling'])(
    'with %s backs off from a longer base, and for as long as asked',
    (code) => {
      const failure = statusFailure(answer(400, JSON.stringify({ code, message: 'later' })), ASKED);
      expect([failure.kind, failure.code]).toEqual(['service', 'THROTTLED']);
      expect(failure.message).toBe(`The service answered 400: ${code} later.`);
      expect(failure.facts).toMatchObject({ throttled: true, retryAfterMs: 700 });
      expect(failure.hint).toMatch(/lower concurrency/);
    },
  );

  test('with such a word somewhere in its text is an ordinary one', () => {
    const failure = statusFailure(answer(400, '{"message":"No Throttling here"}'), ASKED);
    expect([failure.kind, failure.code]).toEqual(['file', 'REQUEST_REFUSED']);
    expect(failure.facts).toMatchObject({ endsRun: 'first-four-files', retryAfterMs: 700 });
    expect(failure.hint).toMatch(/operators of the service/);
  });
});

test('only a 413 changes with Retry-After: a 404 stays lost', () => {
  expect(statusFailure(answer(404), ASKED).kind).toBe('file');
  expect(statusFailure(answer(413), ASKED).kind).toBe('service');
  expect(statusFailure(answer(413), { size: 1, retryAfterMs: undefined }).kind).toBe('file');
});
