import { floorSeconds, type Speeds } from './floor.ts';
import type { Plot } from './plot.ts';
import type { Result, Runs } from './rounds.ts';
import type { Startup } from './startup.ts';
import { medianRatio } from './statistics.ts';
import type { Transit } from './transit.ts';
import type { Verifying } from './verifying.ts';
import type { ClientName } from './workloads.ts';

/** Everything that one run of the bench came to. */
export interface Results {
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly speeds: Speeds;
  readonly workloads: readonly Result[];
  readonly startup: readonly Startup[];
  readonly transit: readonly Transit[];
  readonly verifying: readonly Verifying[];
  readonly plots: Readonly<Record<string, Plot>>;
}

/** What the documents show of it: tables, plots and the comparison of the README come from these figures and nothing else. */
export interface Figures extends Omit<Results, 'speeds' | 'workloads'> {
  readonly workloads: readonly WorkloadFigures[];
}

/** The figures of one workload. */
export interface WorkloadFigures {
  readonly name: string;
  readonly title: string;
  readonly files: number;
  readonly floorSeconds: number;
  readonly clients: Partial<Record<ClientName, ClientFigures>>;
}

/** The medians of one client. */
interface ClientFigures {
  readonly seconds: number;
  readonly peakMiB: number;
  /** Median over the rounds of its time divided by that of all-at-once in the same round; absent where one of both did not run. */
  readonly ratio?: number;
}

/** Takes the figures out of the results of a run. */
export function toFigures({ speeds, workloads, ...others }: Results): Figures {
  return { ...others, workloads: workloads.map((result) => toWorkload(result, speeds)) };
}

function toWorkload({ workload, clients }: Result, speeds: Speeds): WorkloadFigures {
  const { name, title, files } = workload;
  const other = clients['all-at-once'];
  const toClient = ({ seconds, peakMiB, runs }: Runs): ClientFigures => ({
    seconds,
    peakMiB,
    ...(other === undefined ? {} : { ratio: medianRatio(runs, other.runs) }),
  });
  const figures = Object.entries(clients).map(([client, runs]) => [client, toClient(runs)]);
  return { name, title, files, floorSeconds: floorSeconds(workload, speeds), clients: Object.fromEntries(figures) };
}

/** Writes figures as JSON, with four digits of each number that was measured. */
export function toJson(figures: Figures): string {
  const shorten = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  return `${JSON.stringify(figures, shorten, 2)}\n`;
}
