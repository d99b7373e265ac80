import { Hindsight } from '../../src/signing/hindsight.ts';
import type { PolicyEvent } from '../../src/signing/policy/decision.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import type { Tally } from '../../src/signing/schedule/in-flight.ts';
import { runSchedule, type ScheduleOptions, type Settled } from '../../src/signing/schedule/schedule.ts';
import { VirtualClock } from './virtual-clock.ts';

/** One request as a modelled service sees it. */
export interface ModelRequest {
  readonly job: number;
  /** 1 for the first request of the whole run. */
  readonly nth: number;
  /** 1 for the first try of this job. */
  readonly attempt: number;
  readonly atMs: number;
  /** This one included. */
  readonly inFlight: number;
}

/** What a modelled service does with a request: it succeeds, or fails, after a while. */
interface ModelAnswer {
  readonly afterMs: number;
  readonly failure?: Failure | undefined;
  /** Work of our own that a success leaves, such as writing the signature. */
  readonly rest?: { readonly ms: number; readonly failure?: Failure | undefined };
}

/** A service as a function; `random` is seeded. */
export type Model = (request: ModelRequest, random: () => number) => ModelAnswer;

/** A time in which only probes were sent. */
interface Outage {
  readonly fromMs: number;
  /** Infinite when it lasted to the end. */
  readonly toMs: number;
  /** Requests that were still under way when it began. */
  readonly inFlight: number;
}

/** What happened in a simulated run. */
export interface Simulation {
  readonly green: boolean;
  readonly ending: Failure | undefined;
  readonly elapsedMs: number;
  readonly requests: readonly ModelRequest[];
  readonly settled: ReadonlyMap<number, Settled>;
  /** Jobs that were tried and had no result when the run ended. */
  readonly cutOff: ReadonlyMap<number, Tally>;
  /** Jobs that settled more than once. */
  readonly twice: readonly number[];
  readonly events: readonly PolicyEvent[];
  readonly outages: readonly Outage[];
  readonly mostInFlight: number;
  readonly mostWeight: number;
}

/** A simulated run's settings, each with the value it has in use. */
export type SimulationOptions = Partial<
  Pick<
    ScheduleOptions,
    | 'canary'
    | 'headStart'
    | 'concurrency'
    | 'attempts'
    | 'timeoutMs'
    | 'weight'
    | 'maxWeight'
    | 'deadlineMs'
    | 'onFailure'
    | 'signal'
  >
> & {
  readonly jobs: number;
  readonly seed?: number;
  /** What each answer costs this process, in milliseconds. */
  readonly busyMs?: number;
  readonly onSettled?: ScheduleOptions['onSettled'];
  readonly clock?: VirtualClock;
};

/** Returns numbers from 0 up to 1 that depend on nothing but the seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The options of a run in virtual time that no test is about. */
export function usualSchedule(clock: VirtualClock) {
  return {
    canary: 0,
    headStart: () => sleep(clock, 52),
    concurrency: 100,
    attempts: 8,
    timeoutMs: () => 60_000,
    weight: () => 1,
    maxWeight: Number.POSITIVE_INFINITY,
    onFailure: 'collect',
    signal: new AbortController().signal,
    clock,
  } as const;
}

/** Runs jobs against a modelled service in virtual time. */
export async function simulate(model: Model, options: SimulationOptions): Promise<Simulation> {
  const seed = options.seed ?? 1;
  const clock = options.clock ?? new VirtualClock();
  const service = new ModelledService(model, {
    clock,
    random: seededRandom(seed + 7919),
    weight: options.weight,
    busyMs: options.busyMs ?? 0,
  });
  const settled = new Map<number, Settled>();
  const cutOff = new Map<number, Tally>();
  const twice: number[] = [];
  const events: PolicyEvent[] = [];
  const outages: Outage[] = [];
  const hindsight = new Hindsight();
  const ended = await clock.run(
    runSchedule({
      ...usualSchedule(clock),
      ...options,
      clock,
      random: seededRandom(seed),
      async run(job, signal, onAnswered) {
        const { rest } = await service.request(job, signal);
        if (!rest) return;
        onAnswered();
        await sleep(clock, rest.ms);
        if (rest.failure) throw rest.failure;
      },
      onSettled(job, result) {
        if (settled.has(job)) twice.push(job);
        settled.set(job, result);
        hindsight.onSettled(job, result.failure);
        options.onSettled?.(job, result);
      },
      onCutOff: (job, tally) => void cutOff.set(job, tally),
      onEvent: hindsight.watching((event) => {
        events.push(event);
        const last = event.type === 'recovery' ? outages.pop() : undefined;
        if (last) outages.push({ ...last, toMs: clock.now() });
        if (event.type === 'outage') {
          outages.push({ fromMs: clock.now(), toMs: Number.POSITIVE_INFINITY, inFlight: service.inFlight });
        }
      }),
    }),
  );
  const statusOf = (job: number): string | undefined => {
    const result = settled.get(job);
    return result && (result.failure ? 'failed' : 'signed');
  };
  const explain = (failure: Failure): Failure => hindsight.explain(failure, statusOf);
  for (const [job, result] of settled)
    if (result.failure) settled.set(job, { ...result, failure: explain(result.failure) });
  const ending = ended && explain(ended);
  const lost = [...settled.values()].filter(({ failure }) => failure);
  const green = !ending && settled.size === options.jobs && lost.length === 0;
  return { green, ending, elapsedMs: clock.now(), settled, cutOff, twice, events, outages, ...service.record() };
}

interface ModelWorld {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly weight: ((job: number) => number) | undefined;
  readonly busyMs: number;
}

class ModelledService {
  readonly #model: Model;
  readonly #world: ModelWorld;
  readonly #requests: ModelRequest[] = [];
  readonly #attempts = new Map<number, number>();
  inFlight = 0;
  #weight = 0;
  #mostInFlight = 0;
  #mostWeight = 0;

  constructor(model: Model, world: ModelWorld) {
    this.#model = model;
    this.#world = world;
  }

  async request(job: number, signal: AbortSignal): Promise<ModelAnswer> {
    const { clock, random, weight, busyMs } = this.#world;
    const attempt = (this.#attempts.get(job) ?? 0) + 1;
    this.#attempts.set(job, attempt);
    this.inFlight++;
    this.#weight += weight?.(job) ?? 0;
    this.#mostInFlight = Math.max(this.#mostInFlight, this.inFlight);
    if (this.inFlight > 1) this.#mostWeight = Math.max(this.#mostWeight, this.#weight);
    const request = { job, nth: this.#requests.length + 1, attempt, atMs: clock.now(), inFlight: this.inFlight };
    this.#requests.push(request);
    try {
      const answer = this.#model(request, random);
      await sleep(clock, answer.afterMs, signal);
      if (busyMs > 0) await clock.work(busyMs);
      if (answer.failure) throw answer.failure;
      return answer;
    } finally {
      this.inFlight--;
      this.#weight -= weight?.(job) ?? 0;
    }
  }

  record(): Pick<Simulation, 'requests' | 'mostInFlight' | 'mostWeight'> {
    return { requests: this.#requests, mostInFlight: this.#mostInFlight, mostWeight: this.#mostWeight };
  }
}

/** Waits in virtual time, until the signal aborts. */
export function sleep(clock: VirtualClock, ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal?.aborted) reject(signal.reason);
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (ms !== Number.POSITIVE_INFINITY) {
    clock.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  }
  return promise;
}

/** Failures as the protocols and the connection make them. */
export const FAILURES = {
  unavailable: new Failure('service', 'UNAVAILABLE', 'The service answered 503.', { throttled: true }),
  refused: new Failure('service', 'CONNECT_REFUSED', 'The connection was refused.'),
  unreachable: new Failure('service', 'CONNECT_TIMEOUT', 'No connection within 10 s.'),
  serverError: new Failure('request', 'SERVER_ERROR', 'The service answered 500.'),
  stale: new Failure('service', 'CONNECTION_LOST', 'The connection was lost.', { staleConnection: true }),
  unauthorised: new Failure('request', 'UNAUTHORIZED', 'The service answered 401.', {
    endsRun: 'unauthorised',
    maxAttempts: 3,
  }),
  badRequest: new Failure('file', 'REQUEST_REFUSED', 'The service answered 400.', { endsRun: 'first-four-files' }),
  tooLarge: new Failure('file', 'FILE_TOO_LARGE_FOR_SERVER', 'The service answered 413.'),
  webPage: new Failure('request', 'RESP_HTML', 'The service answered with an HTML page.', { endsRun: 'canary-twice' }),
  pathUnknown: new Failure('file', 'NOT_FOUND', 'The service answered 404.', { endsRun: 'first-four-files' }),
  noSuchHost: new Failure('request', 'DNS_NOT_FOUND', 'The host name does not exist.', {
    endsRun: 'not-found',
    maxAttempts: 3,
  }),
  noDescriptor: new Failure('machine', 'TOO_MANY_OPEN_FILES', 'This system allows no more open files.'),
  wrongKey: new Failure('request', 'SIGNATURE_INVALID', 'The signature of a file is not valid for its bytes.', {
    endsRun: 'verify-key',
    maxAttempts: 2,
    ending: new Failure('config', 'VERIFY_KEY_WRONG', 'No signature fits verify-key.'),
  }),
  redirected: new Failure('config', 'HTTP_REDIRECT', 'The service answered 302.'),
} as const;

/** Returns the failure of an answer of 429, with the wait that the service asks for. */
export function throttled(retryAfterMs?: number): Failure {
  const facts = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new Failure('service', 'THROTTLED', 'The service answered 429.', { throttled: true, ...facts });
}
