import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { QUOTA_EXCEEDED } from '../../tools/results/faults.ts';
import { entriesOf } from '../../tools/results/zip.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { ACTION_DIRECTORY, createScenario } from '../helpers/scenario.ts';

const FILES = { 'dist/a': 'aaa', 'dist/b': 'bbb' };

describe('the artifact', () => {
  test('of the same name is an error with a way out, and the signatures stay', { tags: ['fault-64c'] }, async () => {
    await using scenario = await createScenario({ files: FILES });
    await scenario.run();
    const again = await scenario.red();
    expect(again.log).toMatch(/ARTIFACT_EXISTS[\s\S]*artifact-name[\s\S]*overwrite: true/);
    expect(again.outputs).toMatchObject({ 'signed-count': '2', 'artifact-id': '' });
    expect(await scenario.signatures()).toHaveLength(2);
  });

  test('is never deleted by a re-run, whose error says when to set overwrite', { tags: ['fault-64c'] }, async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { names: 'run' } });
    const first = await scenario.run();
    scenario.results.store.nextAttempt();
    const again = await scenario.red({}, { env: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(again.log).toMatch(
      /ARTIFACT_EXISTS[\s\S]*if this use of the action alone has the name, set overwrite: true/,
    );
    expect(scenario.results.artifacts.map(({ id }) => String(id))).toEqual([first.outputs['artifact-id']]);
  });

  test('of an earlier attempt stays where GitHub frees the names for each attempt', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await scenario.run();
    scenario.results.store.nextAttempt();
    await scenario.green({}, { env: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(scenario.results.artifacts.map(({ name }) => name)).toEqual(['signatures', 'signatures']);
  });

  test('is replaced with overwrite: true', { tags: ['fault-64c'] }, async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const [first, second] = [await scenario.run(), await scenario.run({ overwrite: 'true' })];
    expect(second.exitCode, second.log).toBe(0);
    expect(second.outputs['artifact-id']).not.toBe(first.outputs['artifact-id']);
    expect(scenario.results.artifacts.map(({ name }) => name)).toEqual(['signatures']);
  });

  test('goes up under another name after the network was lost', async () => {
    const faults = [{ at: 'create', kind: 'drop', times: 1 }] as const;
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { faults } });
    const run = await scenario.green();
    expect(run.outputs['artifact-name']).toBe('signatures-retry-1');
    expect(run.annotations.some(({ type, message }) => type === 'warning' && message.includes('trying again'))).toBe(
      true,
    );
    expect(
      (await entriesOf(scenario.results.artifacts[0]?.zip ?? Buffer.alloc(0))).map(({ path }) => path).sort(),
    ).toEqual(['dist/a.sign', 'dist/b.sign']);
  });

  test('is taken as it is when only the last answer about it was lost', async () => {
    const faults = [{ at: 'finalize', kind: 'lose-answer', times: 9 }] as const;
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { faults } });
    const run = await scenario.green();
    expect(run.outputs).toMatchObject({ 'artifact-name': 'signatures', 'artifact-id': '1' });
    expect(scenario.results.artifacts.map(({ name }) => name)).toEqual(['signatures']);
    expect(scenario.results.calls.filter((point) => point === 'finalize')).toHaveLength(1);
  });

  test('that may be complete although nobody can tell is named when the upload is tried again', async () => {
    const lost = [
      { at: 'finalize', kind: 'lose-answer' },
      { at: 'list', kind: 'drop', times: 9 },
    ] as const;
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { faults: lost } });
    const run = await scenario.green();
    expect(run.outputs['artifact-name']).toBe('signatures-retry-1');
    expect(run.log).toMatch(/upload of artifact signatures failed .*Should this artifact be complete all the same/);
  });

  test('that cannot be uploaded makes the step red, says why, and leaves the signatures', async () => {
    const faults = [{ at: 'create', kind: 'status', status: 403, message: 'no permission' }] as const;
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { faults } });
    const run = await scenario.red();
    expect(run.log).toContain('ARTIFACT_FAILED');
    expect(run.log).toMatch(/\(403\).*no permission/);
    expect(run.log).toMatch(/Running the step again does not help while 127\.0\.0\.1:\d+ refuses this job/);
    expect(run.summary).toContain('after 2 files were signed');
    expect(await scenario.signatures()).toHaveLength(2);
  });

  test('that finds the storage used up says that running again does not help', async () => {
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: FILES,
      results: { faults: [QUOTA_EXCEEDED] },
    });
    const run = await scenario.red();
    expect(run.log).toMatch(/ARTIFACT_FAILED: .*storage quota has been hit/);
    expect(run.log).toContain('Running the step again does not help: delete old artifacts');
  });

  test('with a token that is none of GitHub says that running again does not help, and counts no requests', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.red({}, { env: { ACTIONS_RUNTIME_TOKEN: 'no-token-of-github' } });
    expect(run.log).toMatch(/ARTIFACT_FAILED: .*\n.*Running the step again does not help: ACTIONS_RUNTIME_TOKEN/);
    expect(run.log).not.toContain('Given up');
  });

  test('is skipped with one notice on GitHub Enterprise Server', { tags: ['fault-64e'] }, async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.green({}, { env: { GITHUB_SERVER_URL: 'https://github.example.com' } });
    expect(run.outputs).toMatchObject({ 'signed-count': '2', 'artifact-id': '' });
    expect(run.annotations.filter(({ title }) => title === 'No upload')).toHaveLength(1);
    // The client's own warning would say that the upload failed and the status page should be looked at.
    expect(run.annotations.filter(({ message }) => /Artifact upload failed|githubstatus/.test(message))).toEqual([]);
    expect(await scenario.signatures()).toHaveLength(2);
  });

  test('takes its name and days from the inputs', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.green({ 'artifact-name': 'linux-signatures', 'retention-days': '7' });
    expect(run.outputs['artifact-name']).toBe('linux-signatures');
    expect(run.outputs['artifact-url']).toMatch(/\/actions\/runs\/\d+\/artifacts\/1$/);
  });
});

test('a text of the service that names a network error is no reason to try again', async () => {
  const faults = [
    { at: 'create', kind: 'status', status: 403, message: 'ECONNRESET (409) Upload progress stalled.' },
  ] as const;
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { faults } });
  const run = await scenario.red();
  expect(run.log).toContain('ARTIFACT_FAILED');
  expect(run.log).not.toContain('trying again');
});

test('a name that holds a command of the runner is refused', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const run = await scenario.red({ 'artifact-name': '##[add-mask]signatures' });
  expect(run.log).toContain('Input artifact-name must be at most 200 bytes');
  expect(scenario.service.counters.connections).toBe(0);
});

test('signing needs neither the chunk of the rehearsal nor, without upload, that of the artifact client', async () => {
  await using scenario = await createScenario({ files: FILES });
  const copy = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    await cp(join(ACTION_DIRECTORY, 'action.yml'), join(copy, 'action.yml'));
    await cp(join(ACTION_DIRECTORY, 'dist'), join(copy, 'dist'), { recursive: true });
    const chunks = (await readdir(join(copy, 'dist'))).filter((name) => /^\d+\.index\.js$/.test(name));
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) await rm(join(copy, 'dist', chunk));
    await scenario.green({ upload: 'false' }, { actionDirectory: copy });
    expect(await readFile(join(copy, 'dist/index.js'), 'utf8')).not.toContain('@azure/storage-blob');
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
