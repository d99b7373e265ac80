import { describe, expect, test } from 'vitest';
import { jsonAnswer } from '../../src/rehearsal/requests/call.ts';
import { limitMs } from '../helpers/time.ts';
import { redirect, status } from '../rehearsal/fault-samples.ts';
import { type Fault, startService } from '../rehearsal/faulty-service.ts';
import { type Encounter, meet, SIGN_ONLY } from './meeting.ts';

/** Without it the other files start when the canary is not answered within its head start of some 50 ms, as on a busy machine. */
const ONE_AT_A_TIME = { concurrency: '1' };

const many = (count: number, met?: Encounter): Record<string, Encounter> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, met]));

describe.concurrent('a redirect', { tags: ['fault-28'] }, () => {
  test.each([301, 302, 307, 308] as const)('%i ends the run and is never followed', async (code) => {
    const elsewhere = await startService({ record: true });
    const canary = redirect(code, `${elsewhere.url}/login?token=s3cr3t-in-a-url`);
    const { run, errors, requests, signed } = await meet({ canary, files: many(20), inputs: ONE_AT_A_TIME });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['HTTP_REDIRECT']);
    expect(run.log).toContain(`a redirect to ${elsewhere.url}`);
    expect(run.log).not.toContain('s3cr3t-in-a-url');
    expect(requests).toHaveLength(1);
    expect(signed).toEqual([]);
    expect(elsewhere.counters.connections).toBe(0);
    await elsewhere.close();
  });
});

describe.concurrent('401 and 403', { tags: ['fault-29'] }, () => {
  test('a wrong app secret ends a run over 500 files within 2 s and 5 requests', async () => {
    const { run, errors, requests, signed } = await meet({
      files: many(499),
      // What is in flight when the refusal comes has been sent.
      inputs: { 'app-secret': 'wrong-secret', concurrency: '3' },
    });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['UNAUTHORIZED']);
    expect(run.log).toMatch(/401.*SIGN_MISMATCH[\s\S]*Check app-key and app-secret/);
    expect(requests.length).toBeLessThanOrEqual(5);
    expect(Number(run.outputs['duration-ms'])).toBeLessThan(limitMs(2000));
    expect(run.outputs).toMatchObject({ 'file-count': '500', 'signed-count': '0' });
    expect(signed).toEqual([]);
  });

  test('after a success, each file has three tries with fresh headers, and the others go on', async () => {
    const files = { once: [status(401)], always: status(403), fine: undefined };
    const { run, errors, receipts, signed, requests } = await meet({ files });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['FORBIDDEN']);
    expect(signed).toEqual(['canary', 'fine', 'once']);
    expect(receipts['once']).toMatchObject({ status: 'signed' });
    expect(receipts['always']).toMatchObject({ status: 'failed', error: { code: 'FORBIDDEN' } });
    const seen = (name: string): number => requests.filter((request) => request.name === name).length;
    expect(seen('once'), run.log).toBe(2);
    // When the 401 arrives first, the 403 that is in flight by then says nothing about its file, and its attempt is not counted.
    expect(seen('always'), run.log).toBeOneOf([3, 4]);
    const nonces = requests.map(({ request }) => request.headers['es-auth-nonce']);
    expect(new Set(nonces).size).toBe(requests.length);
  });

  test('four files in a row end the run all the same', async () => {
    const { run, errors, requests, signed } = await meet({
      files: many(60, status(401)),
      inputs: { concurrency: '4' },
    });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['UNAUTHORIZED']);
    expect(signed).toEqual(['canary']);
    expect(requests.length).toBeLessThan(20);
    expect(run.summary).toContain('not signed');
  });
});

describe.concurrent('400, 404, 405, 415 and 422', { tags: ['fault-30'] }, () => {
  test('fail their file alone; 400 with a throttling code is repeated', async () => {
    const throttled: Fault = { kind: 'answer', answer: jsonAnswer(400, { code: 'SlowDown', message: 'later' }) };
    const files = {
      bad: status(400),
      missing: status(404),
      method: status(405),
      type: status(415),
      entity: status(422),
      throttled: [throttled],
    };
    const { run, errors, receipts, signed, requests } = await meet({ files });
    expect(run.exitCode).toBe(1);
    expect(errors.toSorted()).toEqual(['METHOD_REFUSED', 'NOT_FOUND', 'REQUEST_REFUSED']);
    for (const name of ['bad', 'type', 'entity'])
      expect(receipts[name], name).toMatchObject({ status: 'failed', attempts: 1 });
    // The address is the same for every file, so that another server may know it.
    for (const name of ['missing', 'method'])
      expect(receipts[name], name).toMatchObject({ status: 'failed', attempts: 6 });
    expect(receipts['throttled']).toMatchObject({ status: 'signed', attempts: 2 });
    expect(signed).toEqual(['canary', 'throttled']);
    expect(requests).toHaveLength(18);
    expect(run.log).toMatch(/answered 404: “STATUS_404: As scripted”/);
  });

  test('end the run when the first four files all meet them', async () => {
    const { run, errors, requests } = await meet({
      canary: status(404),
      files: many(60, status(404)),
      inputs: ONE_AT_A_TIME,
    });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['NOT_FOUND']);
    expect(requests.length).toBeLessThan(20);
    expect(run.log).toContain('Check the path in server-url and sign-path');
  });
});

test.concurrent('408, 425, 502, 503, 504 and 507 are repeated until the service works again', {
  tags: ['fault-31', 'fault-36'],
}, async () => {
  const codes = [408, 425, 502, 503, 504, 507];
  const files = Object.fromEntries(codes.map((code) => [`status-${code}`, [status(code)]]));
  const { run, receipts, requests } = await meet({ files, inputs: SIGN_ONLY });
  expect(run.exitCode, run.log).toBe(0);
  for (const code of codes) expect(receipts[`status-${code}`]).toMatchObject({ status: 'signed', attempts: 2 });
  expect(requests).toHaveLength(1 + 2 * codes.length);
});

describe.concurrent('413', { tags: ['fault-32'] }, () => {
  test('fails its file alone, with its size and the reason that the service gives, and is not repeated', async () => {
    const answer = jsonAnswer(413, { message: 'limit is 4 MB' });
    const early: Fault = { kind: 'answer', answer, when: 'during-body', by: 'reset' };
    const files = { late: { kind: 'answer', answer } as const, early, asked: [status(413, { 'retry-after': '0' })] };
    const { run, errors, receipts, signed, requests } = await meet({ files });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['FILE_TOO_LARGE_FOR_SERVER']);
    for (const name of ['late', 'early']) expect(receipts[name], name).toMatchObject({ status: 'failed', attempts: 1 });
    expect(receipts['asked']).toMatchObject({ status: 'signed' });
    expect(requests.filter(({ name }) => name === 'asked').length, run.log).toBe(2);
    expect(signed).toEqual(['asked', 'canary']);
    expect(run.log).toMatch(/413.*limit is 4 MB/);
  });

  test('is read although it comes in the middle of a large upload and a reset follows it', async () => {
    const early: Fault = {
      kind: 'answer',
      answer: jsonAnswer(413, { message: 'limit is 4 MB' }),
      when: 'during-body',
      by: 'reset',
    };
    const { run, errors, receipts } = await meet({ files: { large: early }, sizes: { large: 8 * 1024 * 1024 } });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['FILE_TOO_LARGE_FOR_SERVER']);
    // A reset can overtake the answer; then the file is sent again.
    expect(receipts['large']).toMatchObject({ status: 'failed' });
    expect(run.log).toContain('limit is 4 MB');
  });
});

test.concurrent('500 is tried again for its file, as often as attempts says', { tags: ['fault-35'] }, async () => {
  const { run, errors, receipts, signed } = await meet({
    files: { once: [status(500)], always: status(500), fine: undefined },
    inputs: { attempts: '3' },
  });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['SERVER_ERROR']);
  expect(receipts['once']).toMatchObject({ status: 'signed', attempts: 2 });
  expect(receipts['always']).toMatchObject({ status: 'failed', attempts: 3 });
  expect(signed).toEqual(['canary', 'fine', 'once']);
});

describe.concurrent('a status that no repeat can change', { tags: ['fault-37'] }, () => {
  test.each([
    ['501', 'NOT_IMPLEMENTED', status(501)],
    ['505', 'HTTP_VERSION_REFUSED', status(505)],
    ['511', 'NETWORK_LOGIN', status(511)],
  ])('%s ends the run after one request', async (_, code, canary) => {
    const { run, errors, requests, signed } = await meet({ canary, files: many(20), inputs: ONE_AT_A_TIME });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual([code]);
    expect(requests).toHaveLength(1);
    expect(signed).toEqual([]);
  });
});
