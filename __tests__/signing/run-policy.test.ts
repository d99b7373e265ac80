import { describe, expect, test } from 'vitest';
import { type Decision, type FailedAttempt, mustConfirm, type PolicyEvent } from '../../src/signing/policy/decision.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { RunPolicy } from '../../src/signing/policy/policy.ts';
import type { WaitReason } from '../../src/signing/schedule/queue.ts';
import { FAILURES, throttled } from './simulate.ts';

interface World {
  readonly policy: RunPolicy;
  readonly events: PolicyEvent[];
  /** Fails a try that took five milliseconds. */
  readonly fail: (failure: Failure, now: number, facts?: Partial<FailedAttempt>) => Decision;
  /** Fails so many files in a row with a lost connection. */
  readonly failMany: (count: number, now: number) => void;
}

/** A policy over 500 files whose random delays are always the longest. */
function createWorld(settings: { readonly endsAt?: number; readonly attempts?: number } = {}): World {
  const events: PolicyEvent[] = [];
  const policy = new RunPolicy({
    jobs: 500,
    concurrency: 100,
    attempts: 3,
    endsAt: Number.POSITIVE_INFINITY,
    random: () => 1,
    onEvent: (event) => void events.push(event),
    ...settings,
  });
  const fail: World['fail'] = (failure, now, facts = {}) =>
    policy.onFailure(
      {
        failure,
        job: 1,
        isProbe: false,
        isCanary: false,
        left: 500,
        inFlight: 0,
        oldestStart: Number.POSITIVE_INFINITY,
        startedAt: now - 5,
        ...facts,
      },
      now,
    );
  const failMany = (count: number, now: number): void => {
    for (let job = 100; job < 100 + count; job++) fail(FAILURES.refused, now, { job });
  };
  return { policy, events, fail, failMany };
}

const succeed = ({ policy }: World): void => policy.onSuccess({ job: 0, isProbe: false });
const endOf = (decision: Decision): string | undefined => (decision.next === 'end' ? decision.failure.code : undefined);

describe('the time to the next attempt', () => {
  test('doubles with each attempt, from a longer base after 429 and 503, and is logged', () => {
    const world = createWorld({ attempts: 8 });
    const delays = (failure: Failure, job: number): unknown[] =>
      [1, 2, 3].map(() => {
        succeed(world);
        return world.fail(failure, 0, { job });
      });
    const waits = (reason: WaitReason, ...times: number[]): unknown[] =>
      times.map((delayMs) => ({ next: 'retry', delayMs, reason }));
    expect(delays(FAILURES.serverError, 1)).toEqual(waits('itself', 200, 400, 800));
    expect(delays(FAILURES.refused, 2)).toEqual(waits('service', 200, 400, 800));
    expect(delays(FAILURES.unavailable, 3)).toEqual(waits('service', 1000, 2000, 4000));
    expect(delays(FAILURES.noSuchHost, 4)).toEqual(waits('service', 1000, 2000, 4000));
    expect(world.events[0]).toEqual({ type: 'retry', job: 1, failure: FAILURES.serverError, delayMs: 200 });
    expect(world.events).toHaveLength(12);
  });

  test('is zero for the second attempt of the canary, which decides what the service is', () => {
    const canary = { job: 0, isCanary: true };
    const delay = (world: World, failure: Failure, facts: Partial<FailedAttempt>): number => {
      const decision = world.fail(failure, 0, facts);
      return decision.next === 'retry' ? decision.delayMs : Number.NaN;
    };
    expect(delay(createWorld(), FAILURES.webPage, canary)).toBe(0);
    expect(delay(createWorld(), FAILURES.serverError, canary)).toBe(200);
    expect(delay(createWorld(), FAILURES.webPage, { job: 1 })).toBe(200);
    const later = createWorld();
    expect([FAILURES.serverError, FAILURES.webPage].map((failure) => delay(later, failure, canary))).toEqual([
      200, 400,
    ]);
  });
});

describe('the attempts of a file', () => {
  const nextOf = (world: World, failure: Failure, facts: Partial<FailedAttempt> = {}): Decision['next'] =>
    world.fail(failure, 1000, { job: 9, left: 100, ...facts }).next;
  /** The same after a success of another file, so that failures are not in a row. */
  const nextAfterSuccess = (world: World, ...given: [Failure, Partial<FailedAttempt>?]): Decision['next'] => {
    succeed(world);
    return nextOf(world, ...given);
  };

  test('are as many as the input says, and no more', () => {
    const world = createWorld({ attempts: 3 });
    const decisions = [1, 2, 3].map(() => nextAfterSuccess(world, FAILURES.refused));
    expect(decisions).toEqual(['retry', 'retry', 'lost']);
  });

  test('are not counted while the gate is shut', () => {
    const world = createWorld({ attempts: 3 });
    world.failMany(8, 1000);
    for (let probe = 0; probe < 20; probe++) expect(nextOf(world, FAILURES.refused, { isProbe: true })).toBe('retry');
    world.policy.onSuccess({ job: 0, isProbe: true });
    const decisions = [1, 2, 3].map(() => nextAfterSuccess(world, FAILURES.refused));
    expect(decisions).toEqual(['retry', 'retry', 'lost']);
  });

  test('do not end for the last files because of failures of the service', () => {
    const world = createWorld({ attempts: 1 });
    expect(nextAfterSuccess(world, FAILURES.refused, { left: 33 })).toBe('lost');
    expect(nextAfterSuccess(world, FAILURES.refused, { job: 8, left: 32 })).toBe('retry');
    expect(world.policy.ask(1000)).toMatchObject({ may: 'wait' });
    expect(nextOf(world, FAILURES.serverError, { job: 7, left: 31 })).toBe('lost');
  });

  test('are few for a failure that repeats rarely mend, whatever else happened to the file', () => {
    const world = createWorld({ attempts: 8 });
    succeed(world);
    const mismatch = new Failure('request', 'SIGNATURE_INVALID', 'It does not fit.', { maxAttempts: 2 });
    const failures = [FAILURES.serverError, FAILURES.serverError, mismatch, mismatch];
    expect(failures.map((failure) => nextOf(world, failure))).toEqual(['retry', 'retry', 'retry', 'lost']);
  });
});

describe('the last files', () => {
  test('leave the service alone for no longer than the pause after a failure, and only while nothing is in flight', () => {
    const world = createWorld();
    const rest = (left: number, inFlight: number): number => world.policy.restUntil(left, inFlight);
    expect(rest(32, 0)).toBe(0);
    for (const [count, until] of [
      [1, 500],
      [2, 1000],
      [3, 2000],
    ]) {
      world.fail(FAILURES.refused, 0, { job: count ?? 0 });
      expect([rest(32, 0), rest(33, 0), rest(32, 1)]).toEqual([
        until,
        Number.POSITIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      ]);
    }
    succeed(world);
    expect(rest(32, 0)).toBe(0);
    world.fail(FAILURES.refused, 100);
    expect(rest(1, 0)).toBe(600);
  });

  test('are repeated on a new connection when the old one was closed while idle', () => {
    expect(createWorld().fail(FAILURES.stale, 0)).toEqual({ next: 'retry', delayMs: 0, reason: 'itself' });
  });
});

describe('the limit', () => {
  test('grows by one at a time while failures go on', () => {
    const { policy, fail } = createWorld();
    policy.limit.onTickStart();
    fail(FAILURES.serverError, 0);
    policy.limit.onIdleTick();
    expect(policy.limit.value).toBe(13);
  });

  test('grows slowly after 429 and 503, faster after other failures', () => {
    const grown = (failure: Failure): number => {
      const world = createWorld();
      world.fail(failure, 0);
      for (let success = 0; success < 28; success++) succeed(world);
      return world.policy.limit.value;
    };
    expect([grown(FAILURES.unavailable), grown(FAILURES.refused)]).toEqual([7, 9]);
  });

  test('is not halved further by probes', () => {
    const world = createWorld();
    world.failMany(8, 1000);
    for (let now = 2000; now < 12_000; now += 1000) world.fail(FAILURES.refused, now, { job: 9, isProbe: true });
    world.policy.onSuccess({ job: 0, isProbe: true });
    for (let success = 0; success < 5; success++) succeed(world);
    expect(world.policy.limit.value).toBe(6);
  });

  test('starts from one after an outage', () => {
    const world = createWorld();
    world.failMany(8, 0);
    world.policy.probe(600);
    world.policy.onSuccess({ job: 0, isProbe: true });
    expect(world.policy.limit.value).toBe(1);
    expect(world.events.filter(({ type }) => type !== 'retry')).toEqual([
      { type: 'outage', failure: FAILURES.refused },
      { type: 'recovery', because: 'the service signed' },
    ]);
  });
});

describe('an outage', () => {
  test('ends the run after three minutes: at a failure of the service, or before the next probe', () => {
    for (const [now, ends] of [
      [59_999, false],
      [60_000, true],
    ] as const) {
      const failing = createWorld();
      const decision = failing.fail(FAILURES.refused, now, { startedAt: 0 });
      expect(endOf(decision)).toBe(ends ? 'SERVICE_DOWN' : undefined);
      const probing = createWorld();
      probing.fail(FAILURES.refused, 5, { startedAt: 0 });
      expect(probing.policy.probe(now)?.code).toBe(ends ? 'SERVICE_DOWN' : undefined);
    }
  });

  test('is described by the last failure of the service', () => {
    const { fail } = createWorld();
    fail(FAILURES.unavailable, 5, { startedAt: 0 });
    const decision = fail(FAILURES.unreachable, 61_000);
    expect(decision).toMatchObject({
      next: 'end',
      failure: {
        message:
          'The service did not recover in time. Last failure: No connection within 10 s. Before that: 1 × the service answered 503.',
      },
    });
  });

  test('tells the three most frequent other sorts of failures since the last success, and for how long all failed', () => {
    const { policy, fail } = createWorld();
    const says = (sentence: string): Failure => new Failure('service', 'UNAVAILABLE', sentence);
    const repeat = (failure: Failure, count: number): void => {
      for (let nth = 0; nth < count; nth++) fail(failure, 20_000, { isProbe: true });
    };
    repeat(says('Forgotten.'), 9);
    policy.onSuccess({ job: 0, isProbe: true });
    fail(FAILURES.refused, 10_000, { startedAt: 9000 });
    repeat(says('https://host: it was lost after 5 bytes: ::1 (no answer).'), 1);
    repeat(says('https://host: it was lost after 77 bytes: ::1 (refused).'), 1);
    repeat(says('The gateway said A.'), 4);
    repeat(says('A rare one.'), 1);
    repeat(FAILURES.refused, 1);
    const decision = fail(FAILURES.refused, 190_000, { isProbe: true });
    expect(decision).toMatchObject({
      next: 'end',
      failure: {
        message: `The service did not recover in time. Last failure: The connection was refused. Before that: 4 × the gateway said A, 2 × it was lost after 5 bytes: ::1 (no answer), 1 × a rare one, 2 × the same. Since the last signature, about 181 s ago, every request has failed.`,
      },
    });
  });

  test('in which the service was not reached says what did not recover', () => {
    const proxy = new Failure('service', 'PROXY_REFUSED', 'The proxy refused.', {
      unreached: 'the proxy did not recover',
    });
    const end = (...failures: readonly Failure[]): Decision | undefined => {
      const { fail } = createWorld();
      return failures.map((failure, nth) => fail(failure, nth * 61_000, { startedAt: 0 })).at(-1);
    };
    const told = (start: string) => ({ failure: { message: expect.stringMatching(start) } });
    expect(end(proxy, proxy)).toMatchObject(told('^The service was not reached: the proxy did not recover in time.'));
    expect(end(FAILURES.unavailable, proxy)).toMatchObject(told('^The service was no longer reached: the proxy did'));
  });

  test('is not ended by the failure of a single request', () => {
    const { fail } = createWorld();
    fail(FAILURES.refused, 5, { startedAt: 0 });
    expect(fail(FAILURES.serverError, 61_000).next).toBe('retry');
  });

  test('is paused for no longer because single requests failed before it', () => {
    const world = createWorld({ attempts: 20 });
    for (let time = 0; time < 10; time++) world.fail(FAILURES.serverError, 0);
    world.failMany(8, 10);
    expect(world.policy.ask(10)).toEqual({ may: 'wait', untilMs: 510 });
  });

  test('has one probe at a time, also when a probe of the previous outage is still in flight', () => {
    const away = { may: 'wait', untilMs: Number.POSITIVE_INFINITY };
    const world = createWorld();
    world.failMany(8, 0);
    expect(world.policy.probe(600)).toBeUndefined();
    world.fail(FAILURES.refused, 650);
    expect(world.policy.ask(2000)).toEqual(away);
    succeed(world);
    world.failMany(8, 3000);
    expect(world.policy.ask(5000)).toEqual(away);
    world.fail(FAILURES.refused, 5000, { isProbe: true });
    expect(world.policy.ask(9000)).toMatchObject({ may: 'probe' });
  });

  test('for one of the last files is logged once', () => {
    const world = createWorld({ attempts: 1 });
    succeed(world);
    const last = { job: 7, left: 20 };
    expect(world.fail(FAILURES.refused, 10, last).next).toBe('retry');
    for (const now of [2000, 4000])
      expect(world.fail(FAILURES.refused, now, { ...last, isProbe: true }).next).toBe('retry');
    expect(world.events.filter(({ type }) => type === 'outage')).toHaveLength(1);
  });
});

describe('an outage in which the requests of single files fail', () => {
  const failRow = (world: World, jobs: number, left: number): Decision['next'][] =>
    Array.from({ length: jobs }, (_, job) => world.fail(FAILURES.serverError, 1000, { job: job + 1, left }).next);

  test('is over when each file that is left has failed for a minute, because these files may be the cause', () => {
    const world = createWorld();
    succeed(world);
    failRow(world, 15, 16);
    expect(world.policy.ask(1e6)).toMatchObject({ may: 'probe' });
    world.fail(FAILURES.serverError, 59_000, { job: 16, left: 16, isProbe: true });
    expect(world.policy.ask(80_000)).toMatchObject({ may: 'probe' });
    world.fail(FAILURES.serverError, 80_000, { job: 16, left: 16, isProbe: true });
    expect(world.policy.ask(80_000)).toEqual({ may: 'start' });
    expect(world.events.filter(({ type }) => type !== 'retry')).toEqual([
      { type: 'outage', failure: FAILURES.serverError },
      { type: 'recovery', because: 'every file has failed' },
    ]);
  });

  test('begins with the eighth failed file in a row, also when the seven files before it are already lost', () => {
    const world = createWorld({ attempts: 1 });
    succeed(world);
    expect(failRow(world, 7, 10)).toEqual(Array(7).fill('lost'));
    expect(world.fail(FAILURES.serverError, 61_000, { job: 8, left: 3 }).next).toBe('retry');
  });
});

describe('Retry-After', () => {
  test('is obeyed when the deadline allows exactly that long, and ends the run when it does not', () => {
    const { policy, fail } = createWorld({ endsAt: 10_000 });
    expect(fail(throttled(1000), 9000).next).toBe('retry');
    expect(policy.ask(9500)).toEqual({ may: 'wait', untilMs: 9000 + 1000 + 250 });
    expect(endOf(fail(throttled(1001), 9000))).toBe('RETRY_AFTER_TOO_LONG');
  });

  test('is obeyed for at most two minutes after files were signed', () => {
    const world = createWorld();
    succeed(world);
    expect(world.fail(throttled(120_000), 0).next).toBe('retry');
    expect(endOf(world.fail(throttled(120_001), 0))).toBe('RETRY_AFTER_TOO_LONG');
  });
});

describe('a request that carried several files', () => {
  const failed = (): Failure => FAILURES.unavailable.with({ request: {} });

  test('is one event when it fails: no outage is declared, the limit halves once, and each file is repeated', () => {
    const world = createWorld();
    const before = world.policy.limit.value;
    const shared = failed();
    const decisions = Array.from({ length: 16 }, (_, job) => world.fail(shared, 1000, { job }).next);
    expect(decisions).toEqual(Array(16).fill('retry'));
    expect(world.events.filter(({ type }) => type === 'outage')).toEqual([]);
    expect([world.policy.limit.value, world.policy.ask(1000)]).toEqual([before / 2, { may: 'start' }]);
    world.fail(FAILURES.refused, 1000);
    expect(world.policy.troubles.last(1000)?.message).toBe(
      'The connection was refused. Before that: 1 × the service answered 503.',
    );
  });

  test('and the next seven shut the gate as single requests do', () => {
    const world = createWorld();
    for (let request = 0; request < 8; request++) {
      const shared = failed();
      expect(world.events.filter(({ type }) => type === 'outage')).toEqual([]);
      for (let job = 0; job < 16; job++) world.fail(shared, 1000, { job: 20 * request + job });
    }
    expect(world.events.filter(({ type }) => type === 'outage')).toHaveLength(1);
  });
});

test('a second attempt of the canary must confirm what may end the run, and what a stale connection may explain', () => {
  const { stale, webPage, unauthorised, wrongKey, serverError } = FAILURES;
  const confirmed = [stale, webPage, unauthorised, wrongKey, serverError].map((each) => mustConfirm(each));
  expect(confirmed).toEqual([true, true, true, false, false]);
});

test('a file that the service refuses is lost at once', () => {
  const world = createWorld();
  succeed(world);
  expect(world.fail(FAILURES.tooLarge, 0)).toEqual({ next: 'lost', lost: FAILURES.tooLarge });
});

test('a node that TLS refuses costs its connection: as many requests as the others carry stay in flight', () => {
  const ofOne = { endsRun: 'bad-node', isOfOneServer: true } as const;
  const untrusted = new Failure('config', 'TLS_SERVER_UNTRUSTED', 'No chain.', ofOne);
  const world = createWorld();
  succeed(world);
  expect(world.fail(untrusted, 0, { inFlight: 4 }).next).toBe('retry');
  expect(world.policy.limit.value).toBe(4);
  expect(world.events[0]).toEqual({ type: 'bad-node', failure: untrusted });
});

test('a refusal by one server before the first success is told as a bad node only after a success', () => {
  const failure = new Failure('config', 'TLS_CLIENT_REJECTED', 'Refused.', {
    endsRun: 'bad-node',
    isOfOneServer: true,
  });
  const world = createWorld();
  world.fail(failure, 0, { isCanary: true });
  expect(world.events.map(({ type }) => type)).toEqual(['retry']);
  succeed(world);
  succeed(world);
  expect(world.events.slice(1)).toEqual([{ type: 'bad-node', failure }]);
});

describe('a machine without a free descriptor', () => {
  const { noDescriptor } = FAILURES;

  test('repeats the file soon without counting an attempt, and sends no more at once than it could', () => {
    const world = createWorld({ attempts: 1 });
    for (const now of [0, 5])
      expect(world.fail(noDescriptor, now, { inFlight: 5 })).toEqual({ next: 'retry', delayMs: 10, reason: 'itself' });
    expect(world.policy.limit.value).toBe(5);
    succeed(world);
    world.fail(noDescriptor, 20);
    const told = world.events.filter(({ type }) => type === 'shortage');
    expect(told).toEqual([true, false, true].map((isFirst) => ({ type: 'shortage', failure: noDescriptor, isFirst })));
  });

  test('ends the run after ten seconds in which nothing was in flight', () => {
    const world = createWorld();
    expect([500, 10_499].map((now) => world.fail(noDescriptor, now).next)).toEqual(['retry', 'retry']);
    expect(world.fail(noDescriptor, 10_500, { inFlight: 1 }).next).toBe('retry');
    const end = world.fail(noDescriptor, 10_500);
    expect(end).toMatchObject({
      next: 'end',
      failure: { code: noDescriptor.code, kind: 'config' },
      lost: noDescriptor,
    });
  });

  test('makes the next probe wait when it could not send one, and only then', () => {
    const world = createWorld();
    world.failMany(8, 0);
    world.fail(noDescriptor, 600);
    expect(world.policy.ask(600)).toMatchObject({ may: 'probe' });
    world.fail(noDescriptor, 600, { isProbe: true });
    expect(world.policy.ask(600)).toEqual({ may: 'wait', untilMs: 1600 });
  });
});

describe('401 after a success', () => {
  const { unauthorised } = FAILURES;
  const probe = { isProbe: true, job: 2 };
  /** Delays of the repeats of a file, besides its own of 200 ms at most. */
  const delayOf = (decision: Decision): number => (decision.next === 'retry' ? decision.delayMs - 200 : Number.NaN);

  test('is an outage: the limit halves once and grows slowly, and the file waits for the next probe', () => {
    const world = createWorld();
    succeed(world);
    const first = world.fail(unauthorised, 1000);
    expect(first).toEqual({ next: 'retry', delayMs: 2000 + 200, reason: 'itself' });
    expect(world.policy.limit.value).toBe(6);
    world.fail(unauthorised, 1500, { job: 2 });
    expect(world.policy.limit.value).toBe(6);
    for (let success = 0; success < 28; success++) succeed(world);
    expect(world.policy.limit.value).toBe(7);
    expect(world.policy.ask(2999)).toEqual({ may: 'wait', untilMs: 3000 });
    expect(world.policy.ask(3000)).toMatchObject({ may: 'probe' });
    expect(world.events.map(({ type }) => type)).toEqual(['outage', 'retry', 'retry']);
  });

  test('to requests that were sent before it is not counted as an attempt of their files', () => {
    const world = createWorld({ attempts: 3 });
    succeed(world);
    for (const now of [0, 1, 2]) world.fail(unauthorised, now);
    world.policy.onSuccess({ job: 0, isProbe: true });
    expect([3000, 3001].map((now) => world.fail(unauthorised, now).next)).toEqual(['retry', 'retry']);
    world.policy.onSuccess({ job: 0, isProbe: true });
    expect(world.fail(unauthorised, 6000).next).toBe('lost');
  });

  test('makes each pause before a probe longer, until a probe succeeds or fails otherwise', () => {
    const world = createWorld();
    succeed(world);
    expect(delayOf(world.fail(unauthorised, 0))).toBe(2000);
    expect(delayOf(world.fail(unauthorised, 0, probe))).toBe(8000);
    succeed(world);
    expect(delayOf(world.fail(unauthorised, 0, probe))).toBe(20_000);
    world.policy.onSuccess({ job: 3, isProbe: true });
    expect(delayOf(world.fail(unauthorised, 0))).toBe(2000);
    expect(delayOf(world.fail(unauthorised, 0, probe))).toBe(8000);
    world.fail(FAILURES.unavailable, 0, probe);
    expect(delayOf(world.fail(unauthorised, 0, probe))).toBe(8000);
  });

  test('makes no pause longer than 20 s', () => {
    const world = createWorld({ attempts: 8 });
    succeed(world);
    const often = unauthorised.with({ maxAttempts: 8 });
    const pauses = [1, 2, 3, 4].map(() => delayOf(world.fail(often, 0, { ...probe, left: 1 })));
    expect(pauses).toEqual([8000, 20_000, 20_000, 20_000]);
  });

  test('ends the run at the third probe with a file that was never refused, which a signed or lost file was not', () => {
    const probes = (world: World): unknown[] =>
      [1, 2, 3].map((now) => world.fail(unauthorised, now, { ...probe, left: 2 }).next);
    const both = createWorld();
    succeed(both);
    both.fail(unauthorised, 0);
    expect(probes(both)).toEqual(['retry', 'retry', 'lost']);
    const signed = createWorld();
    succeed(signed);
    signed.fail(unauthorised, 0);
    signed.policy.onSuccess({ job: 1, isProbe: false });
    expect(probes(signed)).toEqual(['retry', 'retry', 'end']);
    const lost = createWorld({ attempts: 1 });
    succeed(lost);
    expect(lost.fail(unauthorised, 0).next).toBe('lost');
    expect(probes(lost)).toEqual(['retry', 'retry', 'end']);
  });

  test('ends the run after one minute without any other answer', () => {
    const world = createWorld();
    succeed(world);
    expect([0, 59_999, 60_000].map((now) => world.fail(unauthorised, now, { left: 1 }).next)).toEqual([
      'retry',
      'retry',
      'end',
    ]);
  });

  test('ends the run when the service asks for a longer wait than the run has', () => {
    const world = createWorld({ endsAt: 5000 });
    succeed(world);
    expect(endOf(world.fail(unauthorised.with({ retryAfterMs: 6000 }), 0))).toBe('RETRY_AFTER_TOO_LONG');
  });
});

test('a bad node lowers the number of requests to those in flight, and not at all when none is', () => {
  const failure = new Failure('config', 'TLS_CLIENT_REJECTED', 'Refused.', {
    endsRun: 'bad-node',
    isOneOfSeveral: true,
  });
  const first = createWorld();
  const before = first.policy.inFlight;
  expect(before).toBeGreaterThan(5);
  first.fail(failure, 10, { inFlight: 0 });
  expect(first.policy.inFlight).toBe(before);
  first.fail(failure, 20, { inFlight: 3 });
  expect(first.policy.inFlight).toBe(3);
});
