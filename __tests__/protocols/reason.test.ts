import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireResponse } from '../../src/connection/exchange.ts';
import { namePage, reasonIn, titled } from '../../src/protocols/answers/reason.ts';
import { cutOnly } from '../../src/protocols/answers/scrub.ts';
import { Masks } from '../../src/runner/masks.ts';
import { anyCharacter } from '../helpers/characters.ts';
import { workMs } from '../helpers/time.ts';

function answer(body: string | Uint8Array, type?: string): WireResponse {
  return { status: 400, headers: type === undefined ? {} : { 'content-type': type }, body: Buffer.from(body) };
}

const words = (body: unknown, type = 'application/json'): string | undefined => {
  const reason = reasonIn(answer(typeof body === 'string' ? body : JSON.stringify(body), type), cutOnly);
  return reason?.kind === 'page' ? `page: ${reason.text}` : reason?.text;
};

describe('the reason of an API is read in every common form', () => {
  test.each<[string, unknown, string]>([
    ['code and message', { code: 'LIMIT', message: 'too many' }, 'LIMIT: too many'],
    ['a number as the code', { code: 1042, message: 'too many' }, '1042: too many'],
    ['msg', { code: 1, msg: 'daily quota used up' }, '1: daily quota used up'],
    ['errcode and errmsg', { errcode: 40001, errmsg: 'invalid credential' }, '40001: invalid credential'],
    ['errorCode and errorMessage', { errorCode: 'E17', errorMessage: 'HSM is offline' }, 'E17: HSM is offline'],
    ['error_code and error_msg', { error_code: 110, error_msg: 'token invalid' }, '110: token invalid'],
    ['success and message', { success: false, message: 'HSM session lost' }, 'HSM session lost'],
    ['AWS', { __type: 'SlowDown', Message: 'Reduce your rate' }, 'SlowDown: Reduce your rate'],
    [
      'problem details (RFC 9457)',
      { type: 'about:blank', title: 'Quota', status: 400, detail: 'daily quota used up' },
      'Quota: daily quota used up',
    ],
    [
      'problem details with an address as type',
      { type: 'https://example.com/quota', title: 'Quota', detail: 'used up' },
      'Quota: used up',
    ],
    [
      'problem details with errors by field',
      { title: 'One or more validation errors', errors: { data: ['is too long', 'is not base64'] } },
      'One or more validation errors: data is too long: is not base64',
    ],
    [
      'OAuth (RFC 6749)',
      { error: 'invalid_client', error_description: 'client is disabled' },
      'invalid_client: client is disabled',
    ],
    ['error alone', { error: 'invalid_client' }, 'invalid_client'],
    ['a nested error', { error: { code: 'QUOTA', message: 'daily quota used up' } }, 'QUOTA: daily quota used up'],
    [
      'Google',
      { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'digest is too short' } },
      'INVALID_ARGUMENT: digest is too short',
    ],
    ['OData', { error: { code: 'X1', message: { lang: 'en', value: 'no such key' } } }, 'X1: no such key'],
    ['a list of errors', { errors: [{ message: 'daily quota used up' }] }, 'daily quota used up'],
    ['a list of texts', { errors: ['first reason', 'second reason'] }, 'first reason: second reason'],
    [
      'JSON:API',
      { errors: [{ status: '400', code: 'E1', title: 'Refused', detail: 'digest is missing' }] },
      'E1: Refused: digest is missing',
    ],
    ['SOAP 1.2 as JSON', { Fault: { Code: { Value: 's:Sender' }, Reason: { Text: 'unknown key' } } }, 'unknown key'],
    ['another language', { mensaje: 'Clave bloqueada', codigo: 12 }, 'Clave bloqueada'],
    ['a code with words under an unknown name', { errNo: 3, errStr: 'bad slot' }, '3: bad slot'],
    ['a list of messages under another name', { errorMessages: ['no right to sign'], errors: {} }, 'no right to sign'],
    ['parameters (RFC 7807)', { 'invalid-params': [{ name: 'data', reason: 'too big' }] }, 'too big'],
    ['a root cause', { error: { root_cause: [{ type: 'x', reason: 'slot is empty' }] } }, 'slot is empty'],
    ['Vault', { errors: ['1: error occurred:\n\t* permission denied\n\n'] }, '1: error occurred: * permission denied'],
    ['an Apigee fault', { fault: { faultstring: 'Invalid ApiKey' } }, 'Invalid ApiKey'],
    ['FastAPI', { detail: 'Not enough permissions' }, 'Not enough permissions'],
    ['FastAPI validation', { detail: [{ loc: ['body', 'data'], msg: 'field required' }] }, 'field required'],
    [
      'Spring',
      { timestamp: '2026-01-01', status: 400, error: 'Bad Request', message: 'no key', path: '/sign' },
      'Bad Request: no key',
    ],
    ['a head', { head: { returnCode: '9001', returnMsg: 'no such app' }, data: null }, '9001: no such app'],
    [
      'an outer and an inner reason',
      { message: 'Refused', error: { message: 'key is locked' } },
      'Refused: key is locked',
    ],
    ['one text for each field', { errors: { data: 'is too long', nonce: 'reused' } }, 'data is too long: nonce reused'],
    ['one text for each language', { message: { en: 'no key', de: 'kein Schlüssel' } }, 'no key'],
    [
      '.NET',
      { Message: 'An error occurred.', ExceptionMessage: 'HSM offline', StackTrace: 'at x' },
      'An error occurred: HSM offline',
    ],
    ['a code that means success', { success: false, code: 0, message: 'no key' }, 'no key'],
    ['ret and desc', { ret: 7, desc: 'no app' }, '7: no app'],
    ['names of its own', { failureReason: 'no slot free' }, 'no slot free'],
    ['a state of its own', { responseStatus: { errorCode: 'E5', message: 'not allowed' } }, 'E5: not allowed'],
    [
      'a list beside its first entry',
      {
        error: {
          code: 400,
          message: 'Quota exceeded',
          errors: [{ reason: 'quotaExceeded', message: 'Quota exceeded' }],
        },
      },
      'Quota exceeded: quotaExceeded',
    ],
    ['each thing once', { error: 'no key', message: 'no key', detail: 'no key' }, 'no key'],
    ['a bare text', '"daily quota used up"', 'daily quota used up'],
    ['a list at the top', [{ message: 'daily quota used up' }], 'daily quota used up'],
    ['one full stop less', { message: 'Try again later... \n' }, 'Try again later'],
  ])('%s', (_, body, expected) => {
    expect(words(body)).toBe(expected);
  });

  test.each<[string, string, string]>([
    ['plain text', 'daily quota used up\r\n', 'daily quota used up'],
    ['several lines of text', 'Refused:\n  no key', 'Refused: no key'],
  ])('%s', (_, body, expected) => {
    expect(words(body, 'text/plain')).toBe(expected);
    expect(reasonIn(answer(body), cutOnly)?.text).toBe(expected);
  });

  test.each<[string, string, string]>([
    [
      'an object store',
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access &lt;denied&gt;</Message></Error>',
      'AccessDenied: Access <denied>',
    ],
    [
      'SOAP',
      '<soap:Envelope><soap:Body><soap:Fault><faultcode>x</faultcode><faultstring>no such key</faultstring></soap:Fault></soap:Body></soap:Envelope>',
      'no such key',
    ],
    ['a service of its own', '<error><description>no such key</description></error>', 'no such key'],
    ['a service with CDATA', '<r><errorMessage><![CDATA[no <key>]]></errorMessage></r>', 'no <key>'],
  ])('the XML of %s', (_, body, expected) => {
    expect(words(body, 'text/xml')).toBe(expected);
  });

  test('the fields of a form', () => {
    const form = 'error=invalid_request&error_description=The+key+is+locked';
    expect(words(form, 'application/x-www-form-urlencoded')).toBe('invalid_request: The key is locked');
  });

  test('text with colours of a terminal', () => {
    expect(words('\u001B[31mkey locked\u001B[0m', 'text/plain')).toBe('key locked');
  });

  test('text in another character set', () => {
    expect(reasonIn(answer(Buffer.from([0xcf, 0xde, 0xb6, 0xee]), 'text/plain; charset=GBK'), cutOnly)?.text).toBe(
      '限额',
    );
    expect(words('quota', 'text/plain; charset=no-such-set')).toBe('quota');
  });
});

describe('the title of a page', () => {
  test.each([
    ['<html><TITLE lang="en">\n Bad gateway </TITLE>', 'Bad gateway'],
    ['<html><body><h1>Web Page Blocked!</h1>', 'Web Page Blocked!'],
    ['<title>R&amp;D</title>', 'R&D'],
    ['<title></title><h2>Access Denied</h2>', 'Access Denied'],
    ['<title>Error</title><pre>Cannot POST /sign</pre>', 'Cannot POST /sign'],
  ])('is the reason of %s', (body, expected) => {
    expect(words(body, 'text/html')).toBe(`page: ${expected}`);
  });

  test.each([
    ['<html><body><p>Blocked by <b>policy</b> 7</p></body></html>', 'Blocked by policy 7'],
    ['<!DOCTYPE html><title></title><style>p{}</style><script>let a="<p>"</script><h1></h1><div>ID&gt;4711', 'ID>4711'],
  ])('gives way to what a page without one shows: %s', (body, expected) => {
    expect(reasonIn(answer(body, 'text/html'), cutOnly)).toEqual({ kind: 'page-text', text: expected });
  });

  test('is looked for in the first 64 kilobytes', () => {
    expect(words(`${' '.repeat(65_000)}<title>Down</title>`, 'text/html')).toBe('page: Down');
    expect(words(`${' '.repeat(65_537)}<title>Down</title>`, 'text/html')).not.toBe('page: Down');
  });

  test('is found in time that grows with the length of the page', () => {
    for (const part of ['support id ', '<title', '<h1 a', '<pre ', '<title>', '<Message', '<Code><![CDATA['])
      expect(workMs(() => words(part.repeat(20_000), 'text/html'))).toBeLessThan(200);
  });
});

test.each([
  [
    '<title>Request Rejected</title>Your support ID is: 8713640215541<br>',
    ' titled “Request Rejected” (support ID 8713640215541)',
  ],
  ['<title>Blocked</title><p>Ray ID: <code>8f3a2b9c1d</code></p>', ' titled “Blocked” (Ray ID 8f3a2b9c1d)'],
  ['<title>Access denied, reference number 12345678</title>', ' titled “Access denied, reference number 12345678”'],
  ['<title>Down</title>Event ID is missing', ' titled “Down”'],
])('the number under which a firewall noted its refusal is told: %s', (body, expected) => {
  const reason = reasonIn(answer(body, 'text/html'), cutOnly);
  expect(reason && ` ${namePage(reason)}`).toBe(expected);
});

describe('there is no reason', () => {
  test.each([
    ['in nothing', ''],
    ['in blanks', ' \n'],
    ['in other members', '{"secret":"s"}'],
    ['in members that are no text', '{"code":{"a":1},"message":[1],"error":true}'],
    ['in null', 'null'],
    ['in a number', '17'],
    ['in a signature and its context', '{"data":{"signData":"YQ=="},"plaintext":"a b"}'],
    ['in broken JSON', '{"message":"half'],
    ['in an empty title', '<title></title>'],
    ['in bytes', Buffer.from([0x89, 0x50, 0, 0xff])],
  ])('%s', (_, body) => {
    expect(reasonIn(answer(body, 'application/octet-stream'), cutOnly)).toBeUndefined();
  });
});

test('any reason is one line of at most 200 characters, without blanks at its ends', () => {
  const texts = fc.oneof(fc.string({ unit: anyCharacter, maxLength: 400 }), fc.json(), fc.lorem({ maxCount: 80 }));
  const json = fc
    .dictionary(fc.constantFrom('code', 'message', 'error', 'errors', 'detail', 'title', 'x'), fc.jsonValue())
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(texts, json), fc.constantFrom('', 'text/plain', 'application/json'), (body, type) => {
      const reason = reasonIn(answer(body, type), cutOnly);
      if (reason === undefined) return;
      expect(reason.text).toBe(reason.text.trim());
      expect(reason.text).toMatch(/^\P{Cc}{1,200}$/u);
    }),
    { numRuns: 2000 },
  );
  expect(words({ message: 'm'.repeat(300) })).toBe(`${'m'.repeat(199)}…`);
});

test('a secret is removed before the reason is cut', () => {
  const scrub = (text: string) => text.replaceAll('top-secret', '***');
  expect(reasonIn(answer(`${'x'.repeat(195)}top-secret`, 'text/plain'), scrub)?.text).toBe(`${'x'.repeat(195)}***`);
});

test.each([
  ['a long text', 'm'.repeat(1_000_000)],
  ['titles that are never closed', '<title'.repeat(170_000)],
  ['open tags', '<a:'.repeat(300_000)],
  ['tag names that never end', `<${'a'.repeat(1_000_000)}`],
  ['deeply nested JSON', '['.repeat(500_000)],
  ['many members', `{${Array.from({ length: 5000 }, (_, at) => `"m${at}":"x"`).join()}}`],
])('%s takes no time', (_, body) => {
  expect(workMs(() => reasonIn(answer(body), cutOnly))).toBeLessThan(500);
});

describe('no part of a secret that an answer repeats is told, wherever it stands', () => {
  const secret = 'app/secret+with=special(characters)';
  const masks = new Masks();
  masks.add(secret);
  const scrub = (text: string, maxLength?: number): string => masks.scrubForeign(text, maxLength);
  const parts = Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8));
  test.each<[string, string, string, number]>([
    ['the title of a page', 'text/html', '<title>', 4096],
    ['a long title', 'text/html', '<title>', 1000],
    ['words in XML', 'application/xml', '<Message>', 1000],
    ['plain text behind white space', 'text/plain', '', 65_536],
    ['a heading near the end of what is read', 'text/html', '<h1>', 65_536],
  ])('%s', (_, type, start, cut) => {
    for (let before = cut - secret.length - 12; before <= cut; before += 6) {
      const body = `${type === 'text/html' ? '<html>' : ''}${start}`;
      const filled = `${body}${' '.repeat(Math.max(0, before - body.length))}${secret}</x>${' '.repeat(cut)}`;
      const text = reasonIn(answer(filled, type), scrub)?.text ?? '';
      expect(parts.filter((part) => text.includes(part))).toEqual([]);
    }
  });
});

test.each<[string, string, string | undefined]>([
  ['behind the prefix that keeps JSON from running', `)]}',\n{"message":"no key"}`, 'no key'],
  ['behind that prefix without a comma', `)]}'{"message":"no key"}`, 'no key'],
  ['not behind it in the middle of a text', `Error )]}',{"message":"no key"}`, `Error )]}',{"message":"no key"}`],
  ['in JSON that is cut', '{"error_message" : "no key", "trace":"a', 'no key'],
  ['in JSON that is cut, in one word', `{"errormessage": "no key", `, 'no key'],
  ['in JSON with single quotes', `{'error_description' : 'it\\'s locked'}`, `it's locked`],
  ['in such JSON, in one word', `{'errordescription': 'locked'}`, 'locked'],
  ['in a text with a sign of XML in it', 'a<b is not allowed', 'a<b is not allowed'],
  ['before several full stops', 'Try again later...', 'Try again later'],
  ['of 200 characters, which is not cut', 'm'.repeat(200), 'm'.repeat(200)],
])('a reason is read %s', (_, body, expected) => expect(words(body, 'text/plain')).toBe(expected));

test('the reason phrase counts where the body is blank', () => {
  const response = { ...answer(' \n'), phrase: 'Quota used up' };
  expect(reasonIn(response, cutOnly)).toEqual({ kind: 'words', text: 'Quota used up' });
  expect(reasonIn({ ...answer('{}'), phrase: 'Quota used up' }, cutOnly)).toBeUndefined();
});

test('only a page has a title', () => {
  expect(titled(answer('<title>Down</title>', 'text/html'), cutOnly)).toBe(' titled “Down”');
  expect(titled(answer('{"message":"no key"}'), cutOnly)).toBe('');
});
