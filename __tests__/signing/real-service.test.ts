import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { connectionFailure } from '../../src/connection/connection-failure.ts';
import { ActionError } from '../../src/errors.ts';
import { jsonAnswer } from '../../src/rehearsal/requests/call.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { limitMs } from '../helpers/time.ts';
import { hugeBody, hugeHeader, RAW_ANSWERS, redirect, status, webPage } from '../rehearsal/fault-samples.ts';
import type { Fault } from '../rehearsal/faulty-service.ts';
import { genuineSignatures, openService, plant, plantMany, sha256Of, signTree, type Target } from './signing-run.ts';

const MIB = 2 ** 20;
const JSON_HEADER = { 'content-type': 'application/json' };

function codesOf({ outcomes }: Awaited<ReturnType<typeof signTree>>): Record<string, string> {
  return Object.fromEntries(outcomes.flatMap(({ file, error }) => (error ? [[file.path, error.code]] : [])));
}

test('every file gets a genuine signature, and each request has its own nonce', async () => {
  const service = await openService();
  const tree = plantMany(120);
  const run = await signTree(service, tree);
  expect(run.ending).toBeUndefined();
  expect(run.outcomes.map(({ status: state, attempts }) => `${state} ${attempts}`)).toEqual(
    Array(120).fill('signed 1'),
  );
  expect(run.outcomes.map(({ sha256 }) => sha256)).toEqual(tree.files.map(({ path }) => sha256Of(tree, path)));
  expect(genuineSignatures(service, tree)).toHaveLength(120);
  expect([service.counters.requests, run.requests, service.counters.replays]).toEqual([120, 120, 0]);
  expect(new Set(service.log.map(({ nonce }) => nonce)).size).toBe(120);
});

test('the smallest file is the canary, and goes alone', async () => {
  const service = await openService({ delayMs: 30 });
  const tree = plant({ 'a.bin': Buffer.alloc(900), 'b.bin': Buffer.alloc(7), 'c.bin': Buffer.alloc(800) });
  await signTree(service, tree);
  expect(service.log[0]?.bytes).toBe(7);
});

test('on a busy machine the canary waits longer for an answer before the others follow', async () => {
  // Later than the head start on an idle machine, and well within that of one which is ten times slower.
  const script = (): Fault => ({ kind: 'delay', ms: 150, next: status(400) });
  const service = await openService({ script });
  const run = await signTree(service, plantMany(60), { clock: createClock(10) });
  expect(run.ending?.code).toBe('REQUEST_REFUSED');
  expect(service.counters.requests).toBe(4);
});

test('connections are kept and used again', async () => {
  const service = await openService();
  await signTree(service, plantMany(40), { concurrency: 1 });
  expect([service.counters.requests, service.counters.connections]).toEqual([40, 1]);
});

test('a fault on the first try of every file costs no file; every try is a fresh request', async () => {
  const faults: readonly Fault[] = [
    status(500),
    status(502),
    status(503),
    status(429, { 'retry-after': '0' }),
    status(408),
    status(204),
    { kind: 'end', when: 'before-body', by: 'reset' },
    { kind: 'end', when: 'during-body', by: 'close' },
    { kind: 'end', when: 'after-body', by: 'reset' },
    { kind: 'cut', framing: 'content-length', by: 'close' },
    { kind: 'cut', framing: 'chunked', by: 'reset' },
    { kind: 'cut', framing: 'close', by: 'close' },
    { kind: 'raw', bytes: RAW_ANSWERS.banner, by: 'close' },
    { kind: 'raw', bytes: RAW_ANSWERS.chunkGarbage, by: 'close' },
    { kind: 'raw', bytes: RAW_ANSWERS.twoLengths, by: 'close' },
    { kind: 'answer', answer: { status: 200, headers: JSON_HEADER, body: '' } },
    { kind: 'inform', status: 103 },
    webPage('Maintenance'),
  ];
  // The canary gets a regular answer: other rules hold for a fault of the canary.
  const script = ({ index, nthOfLength }: { index: number; nthOfLength: number }): Fault | undefined =>
    index > 0 && nthOfLength === 0 ? faults[index % faults.length] : undefined;
  const service = await openService({ script });
  // Of different body lengths, so that the script can tell the tries of a file.
  const tree = plant(
    Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`f${at}`, Buffer.alloc(3 * at + 1, at)])),
  );
  const run = await signTree(service, tree);
  expect(codesOf(run)).toEqual({});
  expect(genuineSignatures(service, tree)).toHaveLength(90);
  expect(service.counters.replays).toBe(0);
  expect(new Set(service.log.map(({ nonce }) => nonce)).size).toBe(service.log.length);
  expect(service.log.every(({ timestamp }) => Math.abs(Number(timestamp) - Date.now()) < 20_000)).toBe(true);
  expect(service.log.length).toBeLessThanOrEqual(2 * 90 + 20);
});

test('the timestamp of a repeat is new', async () => {
  const service = await openService({ script: [{ kind: 'delay', ms: 60, next: status(500) }] });
  await signTree(service, plant({ one: Buffer.from('1') }));
  const [first, second] = service.log.map(({ timestamp }) => Number(timestamp));
  expect(second).toBeGreaterThanOrEqual((first ?? 0) + 50);
});

test('a reused connection that closes without an answer costs one repeat that is not counted, even with attempts: 1', async () => {
  const script = ({ nthOfConnection }: { nthOfConnection: number }): Fault | undefined =>
    nthOfConnection === 1 ? { kind: 'end', when: 'before-body', by: 'reset' } : undefined;
  const service = await openService({ script });
  const tree = plantMany(30);
  const run = await signTree(service, tree, { attempts: 1, concurrency: 1 });
  expect(genuineSignatures(service, tree)).toHaveLength(30);
  expect(run.events).toEqual([]);
  expect(run.requests).toBe(59);
});

test.each<[string, Fault, string, string]>([
  ['an answer of 50 MB', hugeBody(50_000_000), 'RESP_TOO_LARGE', 'larger than 1 MiB'],
  ['a header of 1 MB', hugeHeader(1_000_000), 'RESP_TOO_LARGE', 'headers'],
  ['422', status(422), 'REQUEST_REFUSED', '422'],
])('%s is about that file only, and is not repeated', async (_, fault, code, message) => {
  const script = ({ lengthBytes }: { lengthBytes: number }): Fault | undefined =>
    lengthBytes > 1e6 ? fault : undefined;
  const service = await openService({ script });
  const tree = plant({ 'a.bin': Buffer.alloc(10), 'big.bin': Buffer.alloc(6_000_000, 1), 'c.bin': Buffer.alloc(20) });
  const run = await signTree(service, tree);
  expect(codesOf(run)).toEqual({ 'big.bin': code });
  expect(run.outcomes[1]?.error?.message).toContain(message);
  expect([run.requests, run.ending]).toEqual([3, undefined]);
  expect(genuineSignatures(service, tree)).toEqual(['a.bin', 'c.bin']);
});

test('a file that one server of several refuses for its size, but not a larger one, is repeated, and told as that', async () => {
  const tree = plant({ 'a.bin': Buffer.alloc(10), 'b.bin': Buffer.alloc(9000), 'c.bin': Buffer.alloc(2000) });
  const refusing = async (most: number): ReturnType<typeof openService> => {
    let refusals = 0;
    const script = ({ lengthBytes }: { readonly lengthBytes: number }): Fault | undefined =>
      lengthBytes > 2000 && lengthBytes < 5000 && refusals++ < most ? status(413) : undefined;
    return openService({ script });
  };
  const repeated = await signTree(await refusing(1), tree, { concurrency: 1 });
  expect(repeated.outcomes.map(({ status: state, attempts }) => `${state} ${attempts}`)).toEqual([
    'signed 1',
    'signed 1',
    'signed 2',
  ]);
  const refused = await signTree(await refusing(99), tree, { concurrency: 1 });
  expect(codesOf(refused)).toEqual({ 'c.bin': 'FILE_TOO_LARGE_FOR_SERVER' });
  expect(refused.outcomes[2]?.attempts).toBe(6);
  expect(refused.outcomes[2]?.error?.hint).toMatch(/^A file of 9000 bytes was accepted in this run: one of several/);
});

test('an early 413 is read although a reset follows it', async () => {
  // Another process: in this one the reset would always come before the answer could be read.
  const child = fork(new URL('early-refusal.ts', import.meta.url));
  onTestFinished(() => void child.kill());
  const [service]: Target[] = await once(child, 'message');
  if (!service) throw new Error('The service said nothing.');
  const tree = plant({ 'a.bin': Buffer.alloc(10), 'big.bin': Buffer.alloc(6_000_000, 1), 'c.bin': Buffer.alloc(20) });
  const run = await signTree(service, tree);
  expect(codesOf(run)).toEqual({ 'big.bin': 'FILE_TOO_LARGE_FOR_SERVER' });
  expect(run.outcomes[1]?.error?.message).toContain('413 to a file of 6000000 bytes: “TOO_LARGE: At most 1000 bytes”.');
  expect(genuineSignatures(service, tree)).toEqual(['a.bin', 'c.bin']);
});

test('an answer that arrives byte by byte ends at the time limit of its attempt', async () => {
  const service = await openService({ script: [{ kind: 'drip', everyMs: 150, from: 'body' }] });
  const tree = plant({ one: Buffer.from('1') });
  const run = await signTree(service, tree, { timeoutMs: 400 });
  expect(run.events.map((event) => (event.type === 'recovery' ? event.type : event.failure.code))).toContain('TIMEOUT');
  expect(run.elapsedMs).toBeLessThan(limitMs(1500));
  expect(genuineSignatures(service, tree)).toEqual(['one']);
});

test.each([
  ['small files that wait for their answers', () => plantMany(60)],
  ['a large file on its way', () => plant({ big: Buffer.alloc(48 * MIB, 3) })],
])('cancelling lets go of %s within milliseconds and leaves nothing', async (_, makeTree) => {
  const service = await openService({ script: () => ({ kind: 'silence' }) });
  const tree = makeTree();
  const cancel = new AbortController();
  let cancelledMs = 0;
  setTimeout(() => {
    cancelledMs = performance.now();
    cancel.abort(new ActionError('CANCELLED', 'The run was cancelled.'));
  }, 120);
  const run = await signTree(service, tree, { signal: cancel.signal });
  const tookMs = performance.now() - cancelledMs;
  expect(tookMs).toBeLessThan(limitMs(100));
  expect(run.ending?.code).toBe('CANCELLED');
  expect(new Set(run.outcomes.map(({ status: state }) => state))).toEqual(new Set(['not-tried']));
  expect(genuineSignatures(service, tree)).toEqual([]);
});

test('a request that cannot be made ends the run at once, and is not taken for a lost connection', async () => {
  const service = await openService();
  const run = await signTree({ ...service, appKey: 'two\nlines' }, plantMany(20));
  expect([run.ending?.code, run.ending?.kind, service.counters.requests]).toEqual(['INTERNAL', 'config', 0]);
  expect(run.ending?.message).toContain('no request can be made (invalid es-auth-appkey header)');
  expect(run.requests).toBe(1);
});

test('an error while a request is prepared fails its file alone, and is not repeated', () => {
  const facts = { origin: 'https://sign.example', alert: undefined, stale: false };
  const kinds = [new TypeError('x is undefined'), new RangeError('Invalid array length')].map((error) => {
    const { kind, code, message } = connectionFailure(error, facts);
    return [kind, code, message];
  });
  expect(kinds).toEqual([
    ['file', 'INTERNAL', 'https://sign.example: no request can be made (x is undefined).'],
    ['file', 'INTERNAL', 'https://sign.example: no request can be made (Invalid array length).'],
  ]);
});

test('a redirect is never followed, and ends the run', async () => {
  const elsewhere = await openService();
  const service = await openService({ script: () => redirect(307, `${elsewhere.url}${elsewhere.signPath}`) });
  const run = await signTree(service, plantMany(20));
  expect([run.ending?.code, service.counters.requests, elsewhere.counters.connections]).toEqual([
    'HTTP_REDIRECT',
    1,
    0,
  ]);
});

test('a wrong secret ends the run with a handful of requests', async () => {
  const service = await openService();
  const tree = plantMany(500);
  const run = await signTree(service, tree, { appSecret: 'wrong', random: Math.random });
  expect(run.ending?.code).toBe('UNAUTHORIZED');
  expect(run.requests).toBeLessThanOrEqual(5);
  expect(run.elapsedMs).toBeLessThan(limitMs(2000));
  expect(genuineSignatures(service, tree)).toEqual([]);
});

test.each([2 * 3600, -600])(
  'a clock that is off by %i s is corrected once, at the cost of one request',
  async (seconds) => {
    const service = await openService({ now: () => Date.now() + seconds * 1000 });
    const tree = plantMany(40);
    const run = await signTree(service, tree);
    expect(genuineSignatures(service, tree)).toHaveLength(40);
    expect(run.requests).toBe(41);
    expect(run.warnings).toHaveLength(1);
    const [, told, where] = /is (\d+) s (ahead of|behind) the clock of this runner/.exec(run.warnings[0] ?? '') ?? [];
    expect(where).toBe(seconds > 0 ? 'ahead of' : 'behind');
    expect(Math.abs(Number(told) - Math.abs(seconds))).toBeLessThanOrEqual(2);
  },
);

test('a login page instead of the service ends the run after two requests', async () => {
  const service = await openService({ script: () => webPage('Sign in') });
  const run = await signTree(service, plantMany(100));
  expect([run.ending?.code, run.requests]).toEqual(['RESP_HTML', 2]);
  expect(run.ending?.message).toContain('“Sign in”');
});

test('an answer that comes before the whole file was sent is not taken for its signature', async () => {
  const early: Fault = { kind: 'answer', answer: jsonAnswer(200, { signData: 'AAAA' }), when: 'during-body' };
  const script = ({ lengthBytes }: { lengthBytes: number }): Fault | undefined =>
    lengthBytes > 1e6 ? early : undefined;
  const service = await openService({ script });
  // Half of it is more than both ends of a connection hold.
  const tree = plant({ 'a.bin': Buffer.alloc(10), 'big.bin': Buffer.alloc(64 * MIB, 1) });
  const run = await signTree(service, tree, { algorithm: 'none' });
  expect(codesOf(run)).toEqual({ 'big.bin': 'ANSWER_TOO_EARLY' });
  expect(genuineSignatures(service, tree)).toEqual(['a.bin']);
});

test('a large file streams through little memory', async () => {
  const service = await openService();
  const content = Buffer.alloc(64 * MIB);
  for (let at = 0; at < content.length; at += 4096) content.writeUInt32LE(at, at);
  const tree = plant({ 'big.bin': content, 'small.bin': Buffer.from('1') });
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const sampler = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 5);
  const run = await signTree(service, tree);
  clearInterval(sampler);
  expect(run.outcomes.map(({ sha256 }) => sha256)).toEqual(tree.files.map(({ path }) => sha256Of(tree, path)));
  expect(genuineSignatures(service, tree)).toHaveLength(2);
  expect(most).toBeLessThan(48 * MIB);
});

test('30 % of all requests fail in one way or another, and every file is signed', async () => {
  const kinds: readonly Fault[] = [
    status(503),
    status(502),
    { kind: 'end', when: 'after-body', by: 'reset' },
    { kind: 'end', when: 'before-body', by: 'close' },
    status(500),
  ];
  const script = ({ index }: { index: number }): Fault | undefined =>
    index > 0 && (index * 7) % 10 < 3 ? kinds[index % kinds.length] : undefined;
  const service = await openService({ script });
  const tree = plantMany(300);
  const run = await signTree(service, tree, { random: () => Math.random() / 20 });
  expect(codesOf(run)).toEqual({});
  expect(genuineSignatures(service, tree)).toHaveLength(300);
  expect(run.requests).toBeLessThanOrEqual(450);
  expect(service.counters.replays).toBe(0);
});
