import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionOptions, ActionRun } from '../../../tools/runner/runner.ts';
import { expectInvariants } from '../../faults/meeting.ts';
import { ACTION_DIRECTORY, createScenario, type Scenario } from '../../helpers/scenario.ts';

const files = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`dist/${at}`, `content ${at}`]));

/** Runs with a small memory file system at `out`; mounting takes root. */
async function onSmallDisk(options: string, use: (scenario: Scenario, out: string) => Promise<void>): Promise<void> {
  await using scenario = await createScenario({ files });
  const out = join(scenario.workspace, 'out');
  await mkdir(out);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', out]);
  try {
    await use(scenario, out);
  } finally {
    execFileSync('umount', [out]);
  }
}

/** Where an ordinary user finds the action, who may not reach this repository. */
const action = mkdtempSync(join(tmpdir(), 'action-'));
beforeAll(async () => {
  await chmod(action, 0o755);
  for (const name of ['action.yml', 'dist']) {
    await cp(join(ACTION_DIRECTORY, name), join(action, name), { recursive: true });
  }
});
afterAll(() => rm(action, { recursive: true }));

const unprivileged: Partial<ActionOptions> = {
  actionDirectory: action,
  nodeArgs: ['--import', new URL('preload-unprivileged.ts', import.meta.url).href],
  env: { NODE_NO_WARNINGS: '1' },
};

const errorsOf = (run: ActionRun): (string | undefined)[] =>
  run.annotations.filter(({ type }) => type === 'error').map(({ title }) => title);

describe('the disk', { tags: ['fault-63'] }, () => {
  test('is full after a few signatures: the run ends, and the signatures that were written are complete', async () => {
    await onSmallDisk('size=64k', async (scenario, out) => {
      const run = await scenario.red({ 'output-dir': 'out', concurrency: '4' });
      expect(errorsOf(run)).toEqual(['OUTPUT_FULL']);
      expect(run.log).toMatch(/the disk is full \(ENOSPC\)/);
      expect(scenario.service.counters.requests).toBeLessThan(30);
      const written = await readdir(join(out, 'dist'));
      expect(written.filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect(written).toHaveLength(Number(run.outputs['signed-count']));
      expect(scenario.results.artifacts).toEqual([]);
    });
  });

  test.each([
    ['from the start', async () => undefined],
    ['once the directories are there', async (out: string) => mkdir(join(out, 'dist'))],
  ])('is read-only %s: the run ends with the first file', async (_, prepare) => {
    await onSmallDisk('size=4m', async (scenario, out) => {
      await prepare(out);
      execFileSync('mount', ['-o', 'remount,ro', out]);
      const run = await scenario.red({ 'output-dir': 'out' });
      expect(errorsOf(run)).toEqual(['OUTPUT_FULL']);
      expect(run.log).toContain('read-only (EROFS)');
      expect(scenario.service.counters.requests).toBeLessThan(20);
    });
  });

  test('is another one than that of the files: nothing is moved across', async () => {
    await onSmallDisk('size=4m', async (scenario) => {
      const run = await scenario.green({ 'output-dir': 'out' });
      expect(run.outputs['signed-count']).toBe('60');
    });
  });
});

describe('an ordinary user', () => {
  test('who may not read a file loses that one alone', { tags: ['fault-58'] }, async () => {
    await using scenario = await createScenario({ files });
    await chmod(join(scenario.workspace, 'dist'), 0o777);
    await chmod(join(scenario.workspace, 'dist/7'), 0o600);
    const run = await scenario.run({}, unprivileged);
    await expectInvariants(scenario, run);
    expect(run.exitCode, run.log).toBe(1);
    expect(errorsOf(run)).toEqual(['FILE_UNREADABLE']);
    expect(run.log).toContain('dist/7 cannot be read (EACCES)');
    expect(run.outputs).toMatchObject({ 'signed-count': '59', 'failed-count': '1' });
  });

  test('who may not look into a directory is told so, before the first request', { tags: ['fault-58'] }, async () => {
    await using scenario = await createScenario({ files: { ...files, 'dist/closed/a': 'a' } });
    await chmod(join(scenario.workspace, 'dist/closed'), 0o700);
    const run = await scenario.red({}, unprivileged);
    expect(errorsOf(run)).toEqual(['DIRECTORY_UNREADABLE']);
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('who may not write beside the files is told so, and output-dir is the way out', async () => {
    await using scenario = await createScenario({ files });
    await chmod(join(scenario.workspace, 'dist'), 0o755);
    const run = await scenario.run({}, unprivileged);
    await expectInvariants(scenario, run);
    expect(run.exitCode).toBe(1);
    expect(errorsOf(run)).toEqual(['OUTPUT_UNWRITABLE']);
    expect(run.log).toContain('set output-dir');
    await mkdir(join(scenario.workspace, 'out'));
    await chmod(join(scenario.workspace, 'out'), 0o777);
    await scenario.green({ 'output-dir': 'out' }, unprivileged);
  });

  test('who may not remove an older signature is told so, before the first request', async () => {
    await using scenario = await createScenario({ files: { ...files, 'dist/3.sign': 'old' } });
    const run = await scenario.red({}, unprivileged);
    expect(errorsOf(run)).toEqual(['OUTPUT_UNWRITABLE']);
    expect(scenario.service.counters.requests).toBe(0);
  });
});

test('a device is refused by name', { tags: ['fault-61'] }, async () => {
  await using scenario = await createScenario({ files });
  execFileSync('mknod', [join(scenario.workspace, 'dist/device'), 'c', '1', '5']);
  await writeFile(join(scenario.workspace, 'dist/last'), 'x');
  const run = await scenario.run();
  await expectInvariants(scenario, run);
  expect(run.exitCode).toBe(1);
  expect(errorsOf(run)).toEqual(['FILE_NOT_REGULAR']);
  expect(run.outputs).toMatchObject({ 'signed-count': '61', 'failed-count': '1' });
});
