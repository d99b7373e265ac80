import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Prepared } from './clients.ts';
import { type Measurement, measure } from './measure.ts';
import type { Python } from './python.ts';
import type { Service } from './service.ts';
import { median } from './statistics.ts';
import { makeTree } from './tree.ts';
import type { ClientName, Workload } from './workloads.ts';

/** What every measurement uses. */
export interface Bench {
  readonly service: Service;
  readonly python: Python;
  readonly clients: Partial<Record<ClientName, Client>>;
  /** In memory, removed at the end. */
  readonly directory: string;
  readonly rounds: number;
  /** Tells the user what goes on. */
  readonly tell: (line: string) => void;
}

/** The runs of one client, and their medians. */
export interface Runs {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly runs: readonly Measurement[];
}

/** One workload with every client that can do it. */
export interface Result {
  readonly workload: Workload;
  readonly clients: Partial<Record<ClientName, Runs>>;
}

/** Runs all clients of a workload in turn, several rounds of that, so that a slow moment of the machine hits all alike. */
export async function runWorkload(bench: Bench, workload: Workload): Promise<Result> {
  const directory = join(bench.directory, 'workload');
  mkdirSync(directory);
  try {
    const prepared = await prepareAll(bench, workload, directory);
    const runs = new Map<ClientName, Measurement[]>();
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [name, client] of prepared) {
        const one = await runOnce(client, { python: bench.python.binary, log: join(directory, 'log') });
        runs.set(name, [...(runs.get(name) ?? []), one]);
        bench.tell(
          `${workload.name} ${round}/${bench.rounds} ${name}: ${one.seconds.toFixed(2)} s, ${Math.round(one.peakMiB)} MiB`,
        );
      }
    }
    return { workload, clients: Object.fromEntries([...runs].map(([name, all]) => [name, summarise(all)])) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function prepareAll(bench: Bench, workload: Workload, directory: string): Promise<Map<ClientName, Prepared>> {
  const workspace = join(directory, 'workspace');
  mkdirSync(workspace);
  const tree = makeTree(workspace, workload);
  const prepared = new Map<ClientName, Prepared>();
  for (const name of workload.clients) {
    const prepare = bench.clients[name];
    if (prepare === undefined) continue;
    const own = join(directory, name);
    mkdirSync(own);
    const { service, python } = bench;
    const serverUrl = service.url(workload.delayMs);
    prepared.set(
      name,
      await prepare({ tree, serverUrl, client: service.client, python: python.binary, directory: own }),
    );
  }
  return prepared;
}

async function runOnce(client: Prepared, tools: Parameters<typeof measure>[1]): Promise<Measurement> {
  const command = await client.command();
  // What was written before must not be paid for by this run.
  execFileSync('sync');
  const measurement = await measure(command, tools);
  client.collect();
  return measurement;
}

function summarise(runs: readonly Measurement[]): Runs {
  return {
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakMiB: median(runs.map(({ peakMiB }) => peakMiB)),
    runs,
  };
}
