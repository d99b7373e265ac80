import { codeOf } from './errors.ts';

/** Delays and limits, in milliseconds, for repeating an operation on a file that another program holds open. */
export const REPEAT_LIMITS = { firstDelayMs: 10, perFileMs: 2000, perCauseMs: 10_000 } as const;

/** System errors for a file that another program, such as a virus scanner, has open. */
export const HELD: readonly string[] = ['EBUSY', 'ETXTBSY'];
/** Mean the same on Windows; elsewhere a missing permission, unless the same operation worked a moment ago. */
export const DENIED: readonly string[] = ['EPERM', 'EACCES'];

/** Why an operation on such a file fails, as the end of a sentence. */
export const HELD_SENTENCE = 'another program has it open, such as a virus scanner';
/** What to do about such a file. */
export const HELD_HINT = 'Close that program, or have the scanner leave out the directory, and run the step again.';

/** When an operation is repeated, and how to wait in between. */
interface Repetition {
  /** Tells whether an error may be temporary; default: `isHeld`. */
  readonly passes?: (error: unknown) => boolean;
  /** Waits for some milliseconds; default: by blocking this thread. */
  readonly wait?: (ms: number) => void;
  /** Longest total wait in milliseconds; with 0 or less there is one try. Default: the limit for one file. */
  readonly limitMs?: number;
}

/** Tells whether an error says that another program has a file open. */
export function isHeld(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return HELD.includes(code) || (process.platform === 'win32' && DENIED.includes(code));
}

/** Tells whether an error in our own directory, which denies nothing, says that a program has a file open. */
export function isHeldInOwnDirectory(error: unknown): boolean {
  return isHeld(error) || DENIED.includes(codeOf(error) ?? '');
}

/**
 * Repeats an operation on a file that another program has open: after 10 ms, then twice as long, for 2 s by default.
 *
 * The wait blocks this thread. Use it only where nothing else runs, or may run because a private key is on the disk.
 */
export function repeatWhileHeld<T>(
  act: () => T,
  { passes = isHeld, wait = block, limitMs = REPEAT_LIMITS.perFileMs }: Repetition = {},
): T {
  let waitedMs = 0;
  for (let delayMs: number = REPEAT_LIMITS.firstDelayMs; ; delayMs *= 2) {
    try {
      return act();
    } catch (error) {
      if (!passes(error) || waitedMs >= limitMs) throw error;
      const ms = Math.min(delayMs, limitMs - waitedMs);
      wait(ms);
      waitedMs += ms;
    }
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
