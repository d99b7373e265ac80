import type { Patience } from '../files/patience.ts';
import type { ReportPart } from '../report/report.ts';
import type { Runner } from '../runner.ts';
import type { Clock } from '../signing/schedule/clock.ts';
import type { WorkerThread } from '../worker/worker.ts';

/** What every stage may use: the world comes in as arguments, so that stages can be run anywhere. */
export interface Context {
  readonly runner: Runner;
  /** Aborted, with an `ActionError` as its reason, when the run is cancelled. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Repeats what other programs hold up. */
  readonly patience: Patience;
  /** When the run began, on that clock. */
  readonly startedAt: number;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A number from 0 up to 1 that need not be unpredictable. */
  readonly random: () => number;
  /** An unpredictable whole number below a bound. */
  readonly randomInt: (bound: number) => number;
  readonly processId: number;
  /** A second thread, which starts with its first task. */
  readonly worker: WorkerThread;
  /** Path of the page that every verification kit holds, without the data of a release. */
  readonly pageTemplate: string;
}

/** Annotates the run with sentences of one title, and returns them as notes for the summary. */
export function annotate(
  { runner }: Pick<Context, 'runner'>,
  [level, title]: readonly [level: 'notice' | 'warning', title: string],
  ...texts: readonly string[]
): Pick<ReportPart, 'notes'> {
  for (const text of texts) runner.annotate(level, title, text);
  return { notes: texts };
}
