import type { Patience } from '../files/patience.ts';
import type { ReportPart } from '../report/report.ts';
import type { Runner } from '../runner.ts';
import type { Clock } from '../signing/schedule/clock.ts';
import type { WorkerThread } from '../worker/worker.ts';

/** What every stage gets as an argument instead of global state, so that tests can replace it. */
export interface Context {
  readonly runner: Runner;
  /** Aborts when the run is cancelled, with an `ActionError` as its reason. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Repeats file operations that other programs block. */
  readonly patience: Patience;
  /** Start of the run on `clock`. */
  readonly startedAt: number;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Returns a number from 0 up to 1, which may be predictable. */
  readonly random: () => number;
  /** Returns an unpredictable integer below a bound. */
  readonly randomInt: (bound: number) => number;
  readonly processId: number;
  /** A second thread, which starts with its first task. */
  readonly worker: WorkerThread;
  /** Path of the template for the page of a verification kit. */
  readonly pageTemplate: string;
}

/** Annotates the run with sentences under a title, and returns them as notes for the summary. */
export function annotate(
  { runner }: { readonly runner: Pick<Context['runner'], 'annotate'> },
  [level, title]: readonly [level: 'notice' | 'warning', title: string],
  ...texts: readonly string[]
): Pick<ReportPart, 'notes'> {
  for (const text of texts) runner.annotate(level, title, text);
  return { notes: texts };
}
