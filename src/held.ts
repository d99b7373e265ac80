import { codeOf } from './errors.ts';

/** How long an operation on a file that another program holds is repeated, in milliseconds. */
export const REPEAT_LIMITS = { firstDelayMs: 10, perFileMs: 2000, perCauseMs: 10_000 } as const;

/** Errors of a system about a file that another program has open, such as a virus scanner. */
export const HELD: readonly string[] = ['EBUSY', 'ETXTBSY'];
/** On Windows these mean the same; elsewhere they mean a missing right, unless the same was possible a moment ago. */
export const DENIED: readonly string[] = ['EPERM', 'EACCES'];

/** Why an operation on such a file fails, as the end of a sentence. */
export const HELD_SENTENCE = 'another program has it open, such as a virus scanner';
/** What to do about such a file. */
export const HELD_HINT = 'Close that program, or have the scanner leave out the directory, and run the step again.';

/** When an operation is repeated, and how the time until then passes. */
interface Repetition {
  /** Tells whether an error may pass by itself; default: it says that another program has the file open. */
  readonly passes?: (error: unknown) => boolean;
  /** Waits for some milliseconds; default: by blocking this thread. */
  readonly wait?: (ms: number) => void;
  /** How long the operation is repeated, in milliseconds; at 0 or less it is tried once. Default: the limit of one file. */
  readonly limitMs?: number;
}

/** Tells whether an error says that another program has a file open. */
export function isHeld(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return HELD.includes(code) || (process.platform === 'win32' && DENIED.includes(code));
}

/** Tells whether an error on a file in a directory of our own says that another program has the file open: no right can be missing there. */
export function isHeldInOwnDirectory(error: unknown): boolean {
  return isHeld(error) || DENIED.includes(codeOf(error) ?? '');
}

/**
 * Repeats an operation on a file that another program holds for a moment: after 10 ms, then after twice as long, for 2 s by default.
 *
 * The wait blocks this thread: meant where nothing else may run meanwhile, because a private key lies on the disk, or where
 * nothing else runs.
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
