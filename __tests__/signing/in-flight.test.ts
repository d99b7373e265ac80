import { expect, test } from 'vitest';
import { Failure, runEnded, timedOut } from '../../src/signing/policy/failure.ts';
import { sleep } from '../../src/signing/schedule/clock.ts';
import { InFlight, type InFlightOptions } from '../../src/signing/schedule/in-flight.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Attempts that the test ends, each of a job with a weight of 10 and a limit of 60 s. */
function start(options: Partial<InFlightOptions> = {}) {
  const clock = new VirtualClock();
  const ends: { readonly answer: () => void; readonly succeed: () => void; readonly fail: (error: unknown) => void }[] =
    [];
  const inFlight = new InFlight({
    jobs: 5,
    run: (job, signal, answer) =>
      new Promise((succeed, fail) => {
        signal.addEventListener('abort', () => fail(new Error('cut off')));
        ends[job] = { answer, succeed, fail };
      }),
    timeoutMs: () => 60_000,
    weight: () => 10,
    maxWeight: 25,
    clock,
    ...options,
  });
  const attempt = (job: number): Promise<Failure | undefined> => inFlight.attempt(job, () => {});
  return { clock, inFlight, attempt, ends, pass: (ms: number) => clock.run(sleep(clock, ms)) };
}

const UNANSWERED = new Failure('service', 'CONNECTION_LOST', 'Lost.', { hint: '', unanswered: true });
const REFUSED = new Failure('service', 'CONNECT_REFUSED', 'Refused.');

test('a job costs nothing before its first attempt, and the time since then from there on', async () => {
  const { inFlight, attempt, ends, pass } = start();
  await pass(1000);
  expect(inFlight.tally(0)).toEqual({ attempts: 0, blindRepeats: 0, elapsedMs: 0 });
  const first = attempt(0);
  expect([inFlight.has(0, 1), inFlight.has(0, 2), inFlight.has(1, 0)]).toEqual([true, false, false]);
  await pass(500);
  ends[0]?.succeed();
  expect(await first).toBeUndefined();
  await pass(500);
  expect(inFlight.unsettled()).toEqual([0]);
  expect(inFlight.settle(0)).toEqual({ attempts: 1, blindRepeats: 0, elapsedMs: 1000 });
  expect(inFlight.unsettled()).toEqual([]);
});

test('only an attempt after one that was sent whole and got no answer is a blind repeat', async () => {
  const { inFlight, attempt, ends } = start();
  const counts = [];
  for (const error of [REFUSED, UNANSWERED, UNANSWERED, REFUSED, REFUSED]) {
    const attempted = attempt(0);
    counts.push(inFlight.tally(0).blindRepeats);
    ends[0]?.fail(error);
    expect(await attempted).toBe(error);
  }
  expect(counts).toEqual([0, 0, 1, 2, 2]);
});

test('an attempt without an answer ends at its limit', async () => {
  const { clock, inFlight, attempt } = start();
  const failure = await clock.run(attempt(0));
  expect([clock.now(), failure?.code, failure?.message]).toEqual([60_000, 'TIMEOUT', timedOut(60_000).message]);
  expect([inFlight.size, inFlight.open]).toEqual([0, 0]);
});

test('an answered attempt has no limit any more, and takes memory until it ends', async () => {
  const { inFlight, attempt, ends, pass } = start();
  const all = [attempt(0), attempt(1)];
  expect([inFlight.size, inFlight.open, inFlight.fits(2)]).toEqual([2, 2, false]);
  ends[0]?.answer();
  ends[0]?.answer();
  expect([inFlight.size, inFlight.open, inFlight.fits(2)]).toEqual([1, 2, false]);
  ends[1]?.succeed();
  await all[1];
  expect([inFlight.size, inFlight.open, inFlight.fits(2)]).toEqual([0, 1, true]);
  await pass(100_000);
  ends[0]?.succeed();
  expect(await all[0]).toBeUndefined();
  expect(inFlight.open).toBe(0);
});

test('a job that needs more memory than there is goes alone', () => {
  const { inFlight, attempt } = start({ weight: (job) => (job === 0 ? 100 : 5) });
  expect(inFlight.fits(0)).toBe(true);
  void attempt(1);
  expect([inFlight.fits(0), inFlight.fits(2)]).toEqual([false, true]);
});

test.each([
  ['DEADLINE', ['TIMEOUT', 'TIMEOUT'], 'No answer within 2 s.'],
  ['CANCELLED', ['RUN_ENDED', 'RUN_ENDED'], runEnded().message],
] as const)(
  'an end of the run by %s aborts what has no answer, and tells of the oldest attempt',
  async (code, codes, message) => {
    const { inFlight, attempt, pass } = start();
    expect(inFlight.cutOff).toBeUndefined();
    const first = attempt(3);
    await pass(1000);
    const second = attempt(1);
    await pass(1000);
    inFlight.abort(new Failure('config', code, 'The run is over.'));
    const [oldest, other] = await Promise.all([first, second]);
    expect([oldest?.code, other?.code]).toEqual(codes);
    expect(inFlight.cutOff).toEqual({ count: 2, oldest });
    expect(oldest?.message).toBe(message);
  },
);

test('an aborted attempt failed for the reason of its abort, and an error of the same code knows more', async () => {
  const knowing = new Failure('service', 'TIMEOUT', 'No answer within 60 s, over a slow proxy.');
  for (const [error, told] of [
    [knowing, knowing.message],
    [REFUSED, timedOut(60_000).message],
  ] as const) {
    const run: InFlightOptions['run'] = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(error));
      });
    const { clock, attempt } = start({ run });
    expect((await clock.run(attempt(0)))?.message).toBe(told);
  }
});
