import { describe, expect, test } from 'vitest';
import { hugeHeader, RAW_ANSWERS, status } from '../rehearsal/fault-samples.ts';
import type { Ending, Fault, Framing, Stage } from '../rehearsal/faulty-service.ts';
import { type Encounter, meet, SIGN_ONLY } from './meeting.ts';

const STAGES: readonly Stage[] = ['before-body', 'during-body', 'after-body'];
const ENDINGS: readonly Ending[] = ['close', 'reset'];
const FRAMINGS: readonly Framing[] = ['content-length', 'chunked', 'close'];

test.concurrent('a connection that is lost before, during or after the upload costs exactly one more request', {
  tags: ['fault-41'],
}, async () => {
  const files = Object.fromEntries(
    STAGES.flatMap((when) => ENDINGS.map((by) => [`${when}-${by}`, [{ kind: 'end', when, by } as const]] as const)),
  );
  const { run, receipts, requests } = await meet({ files, inputs: SIGN_ONLY });
  expect(run.exitCode, run.log).toBe(0);
  for (const name of Object.keys(files)) expect(receipts[name], name).toMatchObject({ status: 'signed', attempts: 2 });
  expect(requests).toHaveLength(13);
});

test.concurrent('a connection lost on the very first request is not taken for a refusal of our certificate', {
  tags: ['fault-41'],
}, async () => {
  const { run, receipts } = await meet({
    canary: [{ kind: 'end', when: 'after-body', by: 'reset' }],
    files: { a: undefined },
    inputs: SIGN_ONLY,
  });
  expect(run.exitCode, run.log).toBe(0);
  expect(receipts['canary']).toMatchObject({ status: 'signed', attempts: 2 });
});

test.concurrent('a reused connection that dies before a byte of an answer is a free repeat', {
  tags: ['fault-42'],
}, async () => {
  const names = Array.from({ length: 20 }, (_, at) => `f${at}`);
  const files = Object.fromEntries(
    names.map((name) => [name, [{ kind: 'end', when: 'before-body', by: 'reset' }] as const]),
  );
  const { run, requests } = await meet({ files, inputs: { ...SIGN_ONLY, concurrency: '1', attempts: '1' } });
  expect(run.exitCode, run.log).toBe(0);
  // Every one of them came over the connection of the file before.
  const dead = requests.filter(({ request }) => request.nthOfLength === 0 && request.nthOfConnection > 0);
  expect(dead).toHaveLength(20);
  expect(run.outputs).toMatchObject({ 'signed-count': '21', 'request-count': '41' });
});

test.concurrent('a request whose answer is cut short is repeated, however the length was announced', {
  tags: ['fault-43', 'fault-44'],
}, async () => {
  const files: Record<string, Encounter> = {};
  for (const framing of FRAMINGS) {
    for (const by of ENDINGS) files[`${framing}-${by}`] = [{ kind: 'cut', framing, by }];
  }
  const { run, receipts } = await meet({ files, inputs: SIGN_ONLY });
  expect(run.exitCode, run.log).toBe(0);
  for (const name of Object.keys(files)) expect(receipts[name], name).toMatchObject({ status: 'signed', attempts: 2 });
  // What ends with its connection looks whole; the others may have been signed twice.
  for (const text of [run.log, run.summary])
    expect(text.replace(/&#\d+;/g, ' ')).toMatch(/[45] requests were repeated/);
});

test.concurrent('a repeat counts as ambiguous only when the whole request had left', {
  tags: ['fault-43'],
}, async () => {
  const lost = (when: Stage): Encounter => [{ kind: 'end', when, by: 'reset' }];
  const { run, receipts } = await meet({
    files: { before: lost('before-body'), during: lost('during-body'), after: lost('after-body'), busy: [status(503)] },
    // What is left at the reset is more than both ends of a connection hold: Linux gives them up to 38 MB where it is busy.
    sizes: { before: 30_000_000, during: 60_000_000, after: 600 },
    inputs: SIGN_ONLY,
  });
  expect(run.exitCode, run.log).toBe(0);
  for (const name of ['before', 'during', 'after']) expect(receipts[name], name).toMatchObject({ attempts: 2 });
  expect(run.log).toContain(
    '1 request was repeated after it had been sent whole, because no whole answer came: the service may have signed twice',
  );
});

test.concurrent('half an answer that looks whole never becomes a signature', { tags: ['fault-44'] }, async () => {
  const files = { half: { kind: 'cut', framing: 'close', by: 'close' } as const };
  const { run, errors, receipts, signed } = await meet({ files });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['RESP_NOT_JSON']);
  expect(receipts['half']).toMatchObject({ attempts: 3 });
  expect(signed).toEqual(['canary']);
});

test.concurrent('no answer, slow headers and a slow body end at the time limit of the attempt', {
  tags: ['fault-45'],
}, async () => {
  const files = {
    silent: [{ kind: 'silence' }],
    head: [{ kind: 'drip', everyMs: 300, from: 'head' }],
    body: [{ kind: 'drip', everyMs: 300, from: 'body' }],
  } as const;
  const { run, receipts, requests } = await meet({
    files,
    inputs: { ...SIGN_ONLY, timeout: '4' },
    run: { env: { RUNNER_DEBUG: '1' } },
  });
  expect(run.exitCode, run.log).toBe(0);
  for (const name of Object.keys(files)) expect(receipts[name], name).toMatchObject({ status: 'signed', attempts: 2 });
  expect(run.log).toMatch(/TIMEOUT.*No answer within \d s/);
  expect(run.log).toContain(
    '3 requests were repeated after each had been sent whole, because no whole answer came: the service may have signed twice',
  );
  expect(requests).toHaveLength(7);
});

test.concurrent('a header of 1 MB costs its file alone', { tags: ['fault-46'] }, async () => {
  const { run, errors, receipts, signed } = await meet({ files: { header: hugeHeader(1_000_000), fine: undefined } });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['RESP_TOO_LARGE']);
  expect(receipts['header']).toMatchObject({ status: 'failed', attempts: 1 });
  expect(signed).toEqual(['canary', 'fine']);
});

describe.concurrent('what is not HTTP/1.1', { tags: ['fault-47'] }, () => {
  const raw = (bytes: string): Fault => ({ kind: 'raw', bytes, by: 'close' });

  test('is repeated, and never taken for a signature', async () => {
    const once = Object.entries(RAW_ANSWERS).map(([name, bytes]) => [`${name}Once`, [raw(bytes)]] as const);
    const always = Object.entries(RAW_ANSWERS).map(([name, bytes]) => [name, raw(bytes)] as const);
    // Without a success between them, six in a row would end the run.
    const good = [...once, ...always].flatMap(([name]) => [
      [`${name}-1`, undefined] as const,
      [`${name}-2`, undefined] as const,
    ]);
    const { run, errors, receipts, signed } = await meet({
      files: Object.fromEntries<Encounter>([...once, ...always, ...good]),
      inputs: { attempts: '2', concurrency: '1' },
    });
    expect(run.exitCode).toBe(1);
    expect(errors.toSorted()).toEqual(['HTTP_MALFORMED', 'HTTP_UPGRADE']);
    for (const [name] of once) expect(receipts[name], name).toMatchObject({ status: 'signed', attempts: 2 });
    for (const [name] of always) expect(receipts[name], name).toMatchObject({ status: 'failed', attempts: 2 });
    expect(signed.toSorted()).toEqual(['canary', ...[...once, ...good].map(([name]) => name)].toSorted());
  });

  test.each([
    ['banner', 'HTTP_MALFORMED', 'does not speak HTTP/1.1'],
    ['switchingProtocols', 'HTTP_UPGRADE', 'although the request asked for no other protocol'],
  ] as const)('ends the run when the first two answers are nothing else: %s', async (name, code, words) => {
    const answer = raw(RAW_ANSWERS[name]);
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${at}`, answer]));
    const { run, errors, requests } = await meet({ canary: answer, files, inputs: { concurrency: '1' } });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual([code]);
    expect(run.log).toContain(words);
    expect(requests).toHaveLength(2);
  });
});

test.concurrent('an unexpected 100 costs one repeat, a 103 none', { tags: ['fault-48'] }, async () => {
  const { run, receipts } = await meet({
    files: { go: [{ kind: 'inform', status: 100 }], hint: { kind: 'inform', status: 103 } },
    inputs: SIGN_ONLY,
  });
  expect(run.exitCode, run.log).toBe(0);
  expect(receipts['go']).toMatchObject({ attempts: 2 });
  expect(receipts['hint']).toMatchObject({ attempts: 1 });
});

describe.concurrent('HTTP/2', { tags: ['fault-49'] }, () => {
  test('is not used with a server that offers it', async () => {
    const { run, requests } = await meet({
      service: { http2: true },
      files: { a: undefined, b: undefined },
      inputs: SIGN_ONLY,
    });
    expect(run.exitCode, run.log).toBe(0);
    for (const { request } of requests) expect(Object.keys(request.headers)).not.toContain(':path');
  });

  test('with http2: true, refused and broken streams are repeated, each time with a new nonce and signature', async () => {
    const files = Object.fromEntries(
      (['goaway', 'refused-stream', 'internal-error'] as const).map((error) => [
        error,
        [{ kind: 'http2', error }] as const,
      ]),
    );
    const { run, requests, receipts } = await meet({
      service: { http2: true },
      files,
      inputs: { ...SIGN_ONLY, http2: 'true' },
    });
    expect(run.exitCode, run.log).toBe(0);
    for (const { request } of requests) expect(Object.keys(request.headers)).toContain(':path');
    for (const name of ['refused-stream', 'internal-error'])
      expect(receipts[name], name).toMatchObject({ attempts: 2 });
    const nonces = requests.map(({ request }) => request.headers['es-auth-nonce']);
    expect(new Set(nonces).size).toBe(requests.length);
  });
});
