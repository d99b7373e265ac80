import { dirname } from 'node:path';
import { ActionError, codeOf } from '../../errors.ts';
import { isHeld } from '../../held.ts';
import type { Clock } from '../../signing/schedule/clock.ts';
import type { SignatureWriter } from '../../signing/signer.ts';
import { show } from '../names.ts';

/** How long a write that may succeed by itself is repeated, in milliseconds. */
const RETRY = { firstDelayMs: 10, perFileMs: 2000, perCauseMs: 10_000 } as const;

const TOO_MANY = 'this system has too many files open';
const HELD = 'another program has it open, such as a virus scanner';

/** Errors of the system that pass by themselves, and what they mean once they did not. */
const PASSING: Readonly<Record<string, string>> = {
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
  EAGAIN: TOO_MANY,
  EBUSY: HELD,
  ETXTBSY: HELD,
};
/** Errors that mean a missing right, unless the same directory could be written a moment ago. */
const HELD_BY_OTHERS = ['EPERM', 'EACCES'];

/** A writer that repeats what was held up. */
export interface RepeatingWriter extends SignatureWriter {
  /** Tells whether a write was repeated: the temporary file of the first try may still be there. */
  readonly wasHeldUp: () => boolean;
}

/** The time in which at least one file waited because of one cause. */
interface Waiting {
  files: number;
  since: number;
  spentMs: number;
}

/**
 * Repeats writes that another program or a full table of open files held up, while other files go on.
 *
 * A file waits 10 ms, then twice as long each time, for 2 s in all; all files together wait at most 10 s for one cause.
 */
export function retryWrites(output: SignatureWriter, clock: Clock): RepeatingWriter {
  const written = new Set<string>();
  const causes = new Map<string, Waiting>();

  let isHeldUp = false;

  function isPassing(code: string, path: string): boolean {
    return code in PASSING || isHeld({ code }) || (HELD_BY_OTHERS.includes(code) && written.has(dirname(path)));
  }

  async function write(path: string, text: string): Promise<void> {
    const startedAt = clock.now();
    for (let delayMs: number = RETRY.firstDelayMs; ; delayMs *= 2) {
      try {
        await output.write(path, text);
        written.add(dirname(path));
        return;
      } catch (error) {
        const code = codeOf(error instanceof ActionError ? error.cause : error) ?? '';
        if (!isPassing(code, path)) throw error;
        const waiting = causes.get(code) ?? { files: 0, since: 0, spentMs: 0 };
        causes.set(code, waiting);
        const waitedMs = clock.now() - startedAt;
        const isOver = waitedMs + delayMs > RETRY.perFileMs || spentMs(waiting, clock.now()) >= RETRY.perCauseMs;
        if (isOver) throw held({ path, code, waitedMs, cause: error });
        isHeldUp = true;
        await waitFor(waiting, delayMs, clock);
      }
    }
  }

  return { write, wasHeldUp: () => isHeldUp };
}

function spentMs({ files, since, spentMs: spent }: Waiting, now: number): number {
  return spent + (files > 0 ? now - since : 0);
}

async function waitFor(waiting: Waiting, delayMs: number, clock: Clock): Promise<void> {
  if (waiting.files++ === 0) waiting.since = clock.now();
  await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
  if (--waiting.files === 0) waiting.spentMs += clock.now() - waiting.since;
}

interface Held {
  readonly path: string;
  readonly code: string;
  readonly waitedMs: number;
  readonly cause: unknown;
}

function held({ path, code, waitedMs, cause }: Held): ActionError {
  const why = PASSING[code] ?? HELD;
  return new ActionError(
    'OUTPUT_UNWRITABLE',
    `${show(path)} cannot be written: ${why} (${code}); repeated for ${Math.round(waitedMs)} ms.`,
    {
      hint:
        why === TOO_MANY
          ? 'Lower concurrency, or raise the number of open files that the runner allows (ulimit -n).'
          : 'Close that program, or have the scanner leave out the directory, and run the step again.',
      cause,
    },
  );
}
