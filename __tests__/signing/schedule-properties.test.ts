import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { backoffMs, pauseMs } from '../../src/signing/policy/retry.ts';
import {
  FAILURES,
  type Model,
  type ModelRequest,
  type Simulation,
  seededRandom,
  simulate,
  throttled,
} from './simulate.ts';
import { VirtualClock } from './virtual-clock.ts';

// What this machine cannot carry says nothing about a service, and is not counted.
const { noDescriptor: _, ...OF_SERVICE } = FAILURES;
const KINDS = [...Object.values(OF_SERVICE), throttled(), throttled(700)];

/** A service of moods: each lasts for a while and fails a share of the requests in its own way. */
interface Weather {
  readonly afterMs: number;
  readonly moods: readonly { readonly lastsMs: number; readonly share: number; readonly kind: number }[];
  /** This job never succeeds, in this way. */
  readonly poison: { readonly job: number; readonly kind: number };
}

const weather: fc.Arbitrary<Weather> = fc.record({
  afterMs: fc.constantFrom(0, 1, 20, 450),
  moods: fc.array(
    fc.record({
      lastsMs: fc.integer({ min: 1, max: 20_000 }),
      share: fc.constantFrom(0, 0, 0.1, 0.5, 1),
      kind: fc.nat({ max: KINDS.length - 1 }),
    }),
    { maxLength: 5 },
  ),
  poison: fc.record({ job: fc.nat({ max: 200 }), kind: fc.nat({ max: KINDS.length - 1 }) }),
});

function serviceOf({ afterMs, moods, poison }: Weather): Model {
  return ({ atMs, job }, random) => {
    const mood = moods.find((_, at) => atMs < moods.slice(0, at + 1).reduce((sum, { lastsMs }) => sum + lastsMs, 0));
    const fails = mood !== undefined && random() < mood.share;
    const kind = job === poison.job ? poison.kind : mood?.kind;
    return { afterMs, failure: (fails || job === poison.job) && kind !== undefined ? KINDS[kind] : undefined };
  };
}

const runs = fc.record({
  weather,
  seed: fc.nat(),
  jobs: fc.integer({ min: 1, max: 60 }),
  canary: fc.nat({ max: 59 }),
  concurrency: fc.constantFrom(1, 2, 7, 32, 100),
  attempts: fc.integer({ min: 1, max: 8 }),
  deadlineMs: fc.constantFrom(undefined, undefined, 1000, 30_000),
  onFailure: fc.constantFrom('collect', 'collect', 'stop'),
  cancelAtMs: fc.constantFrom(undefined, undefined, undefined, 0, 40, 3000),
});
type Run = typeof runs extends fc.Arbitrary<infer T> ? T : never;

const WEIGHTS = [1, 5, 2, 11, 3] as const;
const weight = (job: number): number => WEIGHTS[job % WEIGHTS.length] ?? 1;

async function perform(run: Run): Promise<Simulation & { readonly canary: number }> {
  const { weather: given, cancelAtMs, ...options } = run;
  const clock = new VirtualClock();
  const cancel = new AbortController();
  const canary = run.canary % run.jobs;
  if (cancelAtMs !== undefined) {
    clock.after(cancelAtMs, () => cancel.abort(new ActionError('CANCELLED', 'The run was cancelled.')));
  }
  const signal = cancel.signal;
  const onFailure = run.onFailure === 'stop' ? 'stop' : 'collect';
  const result = await simulate(serviceOf(given), {
    ...options,
    canary,
    onFailure,
    clock,
    signal,
    weight,
    maxWeight: 10,
  });
  return { ...result, canary };
}

function check(act: (run: Run, result: Simulation & { readonly canary: number }) => void): Promise<void> {
  const property = fc.asyncProperty(runs, async (run) => act(run, await perform(run)));
  return Promise.resolve(fc.assert(property, { numRuns: 150 }));
}

test('every job settles once, or is left unfinished because the run ended', () =>
  check(({ jobs }, { settled, cutOff, twice, ending, requests }) => {
    expect(twice).toEqual([]);
    if (!ending) expect(settled.size).toBe(jobs);
    for (const [job, { attempts, failure }] of settled) {
      expect(failure?.code).not.toBe('RUN_ENDED');
      expect(attempts).toBe(requests.filter((request) => request.job === job).length);
    }
    const unsettled = Map.groupBy(requests, ({ job }) => job);
    for (const job of settled.keys()) unsettled.delete(job);
    const asked = [...unsettled].map(([job, { length }]) => [job, length]);
    expect([...cutOff].map(([job, { attempts }]) => [job, attempts])).toEqual(
      asked.toSorted(([a = 0], [b = 0]) => a - b),
    );
  }));

test('no more requests are in flight than the ceiling and the memory allow', () =>
  check(({ concurrency }, { mostInFlight, mostWeight }) => {
    expect(mostInFlight).toBeLessThanOrEqual(concurrency);
    expect(mostWeight).toBeLessThanOrEqual(10);
  }));

function isDuring(outages: Simulation['outages'], { atMs }: ModelRequest): boolean {
  return outages.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs);
}

test('a job gets its attempts, one free repeat, and probes, but no more', () =>
  check(({ jobs, attempts }, { requests, outages }) => {
    for (let job = 0; job < jobs; job++) {
      const counted = requests.filter((request) => request.job === job && !isDuring(outages, request));
      expect(counted.length).toBeLessThanOrEqual(attempts + 1 + outages.length);
    }
  }));

test('during an outage there is one probe at a time', () =>
  check((_, { requests, outages }) => {
    for (const { fromMs, toMs, inFlight } of outages) {
      const probes = requests.filter(({ atMs }) => atMs > fromMs && atMs < toMs);
      for (const probe of probes) expect(probe.inFlight).toBeLessThanOrEqual(inFlight + 1);
    }
  }));

test('the canary goes first, and the others follow in their order, except probes', () =>
  check((_, { requests, canary, outages }) => {
    const firsts = requests.filter(({ attempt }) => attempt === 1);
    const others = firsts
      .slice(1)
      .filter((request) => !isDuring(outages, request))
      .map(({ job }) => job);
    if (firsts[0]) expect(firsts[0].job).toBe(canary);
    expect(others).toEqual(others.toSorted((a, b) => a - b));
  }));

test('nothing runs on after the deadline or a cancellation', () =>
  check(({ deadlineMs, cancelAtMs }, { elapsedMs, requests }) => {
    const endMs = Math.min(deadlineMs ?? Number.POSITIVE_INFINITY, cancelAtMs ?? Number.POSITIVE_INFINITY);
    expect(elapsedMs).toBeLessThanOrEqual(endMs);
    expect(requests.every(({ atMs }) => atMs <= endMs)).toBe(true);
  }));

test('a canary whose connections are all lost waits for its retry, although retries of other files could start', async () => {
  const lost = KINDS.indexOf(FAILURES.stale);
  const given: Weather = {
    afterMs: 0,
    moods: [{ lastsMs: 17_443, share: 1, kind: lost }],
    poison: { job: 100, kind: 0 },
  };
  const options = {
    jobs: 32,
    canary: 13,
    concurrency: 100 as const,
    attempts: 8,
    deadlineMs: undefined,
    cancelAtMs: undefined,
  };
  const { settled } = await perform({ ...options, weather: given, seed: 461_081_021, onFailure: 'stop' });
  expect(settled.size).toBe(32);
});

test('the same seed gives the same run', async () => {
  const options = { jobs: 80, concurrency: 16, seed: 5 };
  const model: Model = (_, random) => ({ afterMs: 20, failure: random() < 0.4 ? FAILURES.refused : undefined });
  expect((await simulate(model, options)).requests).toEqual((await simulate(model, options)).requests);
});

test('delays and pauses stay within their bounds, and use all of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (tries, seed) => {
      const random = seededRandom(seed);
      for (const [kind, base] of [
        ['plain', 200],
        ['throttled', 1000],
      ] as const) {
        const bound = Math.min(10_000, base * 2 ** (tries - 1));
        expect(backoffMs(tries, kind, random)).toBeLessThanOrEqual(bound);
        expect(backoffMs(tries, kind, () => 0)).toBe(0);
        expect(backoffMs(tries, kind, () => 0.999)).toBeCloseTo(0.999 * bound, 6);
      }
      const bound = Math.min(10_000, 250 * 2 ** tries);
      expect(pauseMs(tries, random)).toBeLessThanOrEqual(bound);
      expect(pauseMs(tries, random)).toBeGreaterThanOrEqual(bound / 2);
    }),
  );
});
