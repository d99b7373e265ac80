import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireResponse } from '../../src/connection/exchange.ts';
import { cutOnly } from '../../src/protocols/answers/scrub.ts';
import { otherContentType, readResponse } from '../../src/protocols/es-auth/response.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { workMs } from '../helpers/time.ts';

type Headers = WireResponse['headers'];

function answer(body: string | Uint8Array, status = 200, headers: Headers = {}): WireResponse {
  return { status, headers, body: Buffer.from(body) };
}

const FACTS = { size: 1234, scrub: cutOnly, credentials: 'app-key and app-secret' };

function failureOf(response: WireResponse): Failure {
  try {
    readResponse(response, FACTS);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('It was taken for a signature.');
}

function summary({ kind, code, facts }: Failure): unknown[] {
  return [kind, code, ...(facts.endsRun ? [facts.endsRun] : []), ...(facts.maxAttempts ? [facts.maxAttempts] : [])];
}

test.each([
  ['application/json', undefined],
  ['Application/JSON; charset=utf-8', undefined],
  ['application/problem+json', undefined],
  ['text/json ;charset=x', undefined],
  ['', undefined],
  ['text/html; charset=utf-8', 'text/html; charset=utf-8'],
  ['application/jsonp', 'application/jsonp'],
  ['json', 'json'],
])('the content type “%s” is worth a warning: %s', (type, expected) => {
  expect(otherContentType(answer('{}', 200, type === '' ? {} : { 'content-type': type }))).toBe(expected);
});

describe('a signature', () => {
  test.each([
    ['plain', '{"signData":"MEUC+/8="}', 'MEUC+/8='],
    ['with other members', '{"code":0,"signData":"YQ==","message":"ok"}', 'YQ=='],
    ['with other members that look like an error', '{"code":500,"signData":"YQ=="}', 'YQ=='],
    ['behind a byte order mark', '\uFEFF{"signData":"YQ=="}', 'YQ=='],
    ['with blanks around the JSON', '\r\n {"signData":"YQ=="} \n', 'YQ=='],
    ['of several lines', '{"signData":"YWJj\\r\\nZGVm\\n"}', 'YWJj\r\nZGVm\n'],
    ['beyond ASCII', '{"signData":"désigné 🔑"}', 'désigné 🔑'],
    ['of the greatest length', `{"signData":"${'A'.repeat(65_536)}"}`, 'A'.repeat(65_536)],
    ['with a character of HTML', '{"signData":"a<b>"}', 'a<b>'],
    ['beside a __proto__', '{"__proto__":{"signData":"no"},"signData":"YQ=="}', 'YQ=='],
  ])('%s is the text of signData, unchanged', (_, body, expected) => {
    expect(readResponse(answer(body), FACTS)).toBe(expected);
  });

  test('is taken whatever the content type says', () => {
    expect(readResponse(answer('{"signData":"YQ=="}', 200, { 'content-type': 'text/html' }), FACTS)).toBe('YQ==');
    expect(readResponse(answer('{"signData":"YQ=="}', 200, { 'content-encoding': 'Identity' }), FACTS)).toBe('YQ==');
  });
});

describe('200 with a wrong signData is about this file, and shows type and length only', () => {
  test.each([
    ['missing', '{}', 'The answer has no signData.'],
    ['under another name', '{"signdata":"YQ=="}', 'The answer has no signData, only signdata.'],
    ['empty', '{"signData":""}', 'signData is empty.'],
    ['null', '{"signData":null}', 'signData is null, not a string.'],
    ['a number', '{"signData":12345}', 'signData is of type number, not a string.'],
    ['a boolean', '{"signData":true}', 'signData is of type boolean, not a string.'],
    ['an array', '{"signData":["YQ=="]}', 'signData is an array, not a string.'],
    ['an object', '{"signData":{"value":"YQ=="}}', 'signData is of type object, not a string.'],
    ['nested', '{"data":{"signData":"YQ=="}}', 'The answer has signData inside of data, not at its top.'],
    [
      'nested deeper',
      '{"a":{"x":1,"b":{"c":{"d":{"signData":"YQ=="}}}}}',
      'The answer has signData inside of a.b.c.d, not at its top.',
    ],
    ['nested too deep', '{"a":{"b":{"c":{"d":{"e":{"signData":"YQ=="}}}}}}', 'The answer has no signData, only a.'],
    ['among six', '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}', 'The answer has no signData, only a, b, c, d, e, f.'],
    [
      'among seven',
      '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}',
      'The answer has no signData, only a, b, c, d, e, f and others.',
    ],
    ['inherited', '{"__proto__":{"signData":"YQ=="}}', 'The answer has signData inside of __proto__, not at its top.'],
    ['too long', `{"signData":"${'A'.repeat(65_537)}"}`, 'signData has 65537 bytes, more than 65536.'],
    ['too long in bytes', `{"signData":"${'é'.repeat(32_769)}"}`, 'signData has 65538 bytes, more than 65536.'],
    ['with a tab', '{"signData":"YQ\\t=="}', 'signData (5 characters) holds control characters.'],
    ['with a zero', '{"signData":"\\u0000"}', 'signData (1 characters) holds control characters.'],
    ['with an escape', '{"signData":"\\u001b[31m"}', 'signData (5 characters) holds control characters.'],
    ['with a C1 control', '{"signData":"\\u0085"}', 'signData (1 characters) holds control characters.'],
    ['with half a character', '{"signData":"\\ud800"}', 'signData (1 characters) is not valid Unicode.'],
    ['in no object', '"YQ=="', 'The answer is not a JSON object.'],
    ['in an array', '[{"signData":"YQ=="}]', 'The answer is not a JSON object.'],
    ['null itself', 'null', 'The answer is not a JSON object.'],
  ])('%s', (_, body, message) => {
    const failure = failureOf(answer(body));
    expect([...summary(failure), failure.message]).toEqual(['file', 'RESP_BAD_SIGNATURE', 'first-four-files', message]);
    expect(failure.hint).toMatch(/answer.* \{"signData":"<text>"\}/);
  });
});

describe('200 with a refusal in the answer leads with the refusal', () => {
  test.each<[object, string]>([
    [{ code: 4003, message: 'application disabled' }, '4003: application disabled'],
    [{ errcode: 40_013, errmsg: 'bad app' }, '40013: bad app'],
    [{ success: false, msg: 'no quota', data: null }, 'no quota'],
    [{ success: 'false', msg: 'no key' }, 'no key'],
    [{ Success: false, Message: 'no key' }, 'no key'],
    [{ status: 'error', message: 'no key' }, 'error: no key'],
    [{ result: 'FAILED', reason: 'no key' }, 'no key: FAILED'],
    [{ errors: [{ message: 'no key' }], data: null }, 'no key'],
    [{ error: { code: 5, message: 'no key' } }, '5: no key'],
    [{ errno: 5, errmsg: 'no key' }, '5: no key'],
    [{ ret: -1, desc: 'no app' }, '-1: no app'],
  ])('%j', (body, words) => {
    const failure = failureOf(answer(JSON.stringify(body)));
    expect(failure.message).toBe(`The service answered 200 and refused: “${words}”.`);
    expect(summary(failure)).toEqual(['file', 'REQUEST_REFUSED', 'first-four-files']);
    expect(failure.hint).toMatch(/sk the operators of the service/);
  });

  test('and not with what is wrong with signData', () => {
    const { message } = failureOf(answer('{"error":"not allowed","signData":null}'));
    expect(message).toBe('The service answered 200 and refused: “not allowed”.');
  });

  test.each([
    '{"code":0,"message":"success"}',
    '{"code":0,"msg":"ok","data":{}}',
    '{"code":"00000","msg":"done"}',
    '{"code":200,"message":"fine","data":"YQ=="}',
    '{"code":20000,"message":"fine"}',
    '{"message":"welcome"}',
    '{"success":true,"message":"queued"}',
    '{"status":"ok","errors":[]}',
    '{"code":"OK","message":"fine","data":{"signData":"YQ=="}}',
  ])('but no success is called a refusal: %s', (body) => {
    expect(failureOf(answer(body)).message).toMatch(/^The answer has (?:no )?signData/);
  });

  test('the encoding of a compressed answer is named, and cut', () => {
    const message = (coding: string | string[]) => failureOf(answer('x', 200, { 'content-encoding': coding })).message;
    expect(message(['br', 'gzip'])).toContain('(content-encoding: br, gzip)');
    expect(message('z'.repeat(500)).length).toBeLessThan(200);
  });
});

describe('200 with something else', () => {
  test.each<[string, string | Uint8Array, Headers, unknown[]]>([
    ['nothing', '', {}, ['request', 'RESP_EMPTY', 'first-four-files', 3]],
    ['blanks', ' \r\n', {}, ['request', 'RESP_EMPTY', 'first-four-files', 3]],
    ['a byte order mark alone', '\uFEFF', {}, ['request', 'RESP_EMPTY', 'first-four-files', 3]],
    ['half of the JSON', '{"signData":"MEUC', {}, ['request', 'RESP_NOT_JSON', 'first-four-files', 3]],
    ['two JSON texts', '{"signData":"YQ=="}{}', {}, ['request', 'RESP_NOT_JSON', 'first-four-files', 3]],
    ['text', 'OK', {}, ['request', 'RESP_NOT_JSON', 'first-four-files', 3]],
    [
      'bytes that are no UTF-8',
      Buffer.from('{"signData":"\xff"}', 'latin1'),
      {},
      ['request', 'RESP_NOT_JSON', 'first-four-files', 3],
    ],
    ['a page', '<!doctype html><title> Please\nlog in </title>', {}, ['request', 'RESP_HTML', 'canary-twice']],
    [
      'compressed JSON',
      gzipSync('{"signData":"YQ=="}'),
      { 'content-encoding': 'gzip' },
      ['request', 'RESP_ENCODED', 'first-four-files', 3],
    ],
    [
      'stacked encodings',
      'x',
      { 'content-encoding': ['br', 'gzip'] },
      ['request', 'RESP_ENCODED', 'first-four-files', 3],
    ],
  ])('%s is worth few repeats', (_, body, headers, expected) => {
    const failure = failureOf(answer(body, 200, headers));
    expect(summary(failure)).toEqual(expected);
    expect(failure.message).toMatch(/^(The (service|answer)|A web server) .{15,}\.$/s);
    expect(failure.hint).toMatch(
      /^(Check server-url .*sign-path|The server, or a gateway .* compresses .* server-url)/,
    );
  });

  test.each(['<br /><b>Warning</b>: Undefined key in sign.php<br />', '<html>debug</html>\n'])(
    'a text before the JSON is output of the service, and no page of a gateway: %s',
    (text) => {
      const failure = failureOf(answer(`${text}{"signData":"YQ=="}`));
      expect(summary(failure)).toEqual(['request', 'RESP_NOT_JSON', 'first-four-files', 3]);
      expect(failure.message).toMatch(
        /^The service answered 200, but a text comes before its JSON\. .*(?:Undefined key|debug)/s,
      );
      expect(failure.hint).toMatch(/^Ask the operators of the service to send the JSON alone/);
    },
  );

  test.each(['utf-8', 'none', 'identity, identity', 'aws-chunked', 'brotli-free'])(
    'a plain body labelled with %s, which is no compression, is read',
    (coding) => {
      const response = answer('{"signData":"YQ=="}', 200, { 'content-encoding': coding });
      expect(readResponse(response, FACTS)).toBe('YQ==');
    },
  );

  test.each([
    ['content-encoding', 'x-gzip'],
    ['content-encoding', 'BR'],
    ['content-encoding', 'zstd'],
    ['transfer-encoding', 'gzip, chunked'],
  ])('%s: %s is told as a compression', (name, value) => {
    expect(failureOf(answer('?', 200, { [name]: value })).message).toContain(`(${name}: ${value.toLowerCase()})`);
  });

  test.each([
    ['text', 'HSM session lost', 'text/plain', 'its 16 characters are not JSON. It says: “HSM session lost”'],
    ['one word, which may be a signature', 'YQ==', 'text/plain', 'its 4 characters are not JSON'],
    [
      'XML',
      '<error><message>HSM is offline</message></error>',
      'text/xml',
      'its XML is not JSON. It says: “HSM is offline”',
    ],
  ])('%s is quoted and not called a web page', (_, body, type, told) => {
    const failure = failureOf(answer(body, 200, { 'content-type': type }));
    expect([failure.code, failure.message]).toEqual(['RESP_NOT_JSON', `The service answered 200, but ${told}.`]);
  });

  test.each([
    ['<html><head><title>Sign in to Example</title>', ' titled “Sign in to Example”'],
    [' \n<title lang="en">\n Sign in </title>', ' titled “Sign in”'],
    [`<title>${'t'.repeat(300)}</title>`, ` titled “${'t'.repeat(99)}…”`],
    ['<title> </title>', ''],
    ['<html></html>', ''],
  ])('a page is named by its title: %s', (page, named) => {
    expect(failureOf(answer(page)).message).toBe(
      `A web server or gateway answered 200 with a page${named}, which is not an answer of the signing API.`,
    );
  });

  test.each([
    ['{"code":503,"message":"down"}', ['service', 'UNAVAILABLE']],
    ['{"code":"429","message":"slow","signData":null}', ['service', 'THROTTLED']],
    ['{"code":401,"message":"no","signData":""}', ['request', 'UNAUTHORIZED', 'unauthorised', 3]],
    ['{"code":413,"message":"at most 1 MB"}', ['file', 'FILE_TOO_LARGE_FOR_SERVER']],
    ['{"code":500}', ['request', 'SERVER_ERROR']],
    ['{"code":400}', ['file', 'REQUEST_REFUSED', 'first-four-files']],
    ['{"code":599}', ['request', 'SERVER_ERROR']],
    ['{"status":401,"message":"no"}', ['request', 'UNAUTHORIZED', 'unauthorised', 3]],
    ['{"status":"403 FORBIDDEN"}', ['request', 'FORBIDDEN', 'unauthorised', 3]],
    ['{"error":{"code":503,"message":"down"}}', ['service', 'UNAVAILABLE']],
    ['{"errors":[{"status":"404","title":"no such key"}]}', ['request', 'NOT_FOUND', 'first-four-files', 6]],
    ['{"meta":{"status_code":500}}', ['request', 'SERVER_ERROR']],
    ['{"resultCode":"500","resultMsg":"HSM offline"}', ['request', 'SERVER_ERROR']],
    ['{"http_status":502}', ['service', 'BAD_GATEWAY']],
    ['{"error":429,"message":"slow"}', ['service', 'THROTTLED']],
    ['{"code":200,"data":null,"status":{"code":403}}', ['request', 'FORBIDDEN', 'unauthorised', 3]],
  ])('an error in an envelope counts as if it were the status: %s', (body, expected) => {
    expect(summary(failureOf(answer(body)))).toEqual(expected);
  });

  test.each([
    ['{"code":401,"message":"no"}', 'The service answered 200, and its body says 401: “no”.'],
    [
      '{"error":{"code":500,"message":"HSM offline"}}',
      'The service answered 200, and its body says 500: “HSM offline”.',
    ],
    ['{"status":"413"}', 'The service answered 200, and its body says 413 to a file of 1234 bytes.'],
  ])('an error in an envelope is told beside the status that was sent: %s', (body, sentence) => {
    expect(failureOf(answer(body)).message).toBe(sentence);
  });

  test.each([
    '{"code":0}',
    '{"data":{"code":503}}',
    '{"error":"404 files are left, 5 are done"}',
    '{"code":399}',
    '{"code":600}',
    '{"code":40101}',
    '{"code":500.5}',
    '{"code":[503]}',
    '{"code":"E17"}',
    '{"code":null}',
  ])('another code is no status: %s', (body) => {
    expect(failureOf(answer(body)).message).not.toContain('its body says');
  });
});

describe('a status', () => {
  test.each([
    [201, ['request', 'STATUS_UNEXPECTED', 'first-four-files', 3]],
    [204, ['request', 'STATUS_UNEXPECTED', 'first-four-files', 3]],
    [301, ['config', 'HTTP_REDIRECT']],
    [302, ['config', 'HTTP_REDIRECT']],
    [307, ['config', 'HTTP_REDIRECT']],
    [308, ['config', 'HTTP_REDIRECT']],
    [400, ['file', 'REQUEST_REFUSED', 'first-four-files']],
    [401, ['request', 'UNAUTHORIZED', 'unauthorised', 3]],
    [403, ['request', 'FORBIDDEN', 'unauthorised', 3]],
    [402, ['file', 'REQUEST_REFUSED', 'first-four-files']],
    [404, ['request', 'NOT_FOUND', 'first-four-files', 6]],
    [405, ['request', 'METHOD_REFUSED', 'first-four-files', 6]],
    [407, ['config', 'PROXY_AUTHENTICATION']],
    [408, ['service', 'REQUEST_TIMEOUT']],
    [413, ['file', 'FILE_TOO_LARGE_FOR_SERVER']],
    [415, ['file', 'REQUEST_REFUSED', 'first-four-files']],
    [422, ['file', 'REQUEST_REFUSED', 'first-four-files']],
    [425, ['service', 'TOO_EARLY']],
    [429, ['service', 'THROTTLED']],
    [500, ['request', 'SERVER_ERROR']],
    [501, ['config', 'NOT_IMPLEMENTED']],
    [502, ['service', 'BAD_GATEWAY']],
    [503, ['service', 'UNAVAILABLE']],
    [504, ['service', 'GATEWAY_TIMEOUT']],
    [521, ['service', 'BAD_GATEWAY']],
    [524, ['service', 'GATEWAY_TIMEOUT']],
    [529, ['service', 'UNAVAILABLE']],
    [505, ['config', 'HTTP_VERSION_REFUSED']],
    [507, ['service', 'STORAGE_FULL']],
    [511, ['config', 'NETWORK_LOGIN']],
    [599, ['request', 'SERVER_ERROR']],
  ])('%i', (status, expected) => {
    const failure = failureOf(answer('', status));
    expect(summary(failure)).toEqual(expected);
    expect(failure.message).toContain(String(status));
    expect(failure.hint).toMatch(/\.$/);
  });

  test('429 and 503 back off from a longer base, 502 does not', () => {
    expect([429, 503, 502].map((status) => failureOf(answer('', status)).facts.throttled)).toEqual([
      true,
      true,
      undefined,
    ]);
  });

  test('Retry-After goes with it, also in an envelope', () => {
    const headers = { 'retry-after': '3' };
    expect(failureOf(answer('', 503, headers)).facts.retryAfterMs).toBe(3000);
    expect(failureOf(answer('{"code":503}', 200, headers)).facts.retryAfterMs).toBe(3000);
  });

  test('413 says how large the file was, and what the service said', () => {
    expect(failureOf(answer('{"code":"TOO_LARGE","message":"At most 1000 bytes"}', 413)).message).toBe(
      'The service answered 413 to a file of 1234 bytes: “TOO_LARGE: At most 1000 bytes”.',
    );
  });

  test('an error page is named by its title, whatever else it holds', () => {
    const { message } = failureOf(answer('<html><title>502 Bad Gateway</title><body>secret</body>', 502));
    expect(message).toBe('A gateway in front of the service answered 502 with a page titled “502 Bad Gateway”.');
  });
});

describe('any answer', () => {
  const jsonText = fc.oneof(
    fc.json(),
    fc
      .record({ signData: fc.anything() })
      .map((value) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? 1 : part)) ?? ''),
    fc.record({ code: fc.integer(), message: fc.string({ maxLength: 2000 }) }).map((value) => JSON.stringify(value)),
  );
  const bodies = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 5000 }), jsonText);
  const statuses = fc.oneof(fc.constant(200), fc.integer({ min: 200, max: 999 }));
  const headerNames = fc.constantFrom('retry-after', 'date', 'content-encoding', 'location', 'content-type');
  const headers = fc.dictionary(headerNames, fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1 })));
  const noControls = /^[^\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F]+$/;

  test('is a text that keeps the rules, or a failure that quotes at most 200 characters', () => {
    fc.assert(
      fc.property(bodies, statuses, headers, (body, status, given) => {
        try {
          const text = readResponse(answer(body, status, given), FACTS);
          expect(text).toMatch(noControls);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536);
          expect(status).toBe(200);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          expect(error.message.length).toBeLessThan(200 + 120);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['a long message', JSON.stringify({ code: 'X', message: 'm'.repeat(100_000) })],
    ['a long title', `<title>${'t'.repeat(100_000)}</title>`],
    ['a title that is never closed', '<title'.repeat(170_000)],
    ['deeply nested JSON', '['.repeat(500_000)],
    ['full stops before the end of a message', JSON.stringify({ code: 7, message: `${'.'.repeat(900_000)}x` })],
    ['blanks behind a status', JSON.stringify({ code: `400${' '.repeat(900_000)}!` })],
    ['blanks behind a status in an error', JSON.stringify({ error: { status: `400${' '.repeat(900_000)}!` } })],
    [
      'a message in each of many members',
      JSON.stringify(Object.fromEntries(Array.from({ length: 15_000 }, (_, at) => [`${at}msg`, `words ${at}`]))),
    ],
  ])('with %s is read in no time and quoted in short', (_, body) => {
    for (const status of [200, 400, 500]) {
      const ms = workMs(() => expect(failureOf(answer(body, status)).message.length).toBeLessThan(320));
      expect(ms).toBeLessThan(500);
    }
  });

  test('changes no prototype of an object', () => {
    const body = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"code":418}';
    for (const status of [200, 500]) failureOf(answer(body, status));
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

test('a page of a firewall for web applications is told apart from a login page', () => {
  const page = (title: string): Failure => failureOf(answer(`<html><title>${title}</title></html>`));
  const rejected = failureOf(answer('<title>Sorry</title>Your support ID is: 8713640215541'));
  expect(rejected.message).toContain('titled “Sorry” (support ID 8713640215541)');
  for (const failure of [rejected, page('Request Rejected'), page('Access Denied')])
    expect(failure.hint).toMatch(/A firewall for web applications/);
  expect(page('Sign in').hint).not.toMatch(/firewall/);
});

test.each([
  ['UTF-16, little endian', Buffer.from('{"signData":"YQ=="}\u00ff', 'utf16le'), ', but text in UTF-16'],
  ['UTF-16 with a mark', Buffer.from('\uFEFF{"signData":"YQ=="}', 'utf16le'), ', but text in UTF-16'],
  ['gzip without a header', gzipSync('{"signData":"YQ=="}'), ', but compressed (gzip), which no header says'],
  ['anything else', Buffer.from('\xff\xfa\x00\x00', 'latin1'), ''],
])('an answer that is not text in UTF-8 is told by its form: %s', (_, body, form) => {
  const failure = failureOf(answer(body));
  expect(failure.message).toBe(`The service answered 200, but its ${body.length} bytes are not text in UTF-8${form}.`);
  expect(failure.hint).toMatch(form === '' ? /^Check server-url/ : /^Ask the operators of the service/);
});

test.each(['', 'OK', 'healthy', '{"status":"UP"}', '{"status":"ok","checks":[]}', '{"healthy":true}'])(
  'the answer of a health check sends the reader to the address first: %j',
  (body) => {
    expect(failureOf(answer(body)).hint).toMatch(
      /^(A health check answers like this\. )?Check server-url .* health check/,
    );
  },
);

test('an answer whose status member is not that of a health check gives no advice about the address', () => {
  expect(failureOf(answer('{"status":"queued"}')).hint).toMatch(/^The service must answer/);
});
