import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { percentEncode } from '../../src/files/names.ts';
import { cutOnly } from '../../src/protocols/answers/scrub.ts';
import { bodyLength } from '../../src/protocols/es-auth/request.ts';
import { headerHashing } from '../../src/protocols/es-auth/request-signature.ts';
import { readResponse } from '../../src/protocols/es-auth/response.ts';
import { memorySource } from '../../src/signing/sent-bytes.ts';
import { readDocument } from './document.ts';

const { blocks } = readDocument('docs/protocol.md');
const [request = ''] = blocks.filter(({ language }) => language === 'http').map(({ text }) => text);
const texts = blocks.filter(({ language }) => language === 'text').map(({ text }) => text);
const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(request)?.[1] ?? '';
const FILE = Buffer.from('Hello, release!\n');
const SECRET = "s3cr*t!('~)/+=";

test('the worked example is what the action sends for these values', async () => {
  const facts = {
    method: 'POST',
    path: '/api/v1/sign_file',
    appKey: header('es-auth-appkey'),
    appSecret: SECRET,
    nonce: header('es-auth-nonce'),
    timestamp: header('es-auth-timestamp'),
  };
  const { digest } = await memorySource('hello.txt', FILE).digest(() => headerHashing(facts)(facts));
  expect(Buffer.from(digest).toString('hex')).toBe(header('es-auth-sign'));
  expect(request).toContain(`\n\n{"data":"${FILE.toString('base64')}"}`);
  expect(header('Content-Length')).toBe(String(bodyLength(FILE.length)));
});

test('each step of the hash leads to the next one', () => {
  const [plain = '', encoded = ''] = texts;
  expect(plain.endsWith(SECRET)).toBe(true);
  expect(percentEncode(plain)).toBe(encoded);
  expect(createHash('sha256').update(encoded).digest('hex')).toBe(header('es-auth-sign'));
});

test('the answer of the document is one that the action takes', () => {
  const [answer = ''] = blocks.filter(({ language }) => language === 'json').map(({ text }) => text);
  const signature = 'MEUCIQDxAA==';
  const body = Buffer.from(answer.replace('MEUCIQDx…', signature));
  const response = { status: 200, headers: { 'content-type': 'application/json' }, body };
  expect(readResponse(response, { scrub: cutOnly, credentials: 'app-key and app-secret' })).toBe(signature);
});
