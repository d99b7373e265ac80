import { describe, expect, test } from 'vitest';
import { Concerns } from '../../src/signing/policy/attempt-counts.ts';
import { Growth, Limit } from '../../src/signing/policy/concurrency.ts';
import type { Failure } from '../../src/signing/policy/failure.ts';
import { OutageGate } from '../../src/signing/policy/outage-gate.ts';
import { InFlight } from '../../src/signing/schedule/in-flight.ts';
import { RetryQueue } from '../../src/signing/schedule/queue.ts';
import { FAILURES, sleep } from './simulate.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('the gate', () => {
  function fail(gate: OutageGate, times: number, filesLeft = 100): boolean[] {
    return Array.from({ length: times }, () => gate.onFailure({ startedAt: 0, isProbe: false, filesLeft }, 10));
  }

  test('shuts at the eighth failure in a row', () => {
    const gate = new OutageGate(() => 0);
    expect(fail(gate, 7)).not.toContain(true);
    gate.onSuccess({ isProbe: true });
    expect(fail(gate, 7)).not.toContain(true);
    expect([gate.isShut, fail(gate, 1), gate.isShut]).toEqual([false, [true], true]);
  });

  test.each([1, 3, 7])('with %i files left, as many failures suffice', (left) => {
    const gate = new OutageGate(() => 0);
    expect(fail(gate, left, left)).toEqual([...Array(left - 1).fill(false), true]);
  });

  test('pauses longer from probe to probe, by formula, and starts over after a success', () => {
    const gate = new OutageGate(() => 1);
    fail(gate, 8);
    const pauses = [gate.ask(10)];
    for (let probe = 0; probe < 6; probe++) {
      gate.onProbeOver();
      gate.onFailure({ startedAt: 0, isProbe: true, filesLeft: 50 }, 10);
      pauses.push(gate.ask(10));
    }
    expect(pauses).toEqual(
      [500, 1000, 2000, 4000, 8000, 10_000, 10_000].map((ms) => ({ may: 'wait', untilMs: 10 + ms })),
    );
    expect(gate.onSuccess({ isProbe: true })).toBe(true);
    fail(gate, 8);
    expect(gate.ask(10)).toEqual({ may: 'wait', untilMs: 510 });
  });

  test('lets one probe out at a time', () => {
    const gate = new OutageGate(() => 0);
    fail(gate, 8);
    expect(gate.ask(259)).toEqual({ may: 'wait', untilMs: 260 });
    expect(gate.ask(260)).toEqual({ may: 'probe', of: 'new' });
    gate.onProbe();
    expect(gate.ask(300)).toEqual({ may: 'wait', untilMs: Number.POSITIVE_INFINITY });
    fail(gate, 3);
    expect(gate.ask(300)).toEqual({ may: 'wait', untilMs: Number.POSITIVE_INFINITY });
    gate.onProbeOver();
    expect(gate.ask(300)).toMatchObject({ may: 'probe' });
  });

  test('takes a file that has failed for every second probe, because a service may refuse each file at first', () => {
    const gate = new OutageGate(() => 0);
    fail(gate, 8);
    const probes = Array.from({ length: 4 }, () => {
      const passage = gate.ask(1e6);
      gate.onFailure({ startedAt: 0, isProbe: true, filesLeft: 50 }, 10);
      return passage.may === 'probe' && passage.of;
    });
    expect(probes).toEqual(['new', 'failed', 'new', 'failed']);
  });

  test('opens after a refusal for the success of a probe only, and probes with files that have not failed', () => {
    const gate = new OutageGate(() => 0);
    gate.onRefused({ isProbe: false, boundMs: 2000 }, 0);
    expect([gate.open(), gate.isShut, gate.ask(1e6)]).toEqual([false, true, { may: 'probe', of: 'new' }]);
    expect([gate.onSuccess({ isProbe: false }), gate.isShut]).toEqual([false, true]);
    expect([gate.onSuccess({ isProbe: true }), gate.isShut]).toEqual([true, false]);
  });

  test('holds all files for as long as the service asked, plus at most a quarter of a second, also after a success', () => {
    const gate = new OutageGate(() => 1);
    gate.hold(3000, 100);
    gate.hold(1000, 100);
    gate.onSuccess({ isProbe: true });
    expect(gate.ask(3349)).toEqual({ may: 'wait', untilMs: 3350 });
    expect(gate.ask(3350)).toEqual({ may: 'start' });
  });

  test('counts the three minutes from the start of the earliest attempt of a row of failures', () => {
    const gate = new OutageGate(() => 0);
    expect(gate.patienceMs(5)).toBe(Number.POSITIVE_INFINITY);
    gate.onFailure({ startedAt: 900, isProbe: false, filesLeft: 9 }, 1000);
    gate.onFailure({ startedAt: 400, isProbe: false, filesLeft: 9 }, 1100);
    gate.onFailure({ startedAt: 800, isProbe: false, filesLeft: 9 }, 1200);
    expect(gate.patienceMs(2000)).toBe(400 + 60_000 - 2000);
    gate.onSuccess({ isProbe: true });
    expect(gate.patienceMs(2000)).toBe(Number.POSITIVE_INFINITY);
    gate.onFailure({ startedAt: 3000, isProbe: false, filesLeft: 9 }, 3100);
    expect(gate.patienceMs(4000)).toBe(3000 + 180_000 - 4000);
  });

  test('never pauses beyond the time at which the run would end', () => {
    const gate = new OutageGate(() => 1);
    gate.onFailure({ startedAt: 0, isProbe: false, filesLeft: 1 }, 59_800);
    expect(gate.ask(59_900)).toEqual({ may: 'wait', untilMs: 60_000 });
  });
});

describe('a failed request of one file', () => {
  const { serverError } = FAILURES;
  /** Fails these files after a first success; returns whom the last failure concerned. */
  function failAll(
    concerns: Concerns,
    jobs: readonly number[],
    left = 100,
    failure: Failure = serverError,
    now = 1000,
  ): unknown {
    return jobs.map((job) => concerns.add({ failure, job, left, startedAt: 1000 }, now)).at(-1);
  }
  const seven = [1, 2, 3, 4, 5, 6, 7];
  const started = (): Concerns => {
    const concerns = new Concerns();
    concerns.onSuccess(0);
    return concerns;
  };

  test('concerns the service when eight files in a row have met one, and its file before that', () => {
    const concerns = started();
    expect(failAll(concerns, [...seven, ...seven])).toBe('its file');
    expect(failAll(concerns, [8])).toBe('the service');
    concerns.onSuccess(9);
    expect(failAll(concerns, seven)).toBe('its file');
  });

  test('concerns its file as long as nothing was signed', () => {
    expect(failAll(new Concerns(), [...seven, 8, 9])).toBe('its file');
  });

  test.each([
    ['a failure of the service', FAILURES.unavailable, 'the service'],
    ['a name without an address, after a success', FAILURES.noSuchHost, 'the service'],
    ['a failure that the file is the cause of', FAILURES.tooLarge, 'its file'],
    ['a signature that does not fit', FAILURES.wrongKey, 'its file'],
    ['a node that TLS refuses', serverError.with({ endsRun: 'bad-node' }), 'its file'],
  ])('concerns the same whether one or eight files have met it: %s', (_, failure, concern) => {
    const concerns = started();
    expect(failAll(concerns, [1], 100, failure)).toBe(concern);
    expect(failAll(concerns, [...seven, 8], 100, failure)).toBe(concern);
  });

  test('concerns all files that are left when each of them has met one for a minute, or before another was signed', () => {
    const all = started();
    expect([failAll(all, [...seven, 8], 9), failAll(all, [9], 9)]).toEqual(['the service', 'the service']);
    expect(failAll(all, [9], 9, serverError, 60_999)).toBe('the service');
    expect(failAll(all, [9], 9, serverError, 61_000)).toBe('all files that are left');
    const before = started();
    failAll(before, seven, 10);
    before.onSuccess(10);
    expect(failAll(before, [8, 9], 9)).toBe('its file');
    before.onSuccess(0);
    expect(failAll(before, [...seven, 8], 9)).toBe('all files that are left');
  });

  test('concerns the service after the end of an outage, as before it', () => {
    const concerns = started();
    failAll(concerns, [...seven, 8], 9);
    concerns.onSuccess(9);
    expect(failAll(concerns, [...seven, 8], 8)).toBe('the service');
  });

  test('counts no file that has a result', () => {
    const signed = started();
    failAll(signed, [1]);
    signed.onSuccess(1);
    expect(failAll(signed, [...seven.slice(1), 8, 9], 9, serverError, 61_000)).toBe('the service');
    const lost = started();
    failAll(lost, seven);
    lost.settle(1);
    expect(failAll(lost, [8], 8, serverError, 61_000)).toBe('the service');
    const explained = started();
    for (const jobs of [seven, [8]]) {
      failAll(explained, jobs);
      explained.onSuccess(10);
    }
    failAll(explained, [9]);
    explained.settle(9);
    expect(failAll(explained, [...seven, 8], 8)).toBe('all files that are left');
  });

  test('concerns its file once four rows of eight files have ended with a signature: these files may be the cause', () => {
    const concerns = started();
    for (let row = 0; row < 4; row++) {
      expect(failAll(concerns, [...seven, 8])).toBe('the service');
      concerns.onSuccess(9);
      // A shorter row is none.
      failAll(concerns, seven);
      concerns.onSuccess(9);
    }
    expect(failAll(concerns, [...seven, 8, 9])).toBe('its file');
  });
});

describe('a file that waits so that the service can recover', () => {
  const never = Number.POSITIVE_INFINITY;

  test('is sent once the service may be asked again, the earliest first, and after files that were never tried', () => {
    const queue = new RetryQueue(4, 0);
    for (const job of [0, 1, 2]) queue.take(job);
    queue.repeat({ job: 1, readyAt: 9000, reason: 'service' });
    queue.repeat({ job: 0, readyAt: 8000, reason: 'service' });
    queue.repeat({ job: 2, readyAt: 7000, reason: 'itself' });
    expect(queue.ready(100, 100)).toBe(3);
    queue.take(3);
    expect([queue.ready(100, 101), queue.nextReadyAt(101)]).toEqual([undefined, 101]);
    expect([queue.ready(100, never), queue.nextReadyAt(never)]).toEqual([undefined, 7000]);
    expect(queue.ready(100, 100)).toBe(0);
    queue.take(0);
    expect(queue.ready(100, 100)).toBe(1);
    queue.take(1);
    expect([queue.ready(100, 100), queue.nextReadyAt(100)]).toEqual([undefined, 7000]);
    expect([queue.ready(7000, never), queue.probe()]).toEqual([2, 2]);
  });
});

describe('the limit', () => {
  test('starts at 12 and grows with time: fast while no answer comes, slowly otherwise, not at all while this process is busy', () => {
    const limit = new Limit(200, 100);
    expect(limit.value).toBe(12);
    limit.onTickStart();
    limit.onIdleTick();
    expect(limit.value).toBe(37);
    limit.onTickStart();
    limit.onOver();
    limit.onIdleTick();
    expect(limit.value).toBe(38);
    limit.onTickStart();
    limit.onIdleTick();
    expect(limit.value).toBe(63);
  });

  test('grows with each success up to what the number of files makes worthwhile, and never above concurrency', () => {
    const grown = (successes: number, ceiling: number, jobs: number): number => {
      const limit = new Limit(ceiling, jobs);
      for (let success = 0; success < successes; success++) limit.onSuccess();
      return limit.value;
    };
    expect([grown(5, 100, 5000), grown(1000, 100, 5000), grown(1000, 20, 5000)]).toEqual([17, 48, 20]);
    expect([grown(1000, 100, 1280), grown(1000, 100, 768), grown(1000, 100, 769), grown(1000, 100, 1)]).toEqual([
      20, 12, 13, 12,
    ]);
  });

  test('rises at once to the most requests that may be risked when the canary was slow, unless the service asked for fewer requests', () => {
    const risked = (ceiling: number, jobs: number, before: (limit: Limit) => void = () => {}): readonly unknown[] => {
      const limit = new Limit(ceiling, jobs);
      before(limit);
      limit.onSlowCanary();
      return [limit.value, limit.ramps];
    };
    expect(risked(200, 200)).toEqual([200, false]);
    expect(risked(200, 201)).toEqual([40, false]);
    expect(risked(30, 500)).toEqual([30, false]);
    expect(risked(200, 500, (limit) => limit.onSuccess())).toEqual([200, false]);
    expect(risked(200, 500, (limit) => limit.onPushBack(0, 'trouble'))).toEqual([6, false]);
  });

  test('stops at 40 until there is an answer, where the run needs several waves anyway', () => {
    const limit = new Limit(200, 500);
    const values = Array.from({ length: 4 }, () => {
      limit.onTickStart();
      limit.onIdleTick();
      return [limit.value, limit.ramps];
    });
    expect(values.slice(0, 3)).toEqual([
      [37, true],
      [40, false],
      [40, false],
    ]);
    limit.onSuccess();
    expect([limit.value, limit.ramps]).toEqual([40, true]);
  });

  test('begins with 12 requests and grows by whole requests where files share them', () => {
    const begun = [1, 4, 240].map((perRequest) => new Limit(480, 5000, perRequest).value);
    expect(begun).toEqual([12, 48, 480]);
    const limit = new Limit(480, 5000, 4);
    limit.onSlowCanary();
    expect(limit.value).toBe(160);
    limit.onPushBack(0, 'trouble');
    expect(limit.value).toBe(80);
    for (let success = 0; success < 80; success++) limit.onSuccess();
    expect(limit.value).toBe(83);
  });

  test('no longer grows with time once the service asked for fewer requests', () => {
    const limit = new Limit(200, 100);
    limit.onPushBack(0, 'trouble');
    limit.onTickStart();
    limit.onIdleTick();
    expect(limit.value).toBe(6);
  });

  test('halves once per quarter of a second, to one at least', () => {
    const limit = new Limit(100, 5);
    const values = [0, 100, 249, 250, 600, 900, 1200].map((now) => {
      limit.onPushBack(now, 'trouble');
      return limit.value;
    });
    expect(values).toEqual([6, 6, 6, 3, 1, 1, 1]);
    expect(limit.ramps).toBe(false);
  });

  test('doubles with each round after an outage, up to half of the limit before it', () => {
    const limit = new Limit(100, 5);
    limit.onPushBack(0, 'trouble');
    limit.onRecovery('the service signed');
    const values = Array.from({ length: 8 }, () => {
      const { value } = limit;
      limit.onSuccess();
      return value;
    });
    expect(values).toEqual([1, 2, 3, 4, 5, 6, 6, 6]);
  });

  test.each<[string, (limit: Limit, inFlight: number) => void, number]>([
    ['after a connection to a bad node', (limit, inFlight) => limit.onBadNode(inFlight), 5],
    ['after a shortage of open files', (limit, inFlight) => limit.onShortage(inFlight), 6],
  ])('%s it falls to what is in flight, and does not grow as before', (_, fall, grown) => {
    const limit = new Limit(100, 5000);
    fall(limit, 90);
    expect(limit.value).toBe(12);
    fall(limit, 5);
    expect([limit.value, limit.ramps]).toEqual([5, false]);
    for (let success = 0; success < 6 * 4; success++) limit.onSuccess();
    expect(limit.value).toBe(grown);
    fall(limit, 0);
    expect(limit.value).toBe(1);
  });

  test('grows after each tick in which every slot was busy, unless this process was busy for half of the tick', async () => {
    const clock = new VirtualClock();
    const limit = new Limit(200, 200);
    const growth = new Growth(limit, clock);
    const tick = (): Promise<void> => clock.run(new Promise((resolve) => growth.watch(resolve)));
    await clock.run(clock.work(100));
    await tick();
    expect(limit.value).toBe(37);
    limit.onOver();
    await tick();
    expect(limit.value).toBe(62);
    void clock.work(2.5);
    await tick();
    expect(limit.value).toBe(62);
    expect(clock.now()).toBe(115);
  });
});

describe('a single attempt', () => {
  test('that exceeded its time limit failed for that reason, whatever its own error says', async () => {
    const clock = new VirtualClock();
    const inFlight = new InFlight({
      jobs: 1,
      clock,
      timeoutMs: () => 7000,
      weight: () => 1,
      maxWeight: 1,
      run: (_, signal) =>
        sleep(clock, Number.POSITIVE_INFINITY, signal).catch(() => Promise.reject(new Error('socket closed'))),
    });
    const failure = await clock.run(inFlight.attempt(0, () => {}));
    expect([failure?.kind, failure?.code, failure?.message]).toEqual(['service', 'TIMEOUT', 'No answer within 7 s.']);
    expect([inFlight.size, inFlight.tally(0)]).toEqual([0, { attempts: 1, blindRepeats: 0, elapsedMs: 7000 }]);
  });

  test('that throws anything but a failure is INTERNAL, with the text of the error', async () => {
    const clock = new VirtualClock();
    const run = (): Promise<void> => Promise.reject(new TypeError('x is undefined'));
    const inFlight = new InFlight({ jobs: 1, clock, timeoutMs: () => 7, weight: () => 1, maxWeight: 1, run });
    const failure = await clock.run(inFlight.attempt(0, () => {}));
    expect([failure?.kind, failure?.code, failure?.message]).toEqual([
      'file',
      'INTERNAL',
      'Unexpected error: x is undefined.',
    ]);
  });
});
