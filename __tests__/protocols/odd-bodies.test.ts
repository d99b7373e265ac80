import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { WireResponse } from '../../src/connection/exchange.ts';
import { isWebPage, reasonIn } from '../../src/protocols/answers/reason.ts';
import { cutOnly } from '../../src/protocols/answers/scrub.ts';
import { workMs } from '../helpers/time.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

function answer(body: string | Buffer, headers: WireResponse['headers'] = JSON_TYPE, phrase?: string): WireResponse {
  return { status: 403, phrase, headers, body: Buffer.from(body) };
}

const said = (...given: Parameters<typeof answer>): string | undefined => reasonIn(answer(...given), cutOnly)?.text;

describe('the reason is read whatever media type the answer claims', () => {
  test.each([
    ['text as JSON', 'upstream connect error', 'application/json', 'upstream connect error'],
    ['text as HTML', 'Access denied.<br>Policy 7', 'text/html', 'Access denied. Policy 7'],
    ['JSON as HTML', '{"error":"no right to sign"}', 'text/html; charset=utf-8', 'no right to sign'],
    ['JSON as text', '{"error":"no right to sign"}', 'text/plain', 'no right to sign'],
    ['JSON as bytes', '{"error":"no right to sign"}', 'application/octet-stream', 'no right to sign'],
    ['XML as JSON', '<error><message>no right to sign</message></error>', 'application/json', 'no right to sign'],
    ['a page as JSON', '<html><title>Blocked</title></html>', 'application/json', 'Blocked'],
    ['a page behind a warning', 'Warning: x in y.php\n<!DOCTYPE html><title>Down</title>', 'text/html', 'Down'],
    ['guarded JSON', ')]}\',\n{"error":"no right to sign"}', 'application/json', 'no right to sign'],
    ['JSON line by line', '{"error":"no right"}\n{"error":"to sign"}', 'application/x-ndjson', 'no right'],
    [
      'a Python dictionary',
      "{'error': 'the app\\'s key is locked', 'x': None}",
      'application/json',
      "the app's key is locked",
    ],
    [
      'JSON that is cut off',
      '{"code":7,"message":"key \\"7\\" is locked","trace":"at x',
      'application/json',
      'key "7" is locked',
    ],
  ])('%s', (_, body, type, expected) => {
    expect(said(body, { 'content-type': type })).toBe(expected);
  });
});

describe('the reason is read in XML', () => {
  test.each([
    [
      'SOAP 1.2',
      '<e:Envelope xmlns:e="x"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang="en">Key is locked</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>',
      'Key is locked',
    ],
    [
      'attributes',
      '<?xml version="1.0"?><error code="E17" message="Key &quot;7&quot; is locked"/>',
      'E17: Key "7" is locked',
    ],
    ['elements with names of its own', '<antwort><wert>Zugriff verweigert</wert></antwort>', 'Zugriff verweigert'],
    ['characters by number', '<message>Schl&#252;ssel &#x201E;7&#x201C;</message>', 'Schlüssel „7“'],
  ])('%s', (_, body, expected) => {
    expect(said(body, { 'content-type': 'application/soap+xml' })).toBe(expected);
  });

  test('titles of pages have their characters by name and number decoded', () => {
    expect(said('<html><title>403 &ndash; You don&#39;t have access&nbsp;here</title>')).toBe(
      "403 – You don't have access here",
    );
  });
});

describe('the reason is read in every character set', () => {
  const text = '{"error":"no right to sign"}';
  const utf16be = Buffer.from(text, 'utf16le').swap16();
  test.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['big-endian UTF-16 with a byte order mark', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
    ['big-endian UTF-16 without a mark', utf16be],
  ])('%s', (_, body) => {
    expect(said(body)).toBe('no right to sign');
  });

  test('a header names it, also in quotes', () => {
    for (const type of ['text/plain; charset="utf-16be"', "text/plain; charset='UTF-16BE'"])
      expect(said(utf16be, { 'content-type': type })).toBe('no right to sign');
  });

  test('bytes without a declared character set are read as text of Western Europe, where they can be that', () => {
    expect(said(Buffer.from('Schlüssel ungültig', 'latin1'), { 'content-type': 'text/plain' })).toBe(
      'Schlüssel ungültig',
    );
    expect(said(Buffer.from('<title>Zugriff für Gäste</title>', 'latin1'))).toBe('Zugriff für Gäste');
    expect(said(Buffer.from([0xff, 0xd8, 0xe0, 0xe1, 0x41]), {})).toBeUndefined();
    expect(said(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), {})).toBeUndefined();
  });

  test('a page names it itself', () => {
    const page = Buffer.concat([Buffer.from('<meta charset="GBK"><title>'), Buffer.from([0xcf, 0xde, 0xb6, 0xee])]);
    expect(said(page, { 'content-type': 'text/html' })).toBe('限额');
  });
});

describe('the reason is read in a body that was compressed although the request did not allow it', () => {
  const packers = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  };
  test.each(Object.entries(packers))('%s', (coding, pack) => {
    expect(said(pack('{"error":"no right to sign"}'), { 'content-encoding': coding })).toBe('no right to sign');
    const page = answer(pack('<html><title>Blocked</title>'), { 'content-encoding': coding.toUpperCase() });
    expect([reasonIn(page, cutOnly)?.text, isWebPage(page)]).toEqual(['Blocked', true]);
  });

  test('nothing is quoted of a body that is broken, and nothing unpacked that grows without measure', () => {
    expect(said(gzipSync('no right').subarray(0, 20), { 'content-encoding': 'gzip' })).toBeUndefined();
    const bomb = answer(gzipSync(Buffer.alloc(60_000_000, 'a')), { 'content-encoding': 'gzip' });
    expect(bomb.body.length).toBeLessThan(64 * 1024);
    expect(workMs(() => expect(reasonIn(bomb, cutOnly)).toBeUndefined())).toBeLessThan(100);
  });

  test('a secret is scrubbed after the body is unpacked', () => {
    const body = answer(gzipSync('key top-secret is locked'), { 'content-encoding': 'gzip' });
    expect(reasonIn(body, (text) => text.replaceAll('top-secret', '***'))?.text).toBe('key *** is locked');
  });
});

describe('an answer without a body is explained by', () => {
  test.each<[string, WireResponse['headers'], string | undefined, string | undefined]>([
    ['a header', { 'x-error-message': 'certificate not registered' }, 'Forbidden', 'certificate not registered'],
    ['a code in a header', { 'x-ms-error-code': 'AuthenticationFailed' }, undefined, 'AuthenticationFailed'],
    ['its reason phrase', {}, 'Client certificate revoked', 'Client certificate revoked'],
    ['nothing, where the phrase is the usual one', {}, 'FORBIDDEN', undefined],
    ['nothing, where the phrase says nothing', {}, 'Error', undefined],
    ['nothing, over HTTP/2', {}, undefined, undefined],
  ])('%s', (_, headers, phrase, expected) => {
    expect(said('', headers, phrase)).toBe(expected);
  });

  test('while words in the body are better than any header', () => {
    expect(said('{"error":"key is locked"}', { 'x-error': 'E1' }, 'Odd')).toBe('key is locked');
    expect(said('{"x":1}', { 'x-error': 'E1' }, 'Odd')).toBeUndefined();
  });
});

test('odd bodies take no time', () => {
  const parts = ['"message":"', "'error':'", '<a message="', '&#1', '{"error":"\\', 'charset=', "message='"];
  for (const part of parts)
    expect(
      workMs(() => reasonIn(answer(part.repeat(60_000 / part.length)), cutOnly)),
      part,
    ).toBeLessThan(200);
});
