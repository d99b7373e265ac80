import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { Hindsight } from '../../src/signing/hindsight.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { failing } from './models.ts';
import { FAILURES, simulate, throttled } from './simulate.ts';

const named = FAILURES.unauthorised.with({ refusal: { isPage: false, advice: 'Ask for app key 7.' } });
const page = FAILURES.unauthorised.with({ refusal: { isPage: true, advice: undefined } });

/** The advice to a file that was lost, after a run of 100 files. */
async function adviceTo(failure: Failure, meets: (job: number, attempt: number) => boolean): Promise<string> {
  const run = await simulate(
    failing(failure, ({ job, attempt }) => meets(job, attempt)),
    { jobs: 100 },
  );
  const lost = [...run.settled.values()].find((settled) => settled.failure)?.failure;
  return lost?.hint ?? 'Every file was signed.';
}

test('files that are always refused are told apart from those that one server of several refuses', async () => {
  expect(await adviceTo(FAILURES.unauthorised, (job) => job === 30)).toMatch(
    /^Only this file met this, at every try; others were signed meanwhile\. A firewall .* in it: ask the operators for/,
  );
  expect(await adviceTo(page, (job) => job === 30 || job === 60)).toMatch(
    /^Only these 2 files met .* in them: ask the operators of that web server or gateway for an exception\.$/,
  );
  expect(await adviceTo(FAILURES.unauthorised, (job, attempt) => job === 30 || (job === 60 && attempt === 1))).toMatch(
    /^1 other file met this too and was signed when repeated: one of several servers .* lower concurrency helps\. Ask/,
  );
});

test('the error names a firewall when the same few files get a web page at every attempt', async () => {
  const refused = new Failure('request', 'RESP_HTML', 'A page.');
  const few = (job: number): boolean => [20, 40, 60].includes(job);
  expect(await adviceTo(refused, few)).toMatch(/^Only these 3 files met this, at every try; .* A firewall \(WAF\)/);
  const half = (job: number): boolean => job % 2 === 1;
  expect(await adviceTo(refused, half)).toMatch(/^One of several servers behind a balancer, or a gateway in front/);
});

test('a reason that the answer names decides what to ask for', async () => {
  expect(await adviceTo(named, (job) => job === 30)).toMatch(/others were signed meanwhile\. Ask for app key 7\.$/);
  expect(await adviceTo(named, (job, attempt) => job === 30 || (job === 60 && attempt === 1))).toMatch(
    /one of several servers behind a balancer refuses\. Ask for app key 7\.$/,
  );
  const locked = await simulate(
    failing(named, ({ nth }) => nth > 1),
    { jobs: 100 },
  );
  expect(locked.ending).toMatchObject({
    message: 'The service answered 401. The same credentials were good for 1 file of this run.',
    hint: 'Ask for app key 7.',
  });
});

test('credentials that are refused from one moment on may be withdrawn, where the answer gives no reason', async () => {
  const run = await simulate(
    failing(FAILURES.unauthorised, ({ nth }) => nth > 1),
    { jobs: 100 },
  );
  expect(run.ending?.hint).toMatch(/^The credentials may have been withdrawn during the run, or /);
});

test('a failure of the service that one file always meets is told as that of the file', async () => {
  const broken = new Failure('request', 'SERVER_ERROR', 'The service answered 500.', { hint: 'It is in trouble.' });
  expect(await adviceTo(broken, (job) => job === 30)).toMatch(
    /^Only this file met this, at every try; .* Something in it makes the service fail/,
  );
  expect(await adviceTo(broken, (job, attempt) => job === 30 || (job === 60 && attempt === 1))).toBe(
    'It is in trouble.',
  );
  expect(await adviceTo(broken, (job) => job % 2 === 1)).toBe('It is in trouble.');
});

test('a run that was throttled from its first request on is not told to lower concurrency', async () => {
  const run = await simulate(failing(throttled(0)), { jobs: 100 });
  expect(run.ending?.hint).toMatch(/^No request of this run was accepted/);
  const hindsight = new Hindsight();
  hindsight.onSettled(0, undefined);
  const ending = run.ending?.with({ hint: 'as it was' });
  expect(ending && hindsight.explain(ending, () => 'signed').hint).toBe('as it was');
});

/** What a run says at its end that signed file 0 before or after `failure` met the files, of which some were signed. */
function hindsightOn(failure: Failure, { before = [], after = [], signed = [] }: Record<string, number[]>): Failure {
  const hindsight = new Hindsight();
  const add = (job: number): void => hindsight.watching(() => {})({ type: 'retry', job, failure, delayMs: 0 });
  for (const job of before) add(job);
  hindsight.onSettled(0, undefined);
  for (const job of after) add(job);
  return hindsight.explain(failure, (job) => (signed.includes(job) ? 'signed' : 'failed'));
}

test('files are always the same where half of those that met a failure had met it at the last success', () => {
  const advice = (after: number[]) => hindsightOn(FAILURES.unauthorised, { before: [1, 2], after }).hint;
  expect(advice([3, 4])).toMatch(/^Only these 4 files met this, at every try/);
  expect(advice([3, 4, 5])).toMatch(/^The credentials may have been withdrawn during the run/);
});

test('several files that were signed when repeated are counted, and a page is asked about where it came from', () => {
  expect(hindsightOn(page, { before: [1, 2, 3], signed: [1, 2] }).hint).toMatch(
    /^2 other files met this too and were signed when repeated: .* helps\. Ask the operators of that web server or gateway\.$/,
  );
});

test.each(['NOT_FOUND', 'METHOD_REFUSED', 'RESP_HTML', 'RESP_EMPTY', 'RESP_NOT_JSON'] as const)(
  'an address that was good for other files is told with %s',
  (code) => {
    const { message, hint } = hindsightOn(new Failure('request', code, 'It is wrong.'), { before: [1] });
    expect(message).toBe('It is wrong. The same address was good for 1 file of this run.');
    expect(hint).toMatch(
      code.startsWith('RESP')
        ? /^One of several servers behind a balancer, or a gateway in front, may be broken/
        : /^One of several servers behind a balancer may be set up in another way/,
    );
  },
);

test('pages after successes accuse no path, address or certificate, also where they end the run', () => {
  const forbidden = page.with({ code: 'FORBIDDEN', hint: 'Path.' });
  const ended = new Failure('config', 'DEADLINE', 'It is late.', { hint: 'Path.', cause: forbidden });
  for (const failure of [forbidden, ended]) {
    const hindsight = new Hindsight();
    hindsight.onSettled(9, undefined);
    for (const job of [1, 2]) hindsight.onSettled(job, forbidden);
    expect(hindsight.explain(failure, () => 'failed').hint).toMatch(
      /^A rule there forbids a size or content of requests, or limits their number.* Ask the operators of that web server/,
    );
  }
  const blocked = new Failure('file', 'REQUEST_REFUSED', 'No.', { refusal: { isPage: true, advice: undefined } });
  expect(hindsightOn(blocked, { before: [1] }).hint).toMatch(/^Only this file met this, .* for an exception\.$/);
  const named = blocked.with({ refusal: undefined });
  expect(hindsightOn(named, { before: [1] })).toBe(named);
});

test('a certificate that is refused after a success was accepted by another server, or expired meanwhile', () => {
  const rejected = new Failure('config', 'TLS_CLIENT_REJECTED', 'Refused.', { hint: 'Check cert.' });
  expect(hindsightOn(rejected, {}).hint).toMatch(/^The same certificate was accepted on other connections of this run/);
});

test('failures of other kinds, and those that no file met, stay as they are', () => {
  const lost = new Failure('service', 'CONNECTION_LOST', 'It was lost.');
  expect(hindsightOn(lost, { before: [1] })).toBe(lost);
  expect(hindsightOn(FAILURES.unauthorised, {})).toBe(FAILURES.unauthorised);
});

test('a wait that is too long keeps its own advice, also when no request was accepted', () => {
  const cause = new ActionError('THROTTLED', 'The service answered 429.');
  const failure = new Failure('config', 'RETRY_AFTER_TOO_LONG', 'Too long.', { hint: 'Run again.', cause });
  expect(new Hindsight().explain(failure, () => undefined)).toBe(failure);
});

test('the files that were signed after the first failed attempt are counted', () => {
  const hindsight = new Hindsight();
  const counts = [undefined, throttled(), undefined, undefined, throttled(), undefined].map((failure, job) => {
    hindsight.onSettled(job, failure);
    return hindsight.signedAfterFailure;
  });
  expect(counts).toEqual([0, 0, 1, 2, 2, 3]);
});
