import type { Clock } from '../signing/clock.ts';
import { formatBytes, formatMs } from './units.ts';

/** Short work shows no progress at all. */
const FIRST_LINE_MS = 5000;
const NEXT_LINE_MS = 5000;

/** Prints a line every few seconds while work goes on. */
export interface Progress {
  /** Notes that a file of this size is done. */
  add(bytes: number): void;
  stop(): void;
}

/** Starts to watch a work of known extent. */
export function startProgress(
  total: { readonly files: number; readonly bytes: number },
  clock: Clock,
  print: (line: string) => void,
): Progress {
  const startedAt = clock.now();
  let [files, bytes] = [0, 0];
  let cancel = clock.after(FIRST_LINE_MS, tick);

  function tick(): void {
    const elapsedMs = clock.now() - startedAt;
    const share = total.bytes > 0 ? bytes / total.bytes : files / total.files;
    const left = share > 0 ? `, about ${formatMs((elapsedMs / share) * (1 - share))} left` : '';
    print(`${files} of ${total.files} files, ${formatBytes(bytes / (elapsedMs / 1000))}/s${left}`);
    cancel = clock.after(NEXT_LINE_MS, tick);
  }

  return {
    add(size) {
      files++;
      bytes += size;
    },
    stop: () => cancel(),
  };
}
