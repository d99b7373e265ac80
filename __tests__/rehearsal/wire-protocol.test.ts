import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../helpers/time.ts';
import { openService } from '../signing/signing-run.ts';
import { buildRequest, type Choices, makeNonce, type SignRequest, send, signContent } from './client.ts';
import { type Service, startService } from './faulty-service.ts';

let service: Service;
let directory: string;
const CONTENT = Buffer.from('release\0\xff', 'latin1');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wire-'));
  service = await startService({ record: true });
});

afterAll(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

function verifyWithOpenssl(content: Buffer, signData: string): string {
  const paths = { key: join(directory, 'key'), signature: join(directory, 'sig'), file: join(directory, 'file') };
  writeFileSync(paths.key, service.credentials.verifyKeyPem);
  writeFileSync(paths.signature, Buffer.from(signData, 'base64'));
  writeFileSync(paths.file, content);
  const options = ['dgst', '-sha256', '-verify', paths.key, '-signature', paths.signature, paths.file];
  return execFileSync('openssl', options, { encoding: 'utf8' }).trim();
}

test.each([0, 1, 2, 3, 1000, 3_000_000])('a file of %i bytes gets a signature that openssl accepts', async (size) => {
  const content = Buffer.alloc(size, 'abcdefghijk~');
  const answer = await signContent(service, content);
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.json)).toEqual(['signData']);
  expect(verifyWithOpenssl(content, String(answer.json['signData']))).toBe('Verified OK');
});

test('answers are JSON with a length and the time', async () => {
  const { headers, body } = await signContent(service, CONTENT);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['content-length']).toBe(String(body.length));
  expect(Math.abs(Date.parse(String(headers['date'])) - Date.now())).toBeLessThan(5000);
});

type Change = (request: SignRequest) => SignRequest;
const withHeaders = (headers: SignRequest['headers']): Change => {
  return (request) => ({ ...request, headers: { ...request.headers, ...headers } });
};
const without = (name: string): Change => {
  return (request) => ({
    ...request,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([key]) => key !== name)),
  });
};
const unchanged: Change = (request) => request;
/** A timestamp of the moment at which it is asked for: the table is made long before. */
const dated = (timestampOf: (nowMs: number) => string): Choices => ({
  get timestamp() {
    return timestampOf(Date.now());
  },
});

const VIOLATIONS: [string, Choices, Change, number, string][] = [
  ['another path', {}, (request) => ({ ...request, path: '/api/v1/sign_file/' }), 404, 'PATH_UNKNOWN'],
  ['a query', {}, (request) => ({ ...request, path: `${request.path}?a=1` }), 404, 'PATH_UNKNOWN'],
  ['another method', {}, (request) => ({ ...request, method: 'PUT' }), 405, 'METHOD_NOT_ALLOWED'],
  ['no type', {}, without('content-type'), 400, 'HEADER_MISSING'],
  ['another type', {}, withHeaders({ 'content-type': 'text/json' }), 415, 'CONTENT_TYPE_INVALID'],
  [
    'a type with parameters',
    {},
    withHeaders({ 'content-type': 'application/json; charset=utf-8' }),
    415,
    'CONTENT_TYPE_INVALID',
  ],
  [
    'chunks',
    {},
    (request) => withHeaders({ 'transfer-encoding': 'chunked' })(without('content-length')(request)),
    411,
    'LENGTH_REQUIRED',
  ],
  ['an empty body', { body: '' }, unchanged, 400, 'LENGTH_INVALID'],
  ['no app key', {}, without('es-auth-appkey'), 400, 'HEADER_MISSING'],
  ['no nonce', {}, without('es-auth-nonce'), 400, 'HEADER_MISSING'],
  ['no timestamp', {}, without('es-auth-timestamp'), 400, 'HEADER_MISSING'],
  ['no sign', {}, without('es-auth-sign'), 400, 'HEADER_MISSING'],
  ['two nonces', {}, withHeaders({ 'es-auth-nonce': [makeNonce(), makeNonce()] }), 400, 'HEADER_REPEATED'],
  ['a short nonce', { nonce: 'abc' }, unchanged, 400, 'NONCE_INVALID'],
  ['a long nonce', { nonce: `${makeNonce()}a` }, unchanged, 400, 'NONCE_INVALID'],
  ['a mark in the nonce', { nonce: 'abcdefgh-jklmnop' }, unchanged, 400, 'NONCE_INVALID'],
  ['a fraction in the timestamp', dated((now) => `${now}.5`), unchanged, 400, 'TIMESTAMP_INVALID'],
  ['a date for a timestamp', { timestamp: '2026-01-01' }, unchanged, 400, 'TIMESTAMP_INVALID'],
  ['seconds', dated((now) => String(Math.round(now / 1000))), unchanged, 401, 'TIMESTAMP_OUTSIDE_WINDOW'],
  ['an old timestamp', dated((now) => String(now - 6 * 60_000)), unchanged, 401, 'TIMESTAMP_OUTSIDE_WINDOW'],
  ['a timestamp to come', dated((now) => String(now + 7 * 60_000)), unchanged, 401, 'TIMESTAMP_OUTSIDE_WINDOW'],
  ['another app key', { appKey: 'other' }, unchanged, 401, 'APP_KEY_UNKNOWN'],
  ['another secret', { appSecret: 'other' }, unchanged, 401, 'SIGN_MISMATCH'],
  ['a long sign', {}, withHeaders({ 'es-auth-sign': 'a'.repeat(65) }), 400, 'SIGN_INVALID'],
  ['a sign in capitals', {}, withHeaders({ 'es-auth-sign': 'A'.repeat(64) }), 400, 'SIGN_INVALID'],
  [
    'the sign of another body',
    {},
    (request) => ({ ...request, body: request.body.replace('c', 'd') }),
    401,
    'SIGN_MISMATCH',
  ],
  ['a blank in the body', { body: '{"data": "YWJj"}' }, unchanged, 400, 'BODY_INVALID'],
  ['no padding', { body: '{"data":"YQ"}' }, unchanged, 400, 'BASE64_INVALID'],
  ['bits behind the end', { body: '{"data":"YR=="}' }, unchanged, 400, 'BASE64_INVALID'],
  ['the URL alphabet', { body: '{"data":"-_-_"}' }, unchanged, 400, 'BASE64_INVALID'],
  ['a line in the base64', { body: '{"data":"YWJj\nYWJ"}' }, unchanged, 400, 'BASE64_INVALID'],
];

test.each(VIOLATIONS)('%s is refused', async (_, choices, change, status, code) => {
  const { signed, refused } = service.counters;
  const answer = await send(service, change(buildRequest(service, CONTENT, choices)));
  expect([answer.status, answer.json['code']]).toEqual([status, code]);
  expect(answer.json).toEqual({ code, message: expect.stringMatching(/\w/) });
  expect(answer.headers['content-type']).toBe('application/json');
  expect(answer.headers['allow']).toBe(status === 405 ? 'POST' : undefined);
  expect(service.counters).toMatchObject({ signed, refused: refused + 1 });
  expect(service.log.at(-1)).toMatchObject({ verdict: 'refused', code });
});

test('a timestamp may be five minutes off to either side, and no more', async () => {
  const now = Date.UTC(2030, 0, 1);
  const punctual = await openService({ now: () => now });
  const statusAt = async (offMs: number): Promise<number> =>
    (await signContent(punctual, CONTENT, { timestamp: String(now + offMs) })).status;
  expect(await Promise.all([-300_001, -300_000, 300_000, 300_001].map(statusAt))).toEqual([401, 200, 200, 401]);
});

test('a header whose value is the name of another one is not that one', async () => {
  const request = withHeaders({ 'x-asks-for': 'es-auth-nonce' })(buildRequest(service, CONTENT));
  expect((await send(service, request)).status).toBe(200);
});

test('an upload that ends early is neither signed nor refused', async () => {
  const { signed, refused, aborted } = service.counters;
  const { cert, key, chain } = service.credentials;
  const { method, path, headers, body } = buildRequest(service, CONTENT);
  const upload = https.request(`https://127.0.0.1:${service.port}${path}`, { method, headers, cert, key, ca: chain });
  upload.on('error', () => {}).write(body.slice(0, 5));
  await eventually(() => expect(service.counters.inFlight).toBe(1));
  upload.destroy();
  await eventually(() => expect(service.counters).toMatchObject({ signed, refused, aborted: aborted + 1 }));
});

test('a request sent twice is signed once', async () => {
  const request = buildRequest(service, CONTENT);
  expect((await send(service, request)).status).toBe(200);
  const again = await send(service, request);
  expect([again.status, again.json['code']]).toEqual([401, 'NONCE_REUSED']);
  expect(service.counters.replays).toBe(1);
});

test('a nonce is used up by a request that was refused', async () => {
  const nonce = makeNonce();
  await signContent(service, CONTENT, { nonce, appSecret: 'other' });
  expect((await signContent(service, CONTENT, { nonce })).json['code']).toBe('NONCE_REUSED');
});

test('a large refused upload is still answered', async () => {
  const answer = await signContent(service, Buffer.alloc(5_000_000), { appKey: 'other' });
  expect(answer.json['code']).toBe('APP_KEY_UNKNOWN');
});

test('the log says who sent what, and over which connection', async () => {
  const { cert, key, chain } = service.credentials;
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, cert, key, ca: chain });
  const nonce = makeNonce();
  await send(service, buildRequest(service, CONTENT, { nonce }), { agent });
  await send(service, buildRequest(service, Buffer.from('other')), { agent });
  agent.destroy();
  const [first, second] = service.log.slice(-2);
  expect(first).toMatchObject({
    nonce,
    status: 200,
    bytes: CONTENT.length,
    verdict: 'signed',
    clientSubject: 'CN=rehearsal-client',
  });
  expect(second?.remotePort).toBe(first?.remotePort);
  expect(second?.sha256).toBe('d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa');
});

test('by default a service keeps only counters', async () => {
  const quiet = await startService({
    pki: service.pki,
    signPath: '/sign?tenant=a',
    pathPrefix: '/pre',
    appSecret: 's',
    delayMs: 30,
  });
  try {
    const startedMs = performance.now();
    expect((await signContent(quiet, CONTENT)).status).toBe(200);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(29);
    expect(quiet.url).toBe(`https://127.0.0.1:${quiet.port}/pre`);
    expect(quiet.log).toEqual([]);
    expect(quiet.counters).toMatchObject({
      requests: 1,
      signed: 1,
      signedBytes: CONTENT.length,
      mostInFlight: 1,
    });
    await eventually(() => expect(quiet.counters.inFlight).toBe(0));
  } finally {
    await quiet.close();
  }
});

test('a port that is taken is an error that names it', async () => {
  await expect(startService({ pki: service.pki, port: service.port })).rejects.toMatchObject({
    code: 'SERVICE_NOT_STARTED',
    message: expect.stringContaining(String(service.port)),
  });
});
