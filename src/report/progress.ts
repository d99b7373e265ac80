import type { Clock } from '../signing/clock.ts';
import { formatBytes, formatCount, formatGuessedMs, plural } from './units.ts';

/** Short work shows no progress at all. */
const FIRST_LINE_MS = 5000;
const NEXT_LINE_MS = 5000;

/** Prints a line every few seconds while work goes on. */
export interface Progress {
  /** Notes that a try for a file is under way. */
  start(): Flight;
  /** Notes that a file of this size is done. */
  add(bytes: number): void;
  stop(): void;
}

/** One try for a file. */
export interface Flight {
  /** Notes bytes that are on their way. */
  sent(bytes: number): void;
  /** Ends the try; its bytes count no more, since a file that is done counts as a whole. */
  end(): void;
}

/** Starts to watch a work of known extent. */
export function startProgress(
  total: { readonly files: number; readonly bytes: number },
  clock: Clock,
  print: (line: string) => void,
): Progress {
  const startedAt = clock.now();
  const done = { files: 0, bytes: 0 };
  const under = { way: 0, bytes: 0 };
  let cancel = clock.after(FIRST_LINE_MS, tick);

  function tick(): void {
    print(describe({ total, files: done.files, bytes: done.bytes + under.bytes }, under.way, clock.now() - startedAt));
    cancel = clock.after(NEXT_LINE_MS, tick);
  }

  return {
    start() {
      let bytes = 0;
      under.way++;
      return {
        sent(count) {
          bytes += count;
          under.bytes += count;
        },
        end() {
          under.way--;
          under.bytes -= bytes;
        },
      };
    },
    add(size) {
      done.files++;
      done.bytes += size;
    },
    stop: () => cancel(),
  };
}

interface State {
  readonly total: { readonly files: number; readonly bytes: number };
  readonly files: number;
  readonly bytes: number;
}

function describe({ total, files, bytes }: State, inFlight: number, elapsedMs: number): string {
  const share = total.bytes > 0 ? bytes / total.bytes : files / total.files;
  return [
    `${formatCount(files)} of ${plural(total.files, 'file')}`,
    bytes > 0 ? `${formatBytes(bytes / (elapsedMs / 1000))}/s` : '',
    inFlight > 0 ? `${formatCount(inFlight)} in flight` : '',
    share > 0 && share < 1 ? `about ${formatGuessedMs((elapsedMs / share) * (1 - share))} left` : '',
  ]
    .filter(Boolean)
    .join(', ');
}
