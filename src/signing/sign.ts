import { SMALL_FILE_BYTES } from '../files/reading/open-file.ts';
import type { FileOutcome, ReleaseFile } from '../files/release-file.ts';
import type { Verification } from '../verifying/check.ts';
import { type AttemptOptions, createAttempt } from './attempt.ts';
import { firstWave } from './policy/concurrency.ts';
import type { Failure } from './policy/failure.ts';
import type { PolicyEvent } from './policy/policy.ts';
import type { Clock } from './schedule/clock.ts';
import { runSchedule, type Settled } from './schedule/schedule.ts';

/** Signs files with a service and writes the signatures. */
export interface SignOptions extends AttemptOptions {
  readonly files: readonly ReleaseFile[];
  readonly concurrency: number;
  readonly attempts: number;
  /** Time limit of one try, to which one second per MiB is added. */
  readonly timeoutMs: number;
  readonly deadlineMs?: number | undefined;
  readonly onFailure: 'collect' | 'stop';
  /** Resolves when the first connection stands, with the time TCP took, in milliseconds. */
  readonly firstConnection: Promise<number>;
  /** Opens connections ahead of requests until so many or aborted. */
  readonly prepare?: ((connections: number, signal: AbortSignal) => void) | undefined;
  /** Most memory that requests in flight may take, in bytes; absent for the usual. */
  readonly maxBytesInFlight?: number | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onOutcome: (outcome: FileOutcome) => void;
  readonly onEvent: (event: PolicyEvent) => void;
}

/** What a signing run comes to. */
export interface SignResult {
  /** One per file that was tried, in the order of the files. */
  readonly outcomes: readonly FileOutcome[];
  /** Why the run ended before every file was tried. */
  readonly ending?: Failure | undefined;
}

/** The canary is alone until its answer comes or this time and two round trips have passed after its handshake. */
const HEAD_START_MS = 50;
/** On a machine that is too busy to keep time, answers are late too: the head start is longer by this many times what a timer was late. */
const LATENESS = 4;
/** Services that are as fast as this need no more connections than are opened for the first requests. */
const PREPARE_AFTER_MS = 12;
/** What may be in flight at once, by the memory it takes. */
const MAX_BYTES_IN_FLIGHT = 48 * 1024 * 1024;
/** Buffers of a large file on its way: two to read, the encoded piece as text and as bytes, and the socket's own. */
const LARGE_FILE_WEIGHT = 8 * 1024 * 1024;

/** Signs every file, each checked before its signature appears; files that fail leave none. */
export async function signFiles(options: SignOptions): Promise<SignResult> {
  const { files } = options;
  const byJob: FileOutcome[] = [];
  const digests: string[] = [];
  const signOnce = createAttempt(options);

  const ending = await runSchedule({
    ...options,
    jobs: files.length,
    canary: smallest(files),
    headStart: createHeadStart(options),
    timeoutMs: (job) => options.timeoutMs + Math.ceil((sizeOf(files, job) * 1000) / 2 ** 20),
    weight: (job) => weightOf(sizeOf(files, job), options.verification),
    maxWeight: options.maxBytesInFlight ?? MAX_BYTES_IN_FLIGHT,
    async run(job, signal, onAnswered) {
      const file = files[job];
      if (file) digests[job] = await signOnce(file, signal, onAnswered);
    },
    onSettled(job, settled) {
      const file = files[job];
      if (!file) return;
      const outcome = toOutcome(file, settled, digests[job]);
      byJob[job] = outcome;
      options.onOutcome(outcome);
    },
    onCutOff(job, tally) {
      const file = files[job];
      if (file) byJob[job] = { file, status: 'not-tried', ...tally };
    },
  });
  // The array has holes where a file was never tried, which `filter` leaves out.
  return { outcomes: byJob.filter(() => true), ending };
}

function toOutcome(file: ReleaseFile, { failure, ...tally }: Settled, sha256: string | undefined): FileOutcome {
  return {
    file,
    status: failure ? 'failed' : 'signed',
    sha256: failure ? undefined : sha256,
    ...tally,
    error: failure,
  };
}

function sizeOf(files: readonly ReleaseFile[], job: number): number {
  return files[job]?.size ?? 0;
}

function weightOf(size: number, verification: Verification | undefined): number {
  const held = verification?.verifier.algorithm.scheme === 'ed25519' ? size : 0;
  // Bytes, their base64 as a string and as the body.
  return held + (size > SMALL_FILE_BYTES ? LARGE_FILE_WEIGHT : 16 * 1024 + 4 * size);
}

function smallest(files: readonly ReleaseFile[]): number {
  let best = 0;
  for (let i = 1; i < files.length; i++) if (sizeOf(files, i) < sizeOf(files, best)) best = i;
  return best;
}

/** Leaves the canary alone; once a refusal would have come, connections are opened for the others meanwhile, once in a run. */
function createHeadStart({ files, concurrency, clock, prepare, firstConnection }: SignOptions) {
  const connections = Math.min(firstWave(concurrency, files.length), files.length) - 1;
  let isPrepared = false;
  return async (signal: AbortSignal): Promise<void> => {
    const roundTripMs = await firstConnection;
    const wakeAt = clock.now() + PREPARE_AFTER_MS + roundTripMs;
    await waitFor(clock, PREPARE_AFTER_MS + roundTripMs);
    const lateMs = Math.max(0, clock.now() - wakeAt);
    if (!isPrepared && !signal.aborted) prepare?.(connections, signal);
    isPrepared = true;
    await waitFor(clock, HEAD_START_MS - PREPARE_AFTER_MS + roundTripMs + LATENESS * lateMs);
  };
}

function waitFor(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
