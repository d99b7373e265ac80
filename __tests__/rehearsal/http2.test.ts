import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { buildRequest, type Choices, signContent } from './client.ts';
import { type Script, type Service, startService } from './faulty-service.ts';

let pki: Pki;
let service: Service;
let session: ClientHttp2Session;
const CONTENT = Buffer.alloc(3_000_000, 'content');

beforeAll(async () => {
  pki = await createPki();
});

afterEach(async () => {
  session.destroy();
  await service.close();
});

async function start(script: Script = []): Promise<void> {
  service = await startService({ pki, script, record: true, http2: true });
  const { cert, key, chain } = service.credentials;
  session = connect(service.url, { cert, key, ca: chain });
  session.on('error', () => {});
}

/** Sends one request over the session; rejects with the stream's error. */
function post(choices: Choices = {}): Promise<{ status: number; text: string }> {
  const request = buildRequest(service, CONTENT, choices);
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': request.path, ...request.headers });
    let status = 0;
    let text = '';
    stream.on('response', (headers) => (status = headers[':status'] ?? 0));
    stream.on('data', (chunk) => (text += chunk));
    stream.on('error', reject);
    stream.on('close', () => (status === 0 ? reject(new Error('no answer')) : resolve({ status, text })));
    stream.end(request.body);
  });
}

test('many requests share one connection', async () => {
  await start();
  const answers = await Promise.all(Array.from({ length: 4 }, () => post()));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
  expect(service.counters).toMatchObject({ connections: 1, requests: 4, signed: 4 });
  expect(service.log[0]?.clientSubject).toBe('CN=rehearsal-client');
});

test('the rules are the same', async () => {
  await start();
  const refused = await post({ appSecret: 'other' });
  expect([refused.status, refused.text]).toEqual([401, expect.stringContaining('SIGN_MISMATCH')]);
});

test('a client of HTTP/1.1 is served too', async () => {
  await start();
  expect((await signContent(service, CONTENT)).status).toBe(200);
});

test.each(['goaway', 'refused-stream', 'internal-error'] as const)(
  'http2: %s does not exist over HTTP/1.1, where the request is answered',
  async (error) => {
    await start([{ kind: 'http2', error }]);
    expect((await signContent(service, CONTENT)).status).toBe(200);
  },
);

test('http2: goaway is announced, and the request still answered', async () => {
  await start([{ kind: 'http2', error: 'goaway' }]);
  const gone = new Promise<number>((resolve) => session.once('goaway', resolve));
  expect((await post()).status).toBe(200);
  expect(await gone).toBe(constants.NGHTTP2_NO_ERROR);
});

test.each([
  ['refused-stream', 'NGHTTP2_REFUSED_STREAM'],
  ['internal-error', 'NGHTTP2_INTERNAL_ERROR'],
] as const)('http2: %s ends one stream only', async (error, name) => {
  await start([{ kind: 'http2', error }]);
  await expect(post()).rejects.toMatchObject({ message: expect.stringContaining(name) });
  expect((await post()).status).toBe(200);
});

test.each([
  { kind: 'raw', bytes: 'SSH-2.0-x\r\n' },
  { kind: 'end', when: 'after-body', by: 'reset' },
  { kind: 'end', when: 'during-body', by: 'close' },
] as const)('a fault of a connection ends the request: $kind', async (fault) => {
  await start([fault]);
  await expect(post()).rejects.toThrow();
  expect(service.counters.signed).toBe(0);
});
