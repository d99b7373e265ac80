import { describe, expect, test } from 'vitest';
import { atMostInFlight, downDuring, failing, failingShare, ratePerSecond } from './models.ts';
import {
  FAILURES,
  type Model,
  type ModelRequest,
  type Simulation,
  type SimulationOptions,
  simulate,
} from './simulate.ts';

const RUNS = 50;
const S = 1000;
const isFirst = ({ attempt }: ModelRequest): boolean => attempt === 1;

interface Row {
  readonly green: number;
  readonly requestsPerFile: number;
  readonly meanMs: number;
  readonly longestMs: number;
  readonly runs: readonly Simulation[];
}

/** Runs a model with fixed seeds, 500 files and a ceiling of 32 unless told otherwise. */
async function runRow(makeModel: () => Model, options: Partial<SimulationOptions> = {}): Promise<Row> {
  const runs: Simulation[] = [];
  const jobs = options.jobs ?? 500;
  for (let seed = 1; seed <= RUNS; seed++) {
    runs.push(await simulate(makeModel(), { concurrency: 32, ...options, jobs, seed: seed * 101 }));
  }
  return {
    green: runs.filter(({ green }) => green).length,
    requestsPerFile: runs.reduce((sum, { requests }) => sum + requests.length, 0) / RUNS / jobs,
    meanMs: runs.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / RUNS,
    longestMs: Math.max(...runs.map(({ elapsedMs }) => elapsedMs)),
    runs,
  };
}

describe('500 files and a service with outages', () => {
  const { unavailable, refused, serverError } = FAILURES;
  test.each<[string, () => Model, { green: number; requests: number; meanS: number }]>([
    ['sound', () => failingShare(0, unavailable), { green: 50, requests: 1, meanS: 0.4 }],
    ['10 % 503', () => failingShare(0.1, unavailable), { green: 50, requests: 1.12, meanS: 2.5 }],
    ['30 % 503', () => failingShare(0.3, unavailable), { green: 50, requests: 1.45, meanS: 8 }],
    ['50 % 503', () => failingShare(0.5, unavailable), { green: 47, requests: 2.02, meanS: 36 }],
    ['30 % lost connections', () => failingShare(0.3, refused), { green: 50, requests: 1.45, meanS: 3.5 }],
    ['50 % lost connections', () => failingShare(0.5, refused), { green: 49, requests: 2.02, meanS: 18 }],
    ['50 per second, then 429', () => ratePerSecond(50), { green: 50, requests: 1.9, meanS: 10 }],
    ['50 per second, with Retry-After', () => ratePerSecond(50, 1000), { green: 50, requests: 1.2, meanS: 13 }],
    ['8 at a time, then 503', () => atMostInFlight(8), { green: 50, requests: 1.65, meanS: 3.5 }],
    ['20 s down', () => downDuring([[100, 20_100]], unavailable), { green: 50, requests: 1.13, meanS: 26 }],
    ['90 s down', () => downDuring([[100, 90_100]], unavailable), { green: 50, requests: 1.13, meanS: 96 }],
    ['20 s of 500', () => downDuring([[100, 20_100]], serverError), { green: 50, requests: 1.1, meanS: 26 }],
    ['90 s of 500', () => downDuring([[100, 90_100]], serverError), { green: 50, requests: 1.1, meanS: 98 }],
    [
      '503 to the first request of each file',
      () => failing(unavailable, isFirst),
      { green: 50, requests: 2, meanS: 70 },
    ],
    [
      '500 to the first request of each file',
      () => failing(serverError, isFirst),
      { green: 50, requests: 2, meanS: 8 },
    ],
    ['30 % 500', () => failingShare(0.3, serverError), { green: 47, requests: 1.45, meanS: 6 }],
    [
      'that is down for 60 s, twice',
      () =>
        downDuring(
          [
            [100, 60_100],
            [60_500, 120_500],
          ],
          unavailable,
        ),
      { green: 50, requests: 1.13, meanS: 127 },
    ],
  ])('%s', async (_, makeModel, most) => {
    const row = await runRow(makeModel);
    expect(row.green).toBeGreaterThanOrEqual(most.green);
    expect(row.requestsPerFile).toBeLessThanOrEqual(most.requests);
    expect(row.meanMs).toBeLessThanOrEqual(most.meanS * S);
  });

  test('that is down for 20 s and twice for 15 s, with concurrency 100', async () => {
    const outages = [
      [100, 20_100],
      [21_000, 36_000],
      [37_000, 52_000],
    ] as const;
    const row = await runRow(() => downDuring(outages, refused), { concurrency: 100 });
    expect(row.green).toBe(RUNS);
    expect(row.requestsPerFile).toBeLessThanOrEqual(1.3);
  });

  test('one file that the service can never sign costs the others nothing', async () => {
    const poison = failing(FAILURES.serverError, ({ job }) => job === 250, 20);
    const row = await runRow(() => poison);
    for (const { settled, ending } of row.runs) {
      expect(ending).toBeUndefined();
      expect([...settled].filter(([, { failure }]) => failure).map(([job]) => job)).toEqual([250]);
      expect(settled.get(250)?.attempts).toBe(8);
    }
    expect(row.meanMs).toBeLessThanOrEqual(12 * S);
  });

  test.each<[string, (job: number) => boolean, { meanS: number }]>([
    ['the last 20 files', (job) => job >= 480, { meanS: 90 }],
    ['100 files of one directory', (job) => job >= 250 && job < 350, { meanS: 36 }],
    ['every second file', (job) => job % 2 === 1, { meanS: 36 }],
    ['nine of ten files', (job) => job % 10 !== 0, { meanS: 36 }],
  ])('that can never sign %s signs all others', async (_, isPoison, most) => {
    const row = await runRow(() => failing(FAILURES.serverError, ({ job }) => isPoison(job), 20));
    for (const { settled, ending } of row.runs) {
      expect(ending).toBeUndefined();
      for (const [job, { failure }] of settled) expect(failure !== undefined).toBe(isPoison(job));
    }
    expect(row.meanMs).toBeLessThanOrEqual(most.meanS * S);
  });

  test.each([20, 40, 60])(
    'after 15 s of 500 that met all that were left of %i files, each file is signed',
    async (jobs) => {
      const row = await runRow(
        () => {
          let signed = 0;
          let since: number | undefined;
          const isDown = ({ atMs }: ModelRequest): boolean => {
            if (++signed > jobs / 2) since ??= atMs;
            return since !== undefined && atMs < since + 15_000;
          };
          return failing(FAILURES.serverError, isDown, 20);
        },
        { jobs },
      );
      expect(row.green).toBe(RUNS);
    },
  );

  test('files that can never be signed are asked for several at a time after a minute, however slow the service is', async () => {
    const poison = failing(FAILURES.serverError, ({ job }) => job >= 4, 5000);
    const run = await simulate(poison, { jobs: 33, concurrency: 32 });
    expect(run.settled.size).toBe(33);
    expect(run.elapsedMs).toBeLessThanOrEqual(300 * S);
  });

  test('each file that is left is asked for once, and then no outage is assumed any more', async () => {
    const { events } = await simulate(
      failing(FAILURES.serverError, ({ job }) => job >= 480, 20),
      { jobs: 500 },
    );
    const outages = events.filter(({ type }) => type === 'outage' || type === 'recovery').slice(-2);
    expect(outages).toMatchObject([{ type: 'outage' }, { type: 'recovery', because: 'every file has failed' }]);
  });
});

test.each([1, 2, 5, 44])('%i files survive 45 s of outage from the very start', async (jobs) => {
  const row = await runRow(() => downDuring([[0, 45_000]], FAILURES.unavailable), { jobs });
  expect(row.green).toBe(RUNS);
  expect(row.longestMs).toBeLessThanOrEqual(56 * S);
});

describe('a service that never comes back', () => {
  const never = Number.POSITIVE_INFINITY;
  test.each<[string, Model, Partial<SimulationOptions>, { requests: number; endsInS: number }]>([
    ['answers 503', failingShare(1, FAILURES.unavailable), {}, { requests: 60, endsInS: 65 }],
    ['refuses', () => ({ afterMs: 0, failure: FAILURES.refused }), {}, { requests: 60, endsInS: 65 }],
    [
      'refuses, at a ceiling of 1000',
      () => ({ afterMs: 1, failure: FAILURES.refused }),
      { concurrency: 1000 },
      { requests: 60, endsInS: 65 },
    ],
    [
      'accepts no connection and refuses none',
      () => ({ afterMs: 10_000, failure: FAILURES.unreachable }),
      { headStart: () => Promise.withResolvers<void>().promise },
      { requests: 60, endsInS: 75 },
    ],
    ['accepts and stays silent', () => ({ afterMs: never }), {}, { requests: 60, endsInS: 60 }],
    [
      'stays silent, with a timeout of 20 s',
      () => ({ afterMs: never }),
      { timeoutMs: () => 20_000 },
      { requests: 60, endsInS: 100 },
    ],
    [
      'stays silent, with a timeout of 59 s',
      () => ({ afterMs: never }),
      { timeoutMs: () => 59_000 },
      { requests: 60, endsInS: 178 },
    ],
  ])('%s', async (_, model, options, most) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const run = await simulate(model, { jobs: 500, concurrency: 100, ...options, seed });
      expect(run.ending?.code).toBe('SERVICE_DOWN');
      expect(run.settled.size).toBe(0);
      expect(run.requests.length).toBeLessThanOrEqual(most.requests);
      expect(run.elapsedMs).toBeLessThanOrEqual(most.endsInS * S);
      expect(run.elapsedMs).toBeGreaterThan(55 * S);
    }
  });

  test.each([
    ['refuses', FAILURES.refused, false],
    ['answers 500', FAILURES.serverError, true],
    ['answers with a page', FAILURES.webPage, true],
  ])('that signed one file and then %s is waited for three minutes', async (_, failure, mayBeOfFiles) => {
    const run = await simulate(downDuring([[100, never]], failure), { jobs: 1000 });
    expect(run.ending?.code).toBe('SERVICE_DOWN');
    expect(run.ending?.hint?.includes('the content of the files that were left')).toBe(mayBeOfFiles);
    expect(run.requests.filter(({ atMs }) => atMs >= 100).length).toBeLessThanOrEqual(100 + 30);
    expect(run.elapsedMs).toBeGreaterThanOrEqual(175 * S);
    expect(run.elapsedMs).toBeLessThanOrEqual(190 * S);
  });

  test('an attempt within its own time limit is not ended, however long the others fail', async () => {
    const slow: Model = ({ job }) => ({ afterMs: job === 0 ? 205_000 : 20 });
    const run = await simulate(slow, { jobs: 3, timeoutMs: () => 1_084_000 });
    expect([run.green, run.requests.length]).toEqual([true, 3]);
  });
});
