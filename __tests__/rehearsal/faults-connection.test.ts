import https from 'node:https';
import { expect, test } from 'vitest';
import { eventually } from '../helpers/time.ts';
import { openService } from '../signing/signing-run.ts';
import { buildRequest, expectGenuine, makeNonce, send, signContent } from './client.ts';
import { status } from './fault-samples.ts';
import { observe } from './wire.ts';

const CONTENT = Buffer.from('content');
const LARGE = Buffer.alloc(8_000_000, 1);

test('the faults of a list apply to requests in their order, and later requests get none', async () => {
  const service = await openService({ script: [status(503), undefined, status(500)] });
  const statuses: number[] = [];
  for (let turn = 0; turn < 4; turn++) statuses.push((await signContent(service, CONTENT)).status);
  expect(statuses).toEqual([503, 200, 500, 200]);
  expect(service.log.map((entry) => [entry.fault, entry.verdict, entry.status])).toEqual([
    ['answer', undefined, 503],
    [undefined, 'signed', 200],
    ['answer', undefined, 500],
    [undefined, 'signed', 200],
  ]);
  expect(service.counters).toMatchObject({ requests: 4, faulted: 2, signed: 2 });
});

test('a function sees which try and which connection a request is', async () => {
  const seen: number[][] = [];
  const service = await openService({
    script: ({ index, nthOfLength, nthOfConnection, inFlight, headers }) => {
      seen.push([index, nthOfLength, nthOfConnection, inFlight]);
      expect(headers['es-auth-appkey']).toBe(service.appKey);
      return nthOfLength === 0 ? status(502) : undefined;
    },
  });
  const { cert, key, chain } = service.credentials;
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, cert, key, ca: chain });
  const statuses: number[] = [];
  for (const content of ['a', 'abcdef', 'a', 'abcdef']) {
    await eventually(() => expect(service.counters.inFlight).toBe(0));
    statuses.push((await send(service, buildRequest(service, Buffer.from(content)), { agent })).status);
  }
  agent.destroy();
  expect(statuses).toEqual([502, 502, 200, 200]);
  expect(seen).toEqual([
    [0, 0, 0, 1],
    [1, 0, 1, 1],
    [2, 1, 2, 1],
    [3, 1, 3, 1],
  ]);
});

test('delay: the regular answer comes later', async () => {
  const service = await openService({
    script: [
      { kind: 'delay', ms: 60 },
      { kind: 'delay', ms: 60, next: status(429, { 'retry-after': '7' }) },
    ],
  });
  const startedMs = performance.now();
  expectGenuine(service, await signContent(service, CONTENT), CONTENT);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(59);
  const throttled = await signContent(service, CONTENT);
  expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '7']);
});

test.each([
  ['before-body', 'reset', 0, 'ECONNRESET'],
  ['during-body', 'reset', 0.75, 'ECONNRESET'],
  ['after-body', 'reset', 1, 'ECONNRESET'],
  ['after-body', 'close', 1, 'end'],
] as const)('end: %s by %s, when only so much was sent', async (when, by, share, ending) => {
  const service = await openService({ script: [{ kind: 'end', when, by }] });
  const wire = await observe(service, LARGE, share);
  expect([wire.bytes, wire.ending]).toEqual(['', ending]);
});

test.each([
  ['during-body', 0.25],
  ['after-body', 0.75],
] as const)('end: %s does not come before its time', async (when, share) => {
  const service = await openService({ script: [{ kind: 'end', when, by: 'reset' }] });
  const wire = observe(service, CONTENT, share);
  await eventually(() => expect(service.counters.requests).toBe(1));
  const early = await Promise.race([wire, new Promise((resolve) => setTimeout(resolve, 50, 'open'))]);
  expect(early).toBe('open');
});

test('silence: the connection stays open without an answer until the service closes', async () => {
  const service = await openService({ script: [{ kind: 'silence' }] });
  const wire = observe(service, CONTENT);
  await eventually(() => expect(service.counters.requests).toBe(1));
  const first = await Promise.race([wire, new Promise((resolve) => setTimeout(resolve, 80, 'open'))]);
  expect([first, service.counters.inFlight]).toEqual(['open', 1]);
  await service.close();
  expect((await wire).bytes).toBe('');
});

test('a wrong clock shows in the Date and in what is accepted', async () => {
  const service = await openService({ now: () => Date.now() + 2 * 3600_000 });
  const early = await signContent(service, CONTENT);
  expect(early.json['code']).toBe('TIMESTAMP_OUTSIDE_WINDOW');
  const offsetMs = Date.parse(String(early.headers['date'])) - Date.now();
  expect(Math.abs(offsetMs - 2 * 3600_000)).toBeLessThan(2000);
  const timestamp = String(Date.now() + offsetMs);
  expect((await signContent(service, CONTENT, { timestamp })).status).toBe(200);
});

test('a nonce counts as used even when its request met a fault', async () => {
  const service = await openService({ script: [{ kind: 'end', when: 'after-body', by: 'reset' }] });
  const request = buildRequest(service, CONTENT, { nonce: makeNonce() });
  await expect(send(service, request)).rejects.toThrow();
  expect((await send(service, request)).json['code']).toBe('NONCE_REUSED');
  expect(service.counters.replays).toBe(1);
});

test('connections can be reset ahead of TLS', async () => {
  const service = await openService({ acceptConnection: (index) => index !== 0 });
  await expect(signContent(service, CONTENT)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect((await signContent(service, CONTENT)).status).toBe(200);
  expect(service.counters).toMatchObject({ connections: 2, requests: 1 });
});

test('closing ends the requests in flight', async () => {
  const service = await openService({ script: [{ kind: 'delay', ms: 60_000 }] });
  const wire = observe(service, CONTENT);
  await eventually(() => expect(service.counters.inFlight).toBe(1));
  await service.close();
  expect((await wire).bytes).toBe('');
  await eventually(() => expect(service.counters).toMatchObject({ inFlight: 0, aborted: 1 }));
});
