import { createVerify } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ActionRun } from '../../tools/runner/runner.ts';
import type { Scenario } from '../helpers/scenario.ts';

/** Five hundred small files. */
export const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 500 }, (_, at) => [`dist/${at}`, `file ${at}`]),
);

/** Prints one line of figures. */
export function tell(title: string, facts: Readonly<Record<string, string | number>>): void {
  const list = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`SOAK ${title}: ${list.join(', ')}\n`);
}

/** What a run cost. */
export function costOf(run: ActionRun, scenario: Scenario): Record<string, string | number> {
  const files = Number(run.outputs['file-count']);
  const { requests, replays } = scenario.service.counters;
  return {
    seconds: (run.durationMs / 1000).toFixed(1),
    exit: run.exitCode ?? String(run.signal),
    requests: run.outputs['request-count'] ?? '',
    'requests per file': files > 0 ? (requests / files).toFixed(3) : '',
    'nonces seen twice': replays,
    'peak MiB': Math.round((run.peakRssKb ?? 0) / 1024),
  };
}

/** Checks every signature on disk against its file; returns how many there are. */
export async function expectValidSignatures({ workspace, service }: Scenario): Promise<number> {
  const names = (await readdir(join(workspace, 'dist'))).filter((name) => name.endsWith('.sign'));
  for (const name of names) {
    const file = await readFile(join(workspace, 'dist', name.replace(/\.sign$/, '')));
    const signature = await readFile(join(workspace, 'dist', name), 'utf8');
    const valid = createVerify('sha256').update(file).verify(service.credentials.verifyKeyPem, signature, 'base64');
    expect(valid, name).toBe(true);
  }
  return names.length;
}
