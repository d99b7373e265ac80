import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documentsOf, readFigures } from '../bench/documents.ts';
import { type Results, toFigures } from '../bench/figures.ts';
import { readOptions } from '../bench/options.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const FIGURES = readFigures(ACTION_DIRECTORY);
const DOCUMENTS = documentsOf(ACTION_DIRECTORY, FIGURES);

test.each([...DOCUMENTS.keys()])('%s shows the committed figures; “npm run bench -- --render” writes it', (path) => {
  expect(readFileSync(join(ACTION_DIRECTORY, path), 'utf8')).toBe(DOCUMENTS.get(path));
});

test('each plot has a dark form and comes from the figures, except those that are drawn by hand', () => {
  const drawn = readdirSync(join(ACTION_DIRECTORY, 'docs/img')).filter((name) => name.endsWith('.svg'));
  const byHand = ['flow.svg', 'shards.svg'];
  expect(drawn.filter((name) => !byHand.includes(name))).toEqual(
    Object.keys(FIGURES.plots)
      .map((name) => `${name}.svg`)
      .toSorted(),
  );
  for (const name of drawn)
    expect(readFileSync(join(ACTION_DIRECTORY, 'docs/img', name), 'utf8'), name).toContain(
      'prefers-color-scheme: dark',
    );
});

test('the documents take a whole run only', () => {
  expect(readOptions(['--docs'])).toMatchObject({ scale: 'full', rounds: 3, documents: 'measure' });
  for (const part of [['--quick'], ['--only', 'W1'], ['--clients', 'action'], ['--against', '..']])
    expect(() => readOptions(['--docs', ...part])).toThrow('--docs takes a whole run');
});

test('ratios are medians over the rounds, and a client that ran alone has none', () => {
  const runs = (...seconds: number[]) => {
    const all = seconds.map((one) => ({ seconds: one, cpuSeconds: one, peakMiB: 1, exitCode: 0, startedAtMs: 0 }));
    return { seconds: seconds[1] ?? 0, cpuSeconds: 0, peakMiB: 1, runs: all };
  };
  const workload = { name: 'W1', title: 'some', files: 100, bytesPerFile: 0, content: 'random', delayMs: 450 } as const;
  const results: Results = {
    ...FIGURES,
    speeds: { hash: 1, cipher: 1 },
    workloads: [
      { workload: { ...workload, clients: [] }, clients: { action: runs(1, 2, 9), 'all-at-once': runs(4, 4, 9) } },
      { workload: { ...workload, clients: [] }, clients: { action: runs(1, 2, 9) } },
    ],
  };
  const [compared, alone] = toFigures(results).workloads;
  expect(compared).toMatchObject({ floorSeconds: 0.45, clients: { action: { seconds: 2, ratio: 0.5 } } });
  expect(alone?.clients.action).toEqual({ seconds: 2, peakMiB: 1 });
});
