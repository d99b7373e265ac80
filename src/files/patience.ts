import { dirname } from 'node:path';
import type { Code } from '../codes.ts';
import { ActionError, codeOf } from '../errors.ts';
import { DENIED, HELD, HELD_HINT, HELD_SENTENCE, isHeld, REPEAT_LIMITS } from '../held.ts';
import { TABLE_FULL, TABLE_FULL_HINT } from '../signing/policy/failure.ts';
import { type Clock, sleep } from '../signing/schedule/clock.ts';
import { show } from './names.ts';
import { createPause } from './pause.ts';

/** How long at least one file has been waiting for one cause. */
interface Waiting {
  files: number;
  since: number;
  spentMs: number;
}

/** One kind of operation on a file. */
interface Kind {
  /** As the end of a sentence about the file. */
  readonly impossible: string;
  readonly code: Code;
  readonly passing: readonly string[];
}

const WRITE: Kind = { impossible: 'cannot be written', code: 'OUTPUT_UNWRITABLE', passing: [...TABLE_FULL, ...HELD] };
const WRITE_AGAIN: Kind = { ...WRITE, passing: [...WRITE.passing, ...DENIED] };
const REMOVE: Kind = { ...WRITE_AGAIN, impossible: 'cannot be removed' };
// A full table of open files is not repeated here: whoever reads many files at once then reads fewer of them.
const READ: Kind = { impossible: 'cannot be read', code: 'FILE_UNREADABLE', passing: HELD };
const READ_AGAIN: Kind = { ...READ, passing: [...HELD, ...DENIED] };

/**
 * Repeats operations on files that another program or a full table of open files blocks, while other files proceed.
 *
 * A file waits 10 ms, then twice as long each time, for 2 s in all; all files of a run together wait at most 10 s for
 * one cause. An error that does not pass becomes an `ActionError` that names the wait.
 */
export class Patience {
  readonly #clock: Clock;
  /** Directories in which this run has written a file. */
  readonly #written = new Set<string>();
  readonly #causes = new Map<string, Waiting>();
  /** Lets signals and timers run between thousands of operations that finish without waiting. */
  readonly #pause = createPause();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether any operation had to wait, so that a temporary file may have been left. */
  get hasWaited(): boolean {
    return this.#causes.size > 0;
  }

  /** Writes a file. A missing permission is temporary in a directory where this run has written before. */
  async write(path: string, act: () => void | Promise<void>): Promise<void> {
    const directory = dirname(path);
    await this.#repeat(path, act, () => (this.#written.has(directory) ? WRITE_AGAIN : WRITE));
    this.#written.add(directory);
  }

  /** Removes a file. */
  remove(path: string, act: () => void): Promise<void> {
    return this.#repeat(path, act, () => REMOVE);
  }

  /** Reads a file for the first time in this run; a missing permission is final. */
  read<T>(path: string, act: () => T | Promise<T>): Promise<T> {
    return this.#repeat(path, act, () => READ);
  }

  /** Reads a file that this run has read before; a missing permission is temporary. */
  readAgain<T>(path: string, act: () => T | Promise<T>): Promise<T> {
    return this.#repeat(path, act, () => READ_AGAIN);
  }

  async #repeat<T>(path: string, act: () => T | Promise<T>, kindOf: () => Kind): Promise<T> {
    const turn = this.#pause();
    if (turn) await turn;
    let startedAt: number | undefined;
    for (let delayMs: number = REPEAT_LIMITS.firstDelayMs; ; delayMs *= 2) {
      try {
        return await act();
      } catch (error) {
        const cause = error instanceof ActionError ? error.cause : error;
        const code = codeOf(cause) ?? '';
        const kind = kindOf();
        if (!kind.passing.includes(code) && !(kind.code === WRITE.code && isHeld(cause))) throw error;
        startedAt ??= this.#clock.now();
        const waitedMs = this.#clock.now() - startedAt;
        const waiting = this.#waitingFor(code);
        const isOver =
          waitedMs + delayMs > REPEAT_LIMITS.perFileMs || this.#spentMs(waiting) >= REPEAT_LIMITS.perCauseMs;
        if (isOver) throw heldUp(path, kind, waitedMs, cause);
        await this.#wait(waiting, delayMs);
      }
    }
  }

  #waitingFor(code: string): Waiting {
    const waiting = this.#causes.get(code) ?? { files: 0, since: 0, spentMs: 0 };
    this.#causes.set(code, waiting);
    return waiting;
  }

  #spentMs({ files, since, spentMs }: Waiting): number {
    return spentMs + (files > 0 ? this.#clock.now() - since : 0);
  }

  async #wait(waiting: Waiting, delayMs: number): Promise<void> {
    if (waiting.files++ === 0) waiting.since = this.#clock.now();
    await sleep(this.#clock, delayMs);
    if (--waiting.files === 0) waiting.spentMs += this.#clock.now() - waiting.since;
  }
}

/** Builds the error of an operation that stayed blocked; its cause is the system's, which a scheduler may recognise. */
function heldUp(path: string, kind: Kind, waitedMs: number, cause: unknown): ActionError {
  const code = codeOf(cause) ?? '';
  const [why, hint] = explain(code);
  const text = `${show(path)} ${kind.impossible}: ${why} (${code}); repeated for ${Math.round(waitedMs)} ms.`;
  return new ActionError(kind.code, text, { hint, cause });
}

function explain(code: string): readonly [why: string, hint: string] {
  if (TABLE_FULL.includes(code)) return ['this system has too many files open', TABLE_FULL_HINT];
  if (!DENIED.includes(code)) return [HELD_SENTENCE, HELD_HINT];
  return [`${HELD_SENTENCE}, or a right is missing`, `Look at the rights of the file and its directory. ${HELD_HINT}`];
}
