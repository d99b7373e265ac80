import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { percentEncode } from '../../../src/files/names.ts';
import { fillRequest } from '../../../src/protocols/http/http.ts';
import { parseMessage } from '../../../src/protocols/http/message.ts';
import { withOwnBoundary } from '../../../src/protocols/http/multipart.ts';
import { memorySource } from '../../../src/signing/sent-bytes.ts';
import { type Expected, judge } from '../../../tools/service/http/judge.ts';
import { written } from '../../../tools/service/http/readers.ts';
import type { Received } from '../../../tools/service/loopback.ts';
import { readDocument } from '../../docs/document.ts';
import { anyCharacter } from '../../helpers/characters.ts';

const KEY = 'rel"ea\\se &1';
const TOKEN = 'to"ken+/=';
const CONTENT = Buffer.from('the content of a file');
const DIGEST = createHash('sha256').update(CONTENT).digest();

function expected(text: string, values: Partial<Expected> = {}): Expected {
  const message = parseMessage(text);
  if (!('method' in message)) throw new Error(message.join('\n'));
  return { message, hash: 'sha256', key: KEY, token: TOKEN, ...values };
}

/** The request that the action makes of a message for a file. */
async function fill({ message, key, token, hash }: Expected, name: string): Promise<Received> {
  const settings = { message: withOwnBoundary(message, () => 7), prefix: '', key, token, hash };
  const options = { ...settings, answer: { in: 'body' }, encoding: 'base64' } as const;
  const { method, path, headers, body } = await fillRequest(memorySource(name, CONTENT), options);
  const chunks: Uint8Array[] = [];
  if (body instanceof Uint8Array) chunks.push(body);
  else for await (const chunk of body) chunks.push(chunk);
  return { method, target: path, headers: headers.map(String), body: Buffer.concat(chunks) };
}

/** Names as hostile builds make them. */
const anyName = fc
  .array(
    fc.oneof(
      fc.string({ unit: anyCharacter, minLength: 1, maxLength: 4 }),
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '%',
        '{',
        '}',
        '&',
        '=',
        '/',
        '?',
        '#',
        ' ',
        ';',
        ',',
        'ü',
        '<',
        '>',
        ']]>',
        '&#34;',
      ),
      fc.constantFrom('{digest:hex}', '\u2028', '\u2029', '\ud800', '\udfff', '--signing', '$&', '\uFFFE'),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const MESSAGES: Readonly<Record<string, string>> = {
  'a path with placeholders that are repeated': 'POST /{key}/{key}?n={name}&m={name}\nX: {token}\n\n{digest}',
  JSON: 'POST /s\n\n{"a":{"name":"{name}","k":"{key}"},"hash":"{digest:hex}","list":["{name}{name}"],"t":"{token}"}',
  'a member named like the file': 'POST /s\n\n{"files":{"{name}":"{digest:base64}"},"key":"{key}"}',
  'JSON in a string of JSON':
    'POST /s\n\n{"body":"{\\"name\\":\\"{name}\\",\\"hash\\":\\"{digest:hex}\\"}","key":"{key}"}',
  'JSON in JSON in JSON':
    'POST /s\n\n{"a":"{\\"b\\":\\"{\\\\\\"name\\\\\\":\\\\\\"{name}\\\\\\"}\\"}","h":"{digest:hex}"}',
  GraphQL: 'POST /g\n\n{"query":"mutation { sign(hash: \\"{digest:hex}\\", file: \\"{name}\\") { value } }"}',
  'a form': 'POST /s\nContent-Type: application/x-www-form-urlencoded\n\nname={name}&key={key}&d={digest:base64}',
  XML: 'POST /s\n\n<?xml version="1.0"?><!DOCTYPE sign><sign key="{key}" name=\'{name}\'><!-- a > b --><file>{name}</file><d>{digest:hex}</d></sign>',
  'the file in a multipart body':
    'POST /s\nContent-Type: multipart/form-data; boundary=signing\n\n--signing\nContent-Disposition: form-data; name="f"; filename="{name}"\n\n{file}\n--signing--',
  'the digest in a multipart body':
    'POST /s\nContent-Type: multipart/mixed; boundary="signing"\n\n--signing\nX-Key: {key}\n\n{digest}\n--signing--\n',
  'the file in a query': 'GET /signer/{key}?data={file:base64}&n={name}',
  'a file in base64 behind a name': 'POST /s\nContent-Type: text/plain\n\n"{name}" {file:base64}',
};

describe('every request that the action makes is read back into the values it was made of', () => {
  test.each(Object.entries(MESSAGES))('%s', async (_, text) => {
    const wanted = expected(text);
    await fc.assert(
      fc.asyncProperty(anyName, async (name) => {
        const request = await fill(wanted, name).catch((error: unknown) => error);
        if (request instanceof Error) {
          expect(request).toBeInstanceOf(RangeError);
          return;
        }
        const { kind, bytes, name: read } = judge(wanted, request as Received);
        expect(bytes).toEqual(kind === 'file' ? CONTENT : DIGEST);
        // In a text body, quotes and backslashes between quotes are percent-encoded.
        const wish = wanted.message.bodyPlace === 'text' ? name.replace(/["\\]/g, percentEncode) : name;
        expect([wish.toWellFormed(), name.toWellFormed(), undefined]).toContain(read?.toWellFormed());
      }),
      { numRuns: 200 },
    );
  });
});

const blocks = readDocument('docs/protocols.md').blocks.filter(({ text }) => /^\s+protocol: http$/m.test(text));

test.each(blocks)('$heading: the request of the document passes', async ({ text }) => {
  const { request, 'signature-algorithm': algorithm = '' } = parse(text).with;
  const wanted = expected(request, algorithm.endsWith('512') ? { hash: 'sha512' } : {});
  const { kind, bytes } = judge(wanted, await fill(wanted, 'dist/größe.bin'));
  if (kind === 'digest')
    expect(bytes).toEqual(
      createHash(wanted.hash ?? '')
        .update(CONTENT)
        .digest(),
    );
  else expect(bytes).toEqual(CONTENT);
});

test('a file cannot hold the line that ends its part, because nobody knows that line before the run', async () => {
  const text = MESSAGES['the file in a multipart body'] ?? '';
  const { message } = expected(text);
  const boundaries = [0, 35].map((digit) => {
    const { headers, body } = withOwnBoundary(message, () => digit);
    const [, boundary = ''] = /boundary=(\w+)$/.exec(written(headers[0]?.[1] ?? [])) ?? [];
    expect(written(body)).toBe(
      text
        .replaceAll('signing', boundary)
        .replace(/^.*?\n\n/s, '')
        .replaceAll('\n', '\r\n'),
    );
    return boundary;
  });
  expect(boundaries).toEqual([`signing${'0'.repeat(20)}`, `signing${'z'.repeat(20)}`]);
});

describe('a sentence says what is wrong with a request', () => {
  const MESSAGE = `POST /v2/keys/{key}/sign?v=1
Authorization: Bearer {token}
Content-Type: application/json

{"algorithm":"SHA256","digest":"{digest:base64}","file":"{name}"}`;
  const wanted = expected(MESSAGE, { key: 'release', token: 'secret-token' });
  const body = (json: object) => ({ body: Buffer.from(JSON.stringify(json)) });
  const sound = { algorithm: 'SHA256', digest: DIGEST.toString('base64'), file: 'a.bin' };

  test.each<[string, Partial<Received>, RegExp]>([
    ['another method', { method: 'PUT' }, /The method is PUT, but the message says POST/],
    [
      'another path',
      { target: '/v1/keys/release/sign?v=1' },
      /“\/v1\/keys.*but the message says “\/v2\/keys\/\{key\}\/sign/,
    ],
    ['another key', { target: '/v2/keys/test/sign?v=1' }, /There is no key “test” here, only “release”/],
    ['no token', { headers: ['Content-Type', 'application/json'] }, /The header Authorization is missing/],
    [
      'another token',
      { headers: ['authorization', 'Bearer x', 'content-type', 'application/json'] },
      /The token is not that/,
    ],
    [
      'a token without its scheme',
      { headers: ['Authorization', 'secret-token', 'Content-Type', 'application/json'] },
      /does not look as the message says: “Bearer \{token\}”/,
    ],
    [
      'a header twice',
      { headers: ['Authorization', 'Bearer secret-token', 'Content-Type', 'a', 'content-type', 'b'] },
      /Content-Type is there 2 times/,
    ],
    ['no JSON', { body: Buffer.from('{') }, /The body is no JSON/],
    ['no text', { body: Buffer.from([0xff]) }, /are no text/],
    ['a member more', body({ ...sound, more: 1 }), /has 4 members at the body, but the message has 3/],
    [
      'a member of another name',
      body({ ...sound, file: undefined, name: 'a' }),
      /The body has “name” as the name of a member/,
    ],
    [
      'another value',
      body({ ...sound, algorithm: 'SHA512' }),
      /The body has “SHA512” at \/algorithm, but the message says “SHA256”/,
    ],
    ['a number for a string', body({ ...sound, file: 1 }), /another value at \/file/],
    [
      'a digest in hex',
      body({ ...sound, digest: DIGEST.toString('hex') }),
      /is 48 bytes, but a digest of sha256 has 32/,
    ],
    ['a digest of another hash', body({ ...sound, digest: Buffer.alloc(64).toString('base64') }), /is 64 bytes/],
    ['no base64', body({ ...sound, digest: '???' }), /“\?\?\?”, which is no base64/],
  ])('%s', async (_, change, sentence) => {
    const request = await fill(wanted, 'a.bin');
    expect(judge(wanted, request)).toMatchObject({ kind: 'digest', name: 'a.bin' });
    expect(() => judge(wanted, { ...request, ...change })).toThrow(sentence);
    expect(() => judge(wanted, { ...request, ...change })).not.toThrow(/secret-token/);
  });
});
