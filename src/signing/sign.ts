import { SMALL_FILE_BYTES } from '../files/reading/open-file.ts';
import type { FileOutcome, ReleaseFile } from '../files/release-file.ts';
import { AnswerLog } from './answer-log.ts';
import { type AttemptOptions, createAttempt, type Signed, sizeLimit } from './attempt.ts';
import { Hindsight } from './hindsight.ts';
import { firstWave } from './policy/concurrency.ts';
import type { PolicyEvent } from './policy/decision.ts';
import { HEAD_START } from './policy/defaults.ts';
import { Failure } from './policy/failure.ts';
import { type Clock, sleep } from './schedule/clock.ts';
import { runSchedule, type Settled } from './schedule/schedule.ts';
import { findSizes, withSizes } from './sizes.ts';

/** The files, the signer, and the limits of one signing run. */
export interface SignOptions extends AttemptOptions {
  readonly files: readonly ReleaseFile[];
  readonly concurrency: number;
  readonly attempts: number;
  /** Time limit of one attempt in milliseconds; one second per MiB of the file is added. */
  readonly timeoutMs: number;
  readonly deadlineMs?: number | undefined;
  readonly onFailure: 'collect' | 'stop';
  /** Resolves when the first connection is open, with the milliseconds that TCP took. */
  readonly firstConnection: Promise<number>;
  /** Opens connections before the requests, up to this number or until the signal aborts. */
  readonly prepare?: ((connections: number, signal: AbortSignal) => void) | undefined;
  /** Most memory for requests in flight, in bytes; default: 48 MiB. */
  readonly maxBytesInFlight?: number | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onOutcome: (outcome: FileOutcome) => void;
  readonly onEvent: (event: PolicyEvent) => void;
}

/** The result of a signing run. */
export interface SignResult {
  /** One for each attempted file, in the order of the files. */
  readonly outcomes: readonly FileOutcome[];
  /** Why the run ended before every file had its result. */
  readonly ending?: Failure | undefined;
}

/** Most memory for requests in flight, in bytes. */
const MAX_BYTES_IN_FLIGHT = 48 * 1024 * 1024;
/** Memory in bytes of sending a large file: two read buffers, a piece as text and as bytes, the socket's buffers. */
const LARGE_FILE_WEIGHT = 8 * 1024 * 1024;

/** Signs every file; a signature is verified before it is written, and a failed file has none. */
export async function signFiles(options: SignOptions): Promise<SignResult> {
  const { files } = options;
  const byJob: FileOutcome[] = [];
  const signed = new Map<number, Signed>();
  const [answers, hindsight] = [new AnswerLog(), new Hindsight()];
  const signOnce = createAttempt(options, answers);
  const ending = await runSchedule({
    jobs: files.length,
    canary: smallest(files),
    headStart: createHeadStart(options),
    ...filesInFlight(options),
    attempts: options.attempts,
    deadlineMs: options.deadlineMs,
    onFailure: options.onFailure,
    signal: options.signal,
    clock: options.clock,
    random: options.random,
    onEvent: hindsight.watching(options.onEvent),
    timeoutMs: (job) => options.timeoutMs + Math.ceil((sizeOf(files, job) * 1000) / 2 ** 20),
    weight: (job) => weightOf(sizeOf(files, job), options),
    maxWeight: options.maxBytesInFlight ?? MAX_BYTES_IN_FLIGHT,
    async run(job, signal, onAnswered) {
      if (files[job]) signed.set(job, await signOnce(files[job], signal, onAnswered));
    },
    onSettled(job, settled) {
      const file = files[job];
      if (!file) return;
      hindsight.onSettled(job, settled.failure);
      const outcome = toOutcome(file, settled, signed.get(job));
      signed.delete(job);
      byJob[job] = outcome;
      options.onOutcome(outcome);
    },
    onCutOff(job, tally) {
      const file = files[job];
      if (file) byJob[job] = { file, status: 'not-tried', ...tally };
    },
  });
  return explained(byJob, ending, { answers, hindsight, sendsFiles: options.signer.weigh === undefined });
}

/** Explains the failures of a run that is over. */
function explained(
  byJob: readonly FileOutcome[],
  ending: Failure | undefined,
  // The service does not get a file of which only the digest is sent.
  {
    answers,
    hindsight,
    sendsFiles,
  }: { readonly answers: AnswerLog; readonly hindsight: Hindsight; readonly sendsFiles: boolean },
): SignResult {
  // The array has holes for files that were never attempted; `filter` removes them.
  const outcomes = byJob.filter(() => true);
  const sizes = sendsFiles ? findSizes(outcomes, hindsight.signedAfterFailure) : undefined;
  const explain = (failure: Failure): Failure =>
    withSizes(
      hindsight.explain(answers.atEnd(failure), (job) => byJob[job]?.status),
      sizes,
    );
  const largest = outcomes.reduce(
    (most, { status, file }) => (status === 'signed' ? Math.max(most, file.size) : most),
    -1,
  );
  return {
    outcomes: outcomes.map((outcome) =>
      outcome.error instanceof Failure
        ? { ...outcome, error: explain(sizeLimit(outcome.error, outcome.file, largest)) }
        : outcome,
    ),
    ending: ending && explain(ending),
  };
}

/** Names each member, because an object that is spread from others takes more memory, and there may be 100,000. */
function toOutcome(file: ReleaseFile, settled: Settled, signed: Signed | undefined): FileOutcome {
  const { failure: error, attempts, blindRepeats, elapsedMs } = settled;
  if (error) return { file, status: 'failed', attempts, blindRepeats, elapsedMs, error };
  const { sha256, signatureSha256, keyVersion } = signed ?? {};
  return { file, status: 'signed', sha256, signatureSha256, keyVersion, attempts, blindRepeats, elapsedMs };
}

/** Returns how many files may wait for an answer; `concurrency` counts requests, and with one, files go in turn. */
function filesInFlight({ concurrency, signer: { sharing } }: SignOptions) {
  if (sharing === undefined || concurrency === 1) return { concurrency };
  const { requests, files: perRequest } = sharing;
  return { concurrency: Math.max(concurrency, Math.min(concurrency, requests) * perRequest), perRequest };
}

function sizeOf(files: readonly ReleaseFile[], job: number): number {
  return files[job]?.size ?? 0;
}

function weightOf(size: number, { verification, signer }: Pick<SignOptions, 'verification' | 'signer'>): number {
  const held = verification?.verifier.algorithm.scheme === 'ed25519' ? size : 0;
  return held + (signer.weigh ?? weightOfStream)(size);
}

/** The bytes of a small file, their base64 as a string, and the body; a large file is sent in pieces. */
function weightOfStream(size: number): number {
  return size > SMALL_FILE_BYTES ? LARGE_FILE_WEIGHT : 16 * 1024 + 4 * size;
}

function smallest(files: readonly ReleaseFile[]): number {
  let best = 0;
  for (let i = 1; i < files.length; i++) if (sizeOf(files, i) < sizeOf(files, best)) best = i;
  return best;
}

/** Creates the wait of the head start, which opens connections for the other files when no refusal came in time. */
function createHeadStart({ files, concurrency, clock, prepare, firstConnection, signer }: SignOptions) {
  const { requests = concurrency } = signer.sharing ?? {};
  const connections = Math.min(firstWave(concurrency, files.length), files.length, requests) - 1;
  // Sending a large file keeps the process busy for longer than the head start, so one long step misses no answer.
  const isLarge = sizeOf(files, smallest(files)) > SMALL_FILE_BYTES;
  const stepMs = isLarge ? Number.POSITIVE_INFINITY : HEAD_START.stepMs;
  let isPrepared = false;
  return async (signal: AbortSignal): Promise<void> => {
    const roundTripMs = await firstConnection;
    await idleFor(clock, HEAD_START.prepareAfterMs + roundTripMs, stepMs);
    if (!isPrepared && !signal.aborted) prepare?.(connections, signal);
    isPrepared = true;
    await idleFor(clock, headStartMs(clock) - HEAD_START.prepareAfterMs + roundTripMs, stepMs);
  };
}

function headStartMs({ slowdown = 1 }: Clock): number {
  const factor = slowdown < HEAD_START.slowFrom ? 1 : Math.min(slowdown, HEAD_START.maxSlowdown);
  return HEAD_START.lengthMs * factor;
}

/**
 * Resolves when the process has been able to read an answer for `ms` milliseconds.
 *
 * When the process or machine is busy with something else, such as handshakes, steps take longer, but only the length
 * of a timely step counts. After each step, received answers are read before the next one.
 */
async function idleFor(clock: Clock, ms: number, stepMs: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; ) {
    const startedAt = clock.now();
    const delayMs = Math.min(leftMs, stepMs);
    await sleep(clock, delayMs);
    leftMs -= Math.min(clock.now() - startedAt, delayMs + 1);
  }
  await new Promise<void>((resolve) => clock.soon(resolve));
}
