import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { downDuring, failing } from './models.ts';
import { FAILURES, type Model, simulate, throttled } from './simulate.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('before the first success', () => {
  test('a wrong secret ends the run after two requests of the canary', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const run = await simulate(failing(FAILURES.unauthorised), { jobs: 500, canary: 7, seed });
      expect(run.ending).toBe(FAILURES.unauthorised);
      expect(run.requests.map(({ job }) => job)).toEqual([7, 7]);
      expect(run.elapsedMs).toBeLessThan(2000);
    }
  });

  test('a wrong secret at a slow service costs no more than what was in flight, and no second round', async () => {
    const run = await simulate(failing(FAILURES.unauthorised, undefined, 450), { jobs: 500 });
    expect(run.ending).toBe(FAILURES.unauthorised);
    expect(run.requests.length).toBeLessThanOrEqual(2 * 40);
    expect(run.elapsedMs).toBeLessThan(2000);
  });

  test('one refusal does not end the run when the repeat with a corrected clock succeeds', async () => {
    const model = failing(FAILURES.unauthorised, ({ nth }) => nth === 1);
    const run = await simulate(model, { jobs: 100 });
    expect([run.green, run.requests.length]).toEqual([true, 101]);
  });

  test('refusals of all requests in flight do not end the run when later requests succeed', async () => {
    const model = failing(FAILURES.unauthorised, ({ atMs }) => atMs < 450, 450);
    const run = await simulate(model, { jobs: 100 });
    expect(run.green).toBe(true);
  });

  test('400 to the first four files ends the run, and no more requests are in flight than it takes to end it', async () => {
    const run = await simulate(failing(FAILURES.badRequest), { jobs: 500 });
    expect([run.ending, run.settled.size, run.requests.length]).toEqual([FAILURES.badRequest, 4, 4]);
  });

  test('an odd answer to every file ends the run after three attempts of the canary and one of each other file', async () => {
    const odd = FAILURES.badRequest.with({ kind: 'request', maxAttempts: 3 });
    const run = await simulate(failing(odd), { jobs: 500 });
    expect(run.ending).toBe(odd);
    expect(run.requests.map(({ job }) => job)).toEqual([0, 0, 0, 1, 2, 3]);
  });

  test('three files whose signature does not fit the key end the run after three requests', async () => {
    const run = await simulate(failing(FAILURES.wrongKey), { jobs: 500 });
    expect(run.ending?.code).toBe('VERIFY_KEY_WRONG');
    expect(run.requests).toHaveLength(3);
    expect([...run.settled.values()].map(({ failure, attempts }) => [failure?.code, attempts])).toEqual(
      Array(3).fill(['SIGNATURE_INVALID', 1]),
    );
  });

  test('at a slow service no request starts after the third signature that does not fit', async () => {
    const run = await simulate(failing(FAILURES.wrongKey, undefined, 500), { jobs: 500 });
    expect(run.ending?.code).toBe('VERIFY_KEY_WRONG');
    expect(run.requests.every(({ atMs }) => atMs < 560)).toBe(true);
    expect(run.requests.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('a signature that does not fit is asked for once more when others fit', async () => {
    const model = failing(FAILURES.wrongKey, ({ job, attempt }) => job < 2 && attempt === 1);
    const run = await simulate(model, { jobs: 500 });
    expect(run.green).toBe(true);
    expect(run.requests).toHaveLength(502);
    expect(run.settled.get(0)?.attempts).toBe(2);
  });

  test('a run of two files repeats both before it gives up', async () => {
    const run = await simulate(failing(FAILURES.wrongKey), { jobs: 2 });
    expect(run.ending).toBeUndefined();
    expect(run.requests.map(({ job }) => job).sort((a, b) => a - b)).toEqual([0, 0, 1, 1]);
    expect([...run.settled.values()].map(({ failure }) => failure?.code)).toEqual(Array(2).fill('SIGNATURE_INVALID'));
  });

  test('400 to three files, and a success, fails only those three files', async () => {
    const model = failing(FAILURES.badRequest, ({ job }) => job < 3);
    const run = await simulate(model, { jobs: 50 });
    expect(run.ending).toBeUndefined();
    expect([...run.settled].filter(([, { failure }]) => failure).map(([job]) => job)).toEqual([0, 1, 2]);
  });

  test('a web page on the first two attempts of the canary ends the run', async () => {
    const run = await simulate(failing(FAILURES.webPage), { jobs: 500, canary: 3 });
    expect(run.ending).toBe(FAILURES.webPage);
    expect(run.requests.map(({ job }) => job)).toEqual([3, 3]);
  });

  test('400 to four files after a success fails only those files', async () => {
    const model = failing(FAILURES.badRequest, ({ job }) => job > 0 && job < 6);
    const run = await simulate(model, { jobs: 50, concurrency: 1 });
    expect([run.ending, run.settled.size]).toEqual([undefined, 50]);
  });

  test('a web page on the second and third attempt of the canary does not end the run', async () => {
    const answers = [FAILURES.serverError, FAILURES.webPage, FAILURES.webPage];
    const run = await simulate(({ nth, job }) => ({ afterMs: 5, failure: job === 0 ? answers[nth - 1] : undefined }), {
      jobs: 1,
    });
    expect([run.green, run.requests.length]).toEqual([true, 4]);
  });

  test('a web page on the first attempt only is repeated', async () => {
    const model = failing(FAILURES.webPage, ({ nth }) => nth === 1);
    const run = await simulate(model, { jobs: 20 });
    expect([run.green, run.requests.length]).toEqual([true, 21]);
  });

  test('a name that does not exist is looked up three times within five seconds', async () => {
    const times: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const headStart = (): Promise<unknown> => Promise.withResolvers<void>().promise;
      const run = await simulate(failing(FAILURES.noSuchHost), { jobs: 500, seed, headStart });
      expect(run.ending).toBe(FAILURES.noSuchHost);
      expect(run.requests).toHaveLength(3);
      times.push(run.elapsedMs);
    }
    expect(Math.max(...times)).toBeLessThan(5000);
    // Not all in a moment either: a resolver may need a second.
    expect(Math.max(...times)).toBeGreaterThan(1500);
  });

  test('a failure that only a person can mend ends the run at once', async () => {
    const run = await simulate(failing(FAILURES.redirected), { jobs: 500 });
    expect(run.ending).toBe(FAILURES.redirected);
    expect([run.requests.length, run.settled.size]).toEqual([1, 1]);
  });
});

describe('after the first success', () => {
  const afterCanary =
    (failure: Model): Model =>
    (request, random) =>
      request.nth === 1 ? { afterMs: 5 } : failure(request, random);

  test('a file that is always refused is lost after three attempts, and every other file is signed', async () => {
    const model = failing(FAILURES.unauthorised, ({ job }) => job === 30);
    const run = await simulate(model, { jobs: 100 });
    expect(run.ending).toBeUndefined();
    const { failure, attempts } = run.settled.get(30) ?? {};
    expect([failure?.code, failure?.kind, attempts]).toEqual(['UNAUTHORIZED', 'request', 3]);
    expect(failure?.message).toMatch(
      /^The service answered 401\. The same credentials were good for 99 files of this run\.$/,
    );
    expect([...run.settled.values()].filter(({ failure }) => failure)).toHaveLength(1);
  });

  test('a few files that are always refused are lost, and every other file is signed', async () => {
    const model = failing(FAILURES.unauthorised, ({ job }) => job % 150 === 20);
    const run = await simulate(model, { jobs: 400, concurrency: 10 });
    expect(run.ending).toBeUndefined();
    const lost = [...run.settled].filter(([, { failure }]) => failure).map(([job]) => job);
    expect(lost.sort((a, b) => a - b)).toEqual([20, 170, 320]);
  });

  test.each(['pathUnknown', 'webPage'] as const)(
    '%s is not told as a wrong address, because the same address was good before',
    async (name) => {
      const run = await simulate(
        failing(FAILURES[name], ({ job }) => job === 30),
        { jobs: 100 },
      );
      const { message, hint } = run.settled.get(30)?.failure ?? {};
      expect(message).toMatch(/\. The same address was good for 99 files of this run\.$/);
      expect(hint).toMatch(
        /^One of several servers behind a balancer may be|^Only this file met this, .* A firewall \(WAF\)/,
      );
    },
  );

  test('three probes that are refused end the run, with the number of files that were signed', async () => {
    const run = await simulate(afterCanary(failing(FAILURES.unauthorised)), { jobs: 500 });
    expect([run.ending?.kind, run.ending?.code]).toEqual(['config', 'UNAUTHORIZED']);
    expect(run.ending?.message).toBe(
      'The service answered 401. The same credentials were good for 1 file of this run.',
    );
    expect(run.elapsedMs).toBeLessThan(31_000);
    expect(run.outages.map(({ toMs }) => toMs)).toEqual([Number.POSITIVE_INFINITY]);
    const probes = run.requests.filter(({ atMs, inFlight }) => atMs > 500 && inFlight === 1);
    expect(new Set(probes.map(({ job }) => job)).size).toBe(3);
  });

  test('a firewall that refuses for a while is waited for, and no file is lost', async () => {
    const run = await simulate(downDuring([[40, 9000]], FAILURES.unauthorised), { jobs: 500 });
    expect(run.green).toBe(true);
    expect(run.events.filter(({ type }) => type !== 'retry').map(({ type }) => type)).toEqual(['outage', 'recovery']);
    expect(run.requests.length).toBeLessThan(640);
  });

  test('a rate rule of ten requests in four seconds that answers 401 slows the run, and no file is lost', async () => {
    let since = Number.NEGATIVE_INFINITY;
    let count = 0;
    const run = await simulate(
      ({ atMs }) => {
        if (atMs - since > 4000) [since, count] = [atMs, 0];
        return { afterMs: 20, failure: ++count > 10 ? FAILURES.unauthorised : undefined };
      },
      { jobs: 100, concurrency: 5 },
    );
    expect(run.green).toBe(true);
  });

  test('a minute of refusals ends the run, also when every file that is left was refused', async () => {
    const model = failing(FAILURES.unauthorised, ({ job }) => job >= 40);
    const run = await simulate(model, { jobs: 60, concurrency: 20 });
    expect(run.ending?.kind).toBe('config');
    expect(run.elapsedMs).toBeLessThan(90_000);
  });

  test('a success of a request that was sent before the refusal does not open the gate', async () => {
    const run = await simulate(
      ({ nth }) => (nth === 5 ? { afterMs: 5, failure: FAILURES.unauthorised } : { afterMs: 40 }),
      { jobs: 100, concurrency: 10 },
    );
    expect(run.green).toBe(true);
    const [outage] = run.outages;
    expect((outage?.toMs ?? 0) - (outage?.fromMs ?? 0)).toBeGreaterThan(900);
  });

  test('a name server that loses the name for a while is an outage', async () => {
    const run = await simulate(downDuring([[60, 20_000]], FAILURES.noSuchHost), { jobs: 500 });
    expect(run.green).toBe(true);
    expect(run.requests.length).toBeLessThan(640);
  });

  test('a web page is repeated like any unexpected answer, and fails its file at most', async () => {
    const model = failing(FAILURES.webPage, ({ job }) => job === 9);
    const run = await simulate(model, { jobs: 20 });
    expect(run.ending).toBeUndefined();
    expect(run.settled.get(9)?.attempts).toBe(8);
  });
});

describe('when the service asks to wait', () => {
  test('every file waits, and the repeats are spread over a quarter of a second', async () => {
    let asked = false;
    const run = await simulate(
      ({ atMs }) => {
        if (asked || atMs < 60) return { afterMs: 5 };
        asked = true;
        return { afterMs: 5, failure: throttled(7000) };
      },
      { jobs: 200 },
    );
    const times = run.requests.map(({ atMs }) => atMs);
    const first = times.findIndex((time, at) => time - (times[at - 1] ?? 0) > 1000);
    expect(run.green).toBe(true);
    expect(times[first]).toBeGreaterThanOrEqual(7065);
    expect(times[first]).toBeLessThanOrEqual(7065 + 260);
    expect(times.filter((time, at) => at >= first && time < 7065)).toEqual([]);
  });

  test('a success of a request that was already in flight does not shorten the wait', async () => {
    const run = await simulate(
      ({ nth }) => ({ afterMs: nth === 2 ? 30 : 20, failure: nth === 3 ? throttled(5000) : undefined }),
      { jobs: 40, concurrency: 2 },
    );
    const late = run.requests.filter(({ nth }) => nth > 3).map(({ atMs }) => atMs);
    expect(run.green).toBe(true);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(5000);
  });

  test.each([
    ['longer than the patience before the first success', 61_000, 1],
    ['for years', 250_000_000_000_000, 1],
    ['longer than two minutes, after a success', 121_000, 2],
  ])('%s, the run stops now and says so', async (_, wishMs, from) => {
    const run = await simulate(({ nth }) => ({ afterMs: 5, failure: nth >= from ? throttled(wishMs) : undefined }), {
      jobs: 50,
      concurrency: 1,
    });
    expect(run.ending?.code).toBe('RETRY_AFTER_TOO_LONG');
    expect(run.ending?.message).toContain(`asks to wait ${wishMs / 1000} s`);
    expect(run.elapsedMs).toBeLessThan(1000);
  });

  test('for longer than the deadline allows, the run ends at once', async () => {
    const run = await simulate(() => ({ afterMs: 5, failure: throttled(20_000) }), { jobs: 5, deadlineMs: 10_000 });
    expect(run.ending?.code).toBe('RETRY_AFTER_TOO_LONG');
    expect(run.elapsedMs).toBeLessThan(100);
  });

  test('Retry-After of another failure holds as well, and cannot make the run hang', async () => {
    const { Failure } = await import('../../src/signing/policy/failure.ts');
    const asking = (retryAfterMs: number): InstanceType<typeof Failure> =>
      new Failure('request', 'SERVER_ERROR', 'The service answered 500.', { retryAfterMs });
    const long = await simulate(() => ({ afterMs: 5, failure: asking(10 ** 12) }), { jobs: 5 });
    expect(long.ending?.code).toBe('RETRY_AFTER_TOO_LONG');
    const short = await simulate(({ nth }) => ({ afterMs: 5, failure: nth === 1 ? asking(3000) : undefined }), {
      jobs: 5,
    });
    expect(short.green).toBe(true);
    expect(short.requests.slice(1).every(({ atMs }) => atMs >= 3000)).toBe(true);
  });
});

describe('the last files of a run', () => {
  test('do not wait for seconds while the service works and nothing is in flight', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const model = failing(FAILURES.unavailable, ({ job, attempt }) => job % 5 === 3 && attempt === 1);
      const run = await simulate(model, { jobs: 100, seed });
      expect([run.green, run.requests.length]).toEqual([true, 120]);
      expect(run.elapsedMs).toBeLessThan(700);
    }
  });

  test('wait the whole backoff when the failure concerns the file alone', async () => {
    const model = failing(FAILURES.serverError, ({ job, attempt }) => job === 3 && attempt <= 5);
    const bounds = [200, 400, 800, 1600, 3200];
    let longest = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const run = await simulate(model, { jobs: 5, seed });
      const times = run.requests.filter(({ job }) => job === 3).map(({ atMs }) => atMs);
      longest = Math.max(longest, (times[5] ?? 0) - (times[4] ?? 0));
      for (const [at, bound] of bounds.entries())
        expect((times[at + 1] ?? 0) - (times[at] ?? 0)).toBeLessThanOrEqual(bound + 5);
    }
    expect(longest).toBeGreaterThan(2800);
  });
});

describe('a connection that was closed while it was idle', () => {
  test('is replaced at once: the file is repeated, and the repeat is not counted', async () => {
    const stale = failing(FAILURES.stale, ({ job, attempt }) => attempt === 1 && job > 0);
    const run = await simulate(stale, { jobs: 100, attempts: 1 });
    expect(run.green).toBe(true);
    expect(run.events).toEqual([]);
    expect(run.requests.length).toBe(199);
  });

  test('is left uncounted once per file only', async () => {
    const model = failing(FAILURES.stale, ({ job }) => job === 5);
    const run = await simulate(model, { jobs: 200 });
    expect(run.ending?.code).toBe('SERVICE_DOWN');
    expect(run.settled.size).toBe(199);
  });

  test('does not keep the gate shut when a probe meets it', async () => {
    let probes = 0;
    const run = await simulate(
      ({ atMs }) => {
        if (atMs < 60 || atMs > 5000) return { afterMs: 5 };
        if (atMs < 100) return { afterMs: 5, failure: FAILURES.refused };
        return { afterMs: 5, failure: probes++ % 2 === 0 ? FAILURES.stale : FAILURES.refused };
      },
      { jobs: 100 },
    );
    expect(run.green).toBe(true);
  });
});

describe('the gate after an outage', () => {
  test('is open: a single failure after the recovery does not shut the gate again', async () => {
    const model = failing(FAILURES.refused, ({ atMs, nth }) => (atMs > 60 && atMs < 3000) || nth % 20 === 0);
    const run = await simulate(model, { jobs: 500 });
    expect(run.green).toBe(true);
    expect(run.events.filter(({ type }) => type === 'outage')).toHaveLength(1);
    expect(run.events.filter(({ type }) => type === 'recovery')).toHaveLength(1);
  });

  test('opens again after pauses, also when probes meet another failure', async () => {
    const run = await simulate(
      ({ atMs }) => {
        if (atMs < 60 || atMs > 20_000) return { afterMs: 5 };
        return { afterMs: 5, failure: atMs < 200 ? FAILURES.refused : FAILURES.serverError };
      },
      { jobs: 200 },
    );
    expect(run.requests.filter(({ atMs }) => atMs > 500 && atMs < 20_000).length).toBeLessThanOrEqual(10);
    expect(run.green).toBe(true);
  });

  test('may be shut for long more than once: each success starts the three minutes again', async () => {
    const run = await simulate(
      downDuring(
        [
          [60, 100_000],
          [115_000, 215_000],
        ],
        FAILURES.refused,
      ),
      { jobs: 3000, concurrency: 2 },
    );
    expect(run.green).toBe(true);
    expect(run.elapsedMs).toBeGreaterThan(215_000);
  });

  test('lets one probe through at a time, also while earlier requests still fail', async () => {
    let most = 0;
    const run = await simulate(
      ({ atMs, inFlight, nth }) => {
        if (atMs > 12_000) return { afterMs: 5 };
        if (nth < 30) return { afterMs: 20 + nth * 40, failure: nth > 10 ? FAILURES.refused : undefined };
        if (atMs > 2000) most = Math.max(most, inFlight);
        return { afterMs: 900, failure: FAILURES.refused };
      },
      { jobs: 200 },
    );
    expect([run.green, most]).toEqual([true, 1]);
  });
});

describe('the end of a run', () => {
  test('a deadline ends the run on time, and with it the requests in flight', async () => {
    const run = await simulate(() => ({ afterMs: 900 }), { jobs: 500, concurrency: 10, deadlineMs: 5000 });
    expect([run.ending?.code, run.elapsedMs]).toEqual(['DEADLINE', 5000]);
    expect(run.settled.size).toBeGreaterThan(40);
    expect([...run.settled.values()].every(({ failure }) => failure === undefined)).toBe(true);
  });

  test('the error of a deadline says how many requests were open and how long the oldest one had waited, though nothing failed', async () => {
    const model: Model = ({ job }) => ({ afterMs: job < 5 ? 100 : 90_000 });
    const run = await simulate(model, { jobs: 20, concurrency: 10, timeoutMs: () => 100_000, deadlineMs: 4000 });
    expect(run.ending?.message).toMatch(
      /^Signing did not end within the deadline of 4 s\. \d+ requests were open; the oldest one: no answer within 3\.\d s\.$/,
    );
    expect(run.ending?.hint).toMatch(/^The service is slow or stuck, or the deadline is too short/);
  });

  test('a deadline after which nothing succeeded says for how long, and which failures there were', async () => {
    const model: Model = ({ nth, atMs }) => {
      if (atMs < 1000) return { afterMs: 100 };
      return { afterMs: 10, failure: nth % 2 === 0 ? FAILURES.refused : FAILURES.unreachable };
    };
    const run = await simulate(model, { jobs: 500, concurrency: 10, deadlineMs: 31_000 });
    expect(run.ending?.message).toMatch(
      /^Signing did not end within the deadline of 31 s\. Last failure: .+\. Before that: \d+ × .+\. Since the last signature, about (29|30) s ago, every request has failed\.$/,
    );
  });

  test('the error of a deadline names the open requests and the last failure', async () => {
    const model: Model = ({ job }) => (job === 1 ? { afterMs: 500, failure: FAILURES.tooLarge } : { afterMs: 90_000 });
    const run = await simulate(model, { jobs: 2, timeoutMs: () => 100_000, deadlineMs: 30_000 });
    expect(run.ending?.message).toBe(
      `Signing did not end within the deadline of 30 s. One request was open: no answer within 30 s. Last failure: ${FAILURES.tooLarge.message}`,
    );
  });

  test('a job that the deadline ended is reported with its attempts; a job that was never tried is not', async () => {
    const model: Model = ({ job }) => ({
      afterMs: job < 5 ? 100 : 90_000,
      failure: job === 2 ? FAILURES.serverError : undefined,
    });
    const run = await simulate(model, { jobs: 500, concurrency: 10, timeoutMs: () => 100_000, deadlineMs: 4000 });
    expect(run.ending?.code).toBe('DEADLINE');
    expect(run.settled.size).toBe(4);
    expect([...run.cutOff.keys()]).toEqual([2, ...run.requests.map(({ job }) => job).filter((job) => job >= 5)]);
    for (const [job, tally] of run.cutOff) {
      const times = run.requests.filter((request) => request.job === job).map(({ atMs }) => atMs);
      expect(tally).toEqual({ attempts: times.length, blindRepeats: 0, elapsedMs: 4000 - (times[0] ?? 0) });
    }
  });

  test('without a deadline the run goes on', async () => {
    const run = await simulate(() => ({ afterMs: 30_000 }), { jobs: 300, concurrency: 1 });
    expect(run.green).toBe(true);
  });

  test('“stop” ends the run at the first lost file; “collect” tries every file', async () => {
    const model = failing(FAILURES.tooLarge, ({ job }) => job % 10 === 5, 20);
    const stopped = await simulate(model, { jobs: 200, onFailure: 'stop' });
    expect(stopped.ending).toBe(FAILURES.tooLarge);
    expect([...stopped.settled.values()].filter(({ failure }) => failure)).toHaveLength(1);
    expect(stopped.settled.size).toBeLessThan(30);
    const collected = await simulate(model, { jobs: 200 });
    expect(collected.ending).toBeUndefined();
    expect([...collected.settled.values()].filter(({ failure }) => failure)).toHaveLength(20);
  });

  test('cancelling settles at once, and starts nothing more', async () => {
    const clock = new VirtualClock();
    const cancel = new AbortController();
    clock.after(1234, () => cancel.abort(new ActionError('CANCELLED', 'The run was cancelled.')));
    const run = await simulate(() => ({ afterMs: 700 }), { jobs: 500, concurrency: 20, clock, signal: cancel.signal });
    expect([run.ending?.code, run.elapsedMs]).toEqual(['CANCELLED', 1234]);
    expect(run.requests.every(({ atMs }) => atMs < 1234)).toBe(true);
  });

  test('a run that was cancelled before it began sends nothing', async () => {
    const signal = AbortSignal.abort(new ActionError('CANCELLED', 'The run was cancelled.'));
    const run = await simulate(() => ({ afterMs: 7 }), { jobs: 5, signal });
    expect([run.ending?.code, run.requests.length]).toEqual(['CANCELLED', 0]);
  });

  test('a run that is done leaves no timer of its deadline', async () => {
    const clock = new VirtualClock();
    const run = await simulate(() => ({ afterMs: 5 }), { jobs: 50, clock, deadlineMs: 86_400_000 });
    expect(clock.latestAlarmMs).toBeLessThanOrEqual(run.elapsedMs + 52);
  });

  test('a run without jobs ends at once', async () => {
    const run = await simulate(() => ({ afterMs: 7 }), { jobs: 0 });
    expect([run.green, run.elapsedMs, run.requests.length]).toEqual([true, 0, 0]);
  });
});
