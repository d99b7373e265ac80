import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dumped, play } from './fixture.ts';

test('a step that exits 0 succeeds, tells its time and its memory', async () => {
  const run = await play([
    ['out', 'done\n'],
    ['wait', 200],
  ]);
  expect(run).toMatchObject({ exitCode: 0, signal: null, conclusion: 'success', log: 'done\n' });
  expect(run.durationMs).toBeGreaterThan(200);
  // Only Linux tells.
  if (process.platform === 'linux') expect(run.peakRssKb).toBeGreaterThan(10_000);
});

test('a step that exits with a code fails, and the post step runs all the same', async () => {
  const run = await play([['exit', 3]]);
  expect(run).toMatchObject({ exitCode: 3, signal: null, conclusion: 'failure' });
  expect(run.post?.exitCode).toBe(0);
});

test('a step that a signal kills fails; what it saved before reaches the post step', async () => {
  const run = await play([
    ['file', 'STATE', 'directory=/left/behind\n'],
    ['die', 'SIGKILL'],
  ]);
  // Windows ends a process without a signal.
  const end = process.platform === 'win32' ? { exitCode: 1, signal: null } : { exitCode: null, signal: 'SIGKILL' };
  expect(run).toMatchObject({ ...end, conclusion: 'failure' });
  expect(dumped(run.post ?? run)['STATE_directory']).toBe('/left/behind');
});

test('a caller can send a signal at a moment of its choice', async () => {
  let kill = () => {};
  const run = await play([['hang']], {
    onStart: (child) => {
      kill = () => child.kill('SIGTERM');
    },
    onOutput: (chunk) => chunk.includes('hanging') && kill(),
  });
  expect(run).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
});

test('cancelling sends SIGINT first, and the post step still runs', async () => {
  const controller = new AbortController();
  const run = await play([['hang']], {
    signal: controller.signal,
    onOutput: (chunk) => chunk.includes('hanging') && controller.abort(),
  });
  expect(run).toMatchObject({ exitCode: 130, signal: null, conclusion: 'cancelled' });
  expect(run.post?.conclusion).toBe('success');
});

test('a step that does not end is killed and reported as an error', async () => {
  await expect(play([['hang']], { timeoutMs: 300 })).rejects.toMatchObject({ code: 'STEP_TIMED_OUT' });
});

test.each([
  ['none', undefined, 'there is none'],
  ['another kind of action', 'runs: {using: composite}', "runs.using is 'composite', not a version of Node"],
  ['no script', 'runs: {using: node24}', 'it has no runs.main'],
  ['a later Node', 'runs: {using: node99, main: x.js}', 'The action needs Node 99'],
])('an action file that cannot be run is refused with a reason: %s', async (_, text, reason) => {
  const directory = await mkdtemp(join(tmpdir(), 'local-runner-'));
  if (text !== undefined) await writeFile(join(directory, 'action.yaml'), text);
  await expect(play([], { actionDirectory: directory })).rejects.toThrow(reason);
  await rm(directory, { recursive: true });
});
