import { availableParallelism } from 'node:os';
import type { Plot, Series } from './plot.ts';
import { type Bench, type Result, runWorkload } from './rounds.ts';
import type { Workload } from './workloads.ts';

const MB = 1_000_000;
const CLIENTS = [
  { name: 'action', label: 'this action', colour: '#0a6' },
  { name: 'all-at-once', label: 'all at once', colour: '#c33' },
] as const;

/** Measures time against the number of files, and memory against their size. */
export async function measureCurves(bench: Bench, scale: 'full' | 'quick'): Promise<Record<string, Plot>> {
  const quick = scale === 'quick';
  const counts = quick ? [100, 1_000] : [100, 1_000, 5_000, 20_000, 100_000];
  const sizes = quick ? [1, 10, 50] : [1, 10, 100, 500, 3_000];
  const [byCount, bySize]: [Result[], Result[]] = [[], []];
  for (const files of counts) {
    byCount.push(
      await runWorkload(bench, sample({ title: `${files} files`, files, bytesPerFile: 4000 }, files <= 20_000)),
    );
  }
  for (const size of sizes) {
    bySize.push(
      await runWorkload(bench, sample({ title: `${size} MB`, files: 1, bytesPerFile: size * MB }, size <= 500)),
    );
  }
  const rounds = bench.rounds === 1 ? 'one run for each point' : `medians of ${bench.rounds} rounds`;
  const subtitle = `${availableParallelism()} cores shared by client and service · ${rounds}`;
  return {
    'time-by-files': {
      title: 'Files of 4 KB: time from start to exit',
      subtitle,
      xLabel: 'files',
      yLabel: 'seconds',
      series: toSeries(byCount, ({ files }) => files, 'seconds'),
    },
    'memory-by-size': {
      title: 'One file: highest memory of the process',
      subtitle,
      xLabel: 'size in MB',
      yLabel: 'MiB',
      series: toSeries(bySize, ({ bytesPerFile }) => bytesPerFile / MB, 'peakMiB'),
    },
  };
}

function sample(what: Pick<Workload, 'title' | 'files' | 'bytesPerFile'>, everyone: boolean): Workload {
  return {
    ...what,
    name: 'plot',
    content: 'random',
    delayMs: 0,
    clients: everyone ? ['action', 'all-at-once'] : ['action'],
  };
}

function toSeries(results: readonly Result[], x: (workload: Workload) => number, y: 'seconds' | 'peakMiB'): Series[] {
  return CLIENTS.map(({ name, label, colour }) => ({
    name: label,
    colour,
    points: results.flatMap(({ workload, clients }) => {
      const runs = clients[name];
      return runs ? [[x(workload), runs[y]] as const] : [];
    }),
  }));
}
