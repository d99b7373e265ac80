import { expect, test } from 'vitest';
import { Failure } from '../../src/signing/policy/failure.ts';
import { Hindsight } from '../../src/signing/policy/refusals.ts';
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
});

test('a run that was throttled from its first request on is not told to lower concurrency', async () => {
  const run = await simulate(failing(throttled(0)), { jobs: 100 });
  expect(run.ending?.hint).toMatch(/^Not one request of this run was accepted/);
  const hindsight = new Hindsight();
  hindsight.onSettled(0, undefined);
  const ending = run.ending?.with({ hint: 'as it was' });
  expect(ending && hindsight.explain(ending, () => 'signed').hint).toBe('as it was');
});
