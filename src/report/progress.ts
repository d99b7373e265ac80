import type { Clock } from '../signing/schedule/clock.ts';
import type { SignOptions } from '../signing/sign.ts';
import type { Signer, Source } from '../signing/signer.ts';
import { formatBytes, formatCount, formatGuessedMs, plural } from './summary/units.ts';

/** Time before the first line, in milliseconds; short work shows no progress. */
const FIRST_LINE_MS = 5000;
const NEXT_LINE_MS = 5000;
/** Smallest share of the work from which the remaining time is estimated. */
const LEAST_SHARE = 0.01;
/** Time in milliseconds without progress, after which the remaining time is no longer estimated. */
const LATELY_MS = 15_000;
/** Slowest rate that is shown, in bytes per second; tiny files have a slower one, which is meaningless. */
const LEAST_RATE = 1000;

/** Prints a line of progress every few seconds. */
interface Progress {
  /** Notes that an attempt for a file has started. */
  start(): Flight;
  /** Notes that a file of this size is done. */
  add(bytes: number): void;
  /** Notes that a file of this size has failed for good: it counts neither as done nor as remaining. */
  lose(bytes: number): void;
  /** Notes that work is paused, so that the remaining time is unknown. */
  pause(): void;
  /** Notes that work continues after a pause. */
  resume(): void;
  /** Whether every remaining file is in flight. */
  isLastUnderWay(): boolean;
  stop(): void;
}

/** An attempt for a file. */
interface Flight {
  /** Notes bytes that were hashed before sending. */
  readonly hashed: (bytes: number) => void;
  /** Notes bytes that were sent. */
  readonly sent: (bytes: number) => void;
  /** Ends the attempt and removes its bytes from the count, because a finished file counts as a whole. */
  end(): void;
}

/** Starts the progress of work with a known size. */
export function startProgress(
  total: { readonly files: number; readonly bytes: number },
  clock: Clock,
  print: (line: string) => void,
): Progress {
  const startedAt = clock.now();
  const done = { files: 0, bytes: 0 };
  const lost = { files: 0, bytes: 0 };
  const flying = { tries: 0, hashed: 0, sent: 0 };
  const pace = { sent: 0, at: startedAt, isPaused: false };
  let cancel = clock.after(FIRST_LINE_MS, tick);

  function tick(): void {
    const now = clock.now();
    const sent = done.bytes + flying.sent;
    // A file is read twice: to hash it and to send it.
    const read = done.bytes + sent + flying.hashed;
    const bytes = total.bytes - lost.bytes;
    const share = bytes > 0 ? read / (2 * bytes) : done.files / (total.files - lost.files);
    if (sent > pace.sent) Object.assign(pace, { sent, at: now });
    const isSteady = (done.files > 0 || sent > 0) && !pace.isPaused && now - pace.at < LATELY_MS;
    const counts = { total: total.files, files: done.files, failed: lost.files, inFlight: flying.tries };
    print(describe({ ...counts, sent, share, isSteady }, now - startedAt));
    cancel = clock.after(NEXT_LINE_MS, tick);
  }

  return {
    start: () => startFlight(flying),
    add(size) {
      count(done, size);
      pace.at = clock.now();
    },
    lose: (size) => count(lost, size),
    pause: () => Object.assign(pace, { isPaused: true }),
    resume: () => Object.assign(pace, { isPaused: false }),
    isLastUnderWay: () => done.files + lost.files + flying.tries >= total.files,
    stop: () => cancel(),
  };
}

function count(sum: { files: number; bytes: number }, size: number): void {
  sum.files++;
  sum.bytes += size;
}

/** Starts an attempt, which counts in the sums over all attempts in flight. */
function startFlight(flying: { tries: number; hashed: number; sent: number }): Flight {
  const own = { hashed: 0, sent: 0 };
  const note = (pass: keyof typeof own, bytes: number): void => {
    own[pass] += bytes;
    flying[pass] += bytes;
  };
  flying.tries++;
  return {
    hashed: (bytes) => note('hashed', bytes),
    sent: (bytes) => note('sent', bytes),
    end() {
      flying.tries--;
      flying.hashed -= own.hashed;
      flying.sent -= own.sent;
    },
  };
}

interface State {
  readonly total: number;
  readonly files: number;
  readonly failed: number;
  /** Bytes sent, including finished files. */
  readonly sent: number;
  /** Share of the whole work that is done, from 0 to 1. */
  readonly share: number;
  /** Whether the service answers or takes bytes, so that the remaining time can be estimated. */
  readonly isSteady: boolean;
  readonly inFlight: number;
}

function describe({ total, files, failed, sent, share, isSteady, inFlight }: State, elapsedMs: number): string {
  const rate = sent / (elapsedMs / 1000);
  const isGuessable = isSteady && share >= LEAST_SHARE && share < 1;
  return [
    `${formatCount(files)} of ${plural(total, 'file')}`,
    failed > 0 ? `${formatCount(failed)} failed` : '',
    rate >= LEAST_RATE ? `${formatBytes(rate)}/s` : '',
    inFlight > 0 ? `${formatCount(inFlight)} in flight` : '',
    isGuessable ? `about ${formatGuessedMs((elapsedMs / share) * (1 - share))} left` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Connects a signing with the progress: attempts, results, and pauses during an outage of the service. */
export function watchSigning(options: SignOptions, progress: Progress): SignOptions {
  return {
    ...options,
    signer: watchSigner(options.signer, progress),
    onEvent(event) {
      if (event.type === 'outage') progress.pause();
      if (event.type === 'recovery') progress.resume();
      options.onEvent(event);
    },
    onOutcome(outcome) {
      if (outcome.error) progress.lose(outcome.file.size);
      else progress.add(outcome.file.size);
      options.onOutcome(outcome);
    },
  };
}

/** Connects a signer's attempts with the progress; large files count while their bytes are being sent. */
export function watchSigner(signer: Signer, progress: Progress): Signer {
  return {
    sharing: signer.sharing,
    weigh: signer.weigh,
    async sign(source, signal, used) {
      const flight = progress.start();
      try {
        return await signer.sign(watchSource(source, flight), signal, used);
      } finally {
        flight.end();
      }
    },
  };
}

/** Counts the bytes of a source. A file is hashed before it is sent; one in memory is sent at once and not counted. */
function watchSource(source: Source, flight: Flight): Source {
  return {
    path: source.path,
    size: source.size,
    async digest(begin) {
      const digested = await source.digest(begin);
      flight.hashed(source.size);
      return digested;
    },
    read() {
      const chunks = source.read();
      return Array.isArray(chunks) ? chunks : countChunks(chunks, flight.sent);
    },
  };
}

async function* countChunks(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    count(chunk.length);
  }
}
