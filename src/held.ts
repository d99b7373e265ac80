import { codeOf } from './errors.ts';

/** Errors of a system about a file that another program has open, such as a virus scanner. */
const HELD = ['EBUSY', 'ETXTBSY'];
/** On Windows these mean the same; elsewhere they mean a missing right, which no waiting gives. */
const MAYBE_HELD = ['EPERM', 'EACCES'];
const HELD_MS = { first: 10, all: 2000 } as const;

/** When an act is repeated, and how the time until then passes. */
export interface Repetition {
  /** Tells whether an error may pass by itself; default: it says that another program has the file open. */
  readonly passes?: (error: unknown) => boolean;
  /** Waits for some milliseconds; default: by blocking this thread. */
  readonly wait?: (ms: number) => void;
}

/** Tells whether an error says that another program has a file open. */
export function isHeld(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return HELD.includes(code) || (process.platform === 'win32' && MAYBE_HELD.includes(code));
}

/** Tells the same of a file in a directory of our own, where no right can be missing. */
export function isHeldInOwnDirectory(error: unknown): boolean {
  return isHeld(error) || MAYBE_HELD.includes(codeOf(error) ?? '');
}

/**
 * Repeats an act on a file that another program holds for a moment: after 10 ms, then after twice as long, for 2 s.
 *
 * It blocks this thread: meant where nothing else may run meanwhile, or for one of a few files.
 */
export function repeatWhileHeld<T>(act: () => T, { passes = isHeld, wait = block }: Repetition = {}): T {
  let waitedMs = 0;
  for (let delayMs: number = HELD_MS.first; ; delayMs *= 2) {
    try {
      return act();
    } catch (error) {
      if (!passes(error) || waitedMs >= HELD_MS.all) throw error;
      const ms = Math.min(delayMs, HELD_MS.all - waitedMs);
      wait(ms);
      waitedMs += ms;
    }
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
