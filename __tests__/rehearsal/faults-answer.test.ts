import { expect, test } from 'vitest';
import { eventually } from '../helpers/time.ts';
import { openService } from '../signing/signing-run.ts';
import { buildRequest, expectGenuine, send, signContent } from './client.ts';
import {
  compressed,
  earlyTooLarge,
  hugeBody,
  hugeHeader,
  RAW_ANSWERS,
  redirect,
  signatureOver,
  status,
  webPage,
  wrongSignData,
} from './fault-samples.ts';
import type { Fault } from './faulty-service.ts';
import { observe } from './wire.ts';

const CONTENT = Buffer.from('content');
const LARGE = Buffer.alloc(8_000_000, 1);

test('answer: a status, headers and a body of one’s choice', async () => {
  const odd: Fault = { kind: 'answer', answer: { status: 418, headers: { 'x-a': ['1', '2'] }, body: 'tea' } };
  const service = await openService({
    script: [odd, redirect(307, 'https://elsewhere.example/'), webPage('Sign in'), wrongSignData(null), status(204)],
  });
  const answers = [];
  for (let turn = 0; turn < 5; turn++) answers.push(await signContent(service, CONTENT));
  const [teapot, moved, page, wrong, empty] = answers;
  expect([teapot?.status, teapot?.headers['x-a'], teapot?.body.toString()]).toEqual([418, '1, 2', 'tea']);
  expect([moved?.status, moved?.headers['location']]).toEqual([307, 'https://elsewhere.example/']);
  expect([page?.status, page?.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page?.body.toString()).toContain('<title>Sign in</title>');
  expect(wrong?.body.toString()).toBe('{"signData":null}');
  expect([empty?.status, empty?.body.length]).toEqual([204, 0]);
});

test('answer: huge bodies, huge headers and compression', async () => {
  const service = await openService({
    script: [hugeBody(3_000_000), hugeHeader(200_000), compressed('{"signData":"AAAA"}')],
  });
  expect((await signContent(service, CONTENT)).body.length).toBeGreaterThan(3_000_000);
  await expect(signContent(service, CONTENT)).rejects.toMatchObject({ code: 'HPE_HEADER_OVERFLOW' });
  const zipped = await signContent(service, CONTENT);
  expect([zipped.headers['content-encoding'], zipped.body.readUInt16BE()]).toEqual(['gzip', 0x1f8b]);
});

test('answer: a valid signature over other bytes', async () => {
  const other = Buffer.from('other');
  const service = await openService({ script: () => signatureOver(other, service.pki.signingKey) });
  expectGenuine(service, await signContent(service, CONTENT), other);
});

test('answer: 413 in the middle of the upload, then a reset', async () => {
  const service = await openService({ script: [earlyTooLarge(1000)] });
  const wire = await observe(service, LARGE, 0.75);
  expect(wire.bytes).toMatch(/^HTTP\/1\.1 413 /);
  expect(wire.bytes).toContain('At most 1000 bytes.');
  expect(wire.ending).not.toBe('end');
});

test.each([100, 103] as const)('inform: an unasked %i comes first', async (code) => {
  const service = await openService({ script: [{ kind: 'inform', status: code }] });
  const wire = observe(service, CONTENT);
  await eventually(() => expect(service.counters.signed).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await service.close();
  const { bytes } = await wire;
  expect(bytes).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
  expect(bytes).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

test.each(Object.entries(RAW_ANSWERS))('raw: %s arrives as it is', async (_, bytes) => {
  const service = await openService({ script: [{ kind: 'raw', bytes, by: 'close' }] });
  expect(await observe(service, CONTENT)).toMatchObject({ bytes, ending: 'end' });
});

test.each([
  ['bareLineFeeds', 'HPE_'],
  ['chunkGarbage', 'HPE_INVALID_CHUNK_SIZE'],
  ['twoLengths', 'HPE_UNEXPECTED_CONTENT_LENGTH'],
  ['lengthAndChunked', 'HPE_'],
  ['banner', 'HPE_INVALID_CONSTANT'],
] as const)('raw: %s is no HTTP to a strict client', async (name, code) => {
  const service = await openService({ script: [{ kind: 'raw', bytes: RAW_ANSWERS[name] }] });
  await expect(signContent(service, CONTENT)).rejects.toMatchObject({ code: expect.stringContaining(code) });
});

test.each([
  ['content-length', 'close', /^content-length: \d{3}\r$/m, 'end'],
  ['content-length', 'reset', /^content-length: \d{3}\r$/m, 'ECONNRESET'],
  ['chunked', 'close', /^transfer-encoding: chunked\r$/m, 'end'],
  ['close', 'close', /^connection: close\r$/m, 'end'],
] as const)('cut: half an answer by %s, then %s', async (framing, by, header, ending) => {
  const service = await openService({ script: [{ kind: 'cut', framing, by }] });
  const wire = await observe(service, CONTENT);
  expect(wire.bytes).toMatch(header);
  expect(wire.bytes).toMatch(/\{"signData":"[A-Za-z0-9+/]+$/);
  expect(wire.ending).toBe(ending);
});

test('cut: a body that ends with the connection looks whole', async () => {
  const service = await openService({ script: [{ kind: 'cut', framing: 'close', by: 'close' }] });
  const answer = await signContent(service, CONTENT);
  expect([answer.status, answer.json]).toEqual([200, {}]);
  expect(answer.body.toString()).toMatch(/^\{"signData":"[^"]+$/);
});

test.each(['head', 'body'] as const)('drip: from the %s, byte by byte, and right in the end', async (from) => {
  const service = await openService({ script: [{ kind: 'drip', everyMs: 1, from }] });
  let pieces = 0;
  const answer = await send(service, buildRequest(service, CONTENT), {
    onSocket: (socket) => socket.on('data', () => pieces++),
  });
  expectGenuine(service, answer, CONTENT);
  expect(pieces).toBeGreaterThan(100);
});

test('drip: the bytes are spread over time', async () => {
  const service = await openService({ script: [{ kind: 'drip', everyMs: 2, from: 'body' }] });
  const wire = observe(service, CONTENT);
  await eventually(() => expect(service.counters.signed).toBe(1));
  await eventually(() => expect(service.counters.inFlight).toBe(0));
  await service.close();
  const { timesMs } = await wire;
  expect(timesMs.length).toBeGreaterThan(60);
  expect((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)).toBeGreaterThan(100);
});

test('drop: a kept connection ends without an announcement after a regular answer', async () => {
  const service = await openService({ script: [{ kind: 'drop', afterMs: 20, by: 'close' }] });
  const wire = await observe(service, CONTENT);
  expect(wire.bytes).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(wire.bytes).not.toMatch(/connection: close/i);
  expect(wire.ending).toBe('end');
});
