import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { QUOTA_EXCEEDED, type Fault as ResultsFault } from '../../tools/results/faults.ts';
import { createScenario, type ScenarioOptions } from '../helpers/scenario.ts';
import { limitMs } from '../helpers/time.ts';
import { status } from '../rehearsal/fault-samples.ts';
import { expectInvariants, readReceipts } from './meeting.ts';

const FILES = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`dist/${at}`, `content ${at}`]));

/** Runs, and presses the cancel button once `when` holds; tells how long the end took. */
async function cancel(options: Omit<ScenarioOptions, 'files'>, when: RegExp, inputs: Record<string, string> = {}) {
  await using scenario = await createScenario({ files: FILES, ...options });
  let [cancelledAt, endedAt] = [0, 0];
  let text = '';
  const button = new AbortController();
  const run = await scenario.run(inputs, {
    signal: button.signal,
    env: { RUNNER_DEBUG: '1' },
    onStart: (child) => {
      child.once('exit', () => {
        endedAt = performance.now();
      });
    },
    onOutput: (chunk) => {
      text += chunk.toString();
      if (cancelledAt > 0 || !when.test(text)) return;
      cancelledAt = performance.now();
      button.abort();
    },
  });
  const mostMs = limitMs(1000);
  await expectInvariants(scenario, run);
  expect(cancelledAt, 'it was cancelled').toBeGreaterThan(0);
  expect(run.exitCode).toBe(130);
  expect(run.log).toContain('CANCELLED');
  expect(run.post?.exitCode).toBe(0);
  expect(endedAt - cancelledAt).toBeLessThan(mostMs);
  return { ...run, files: Object.values(await readReceipts(run)) };
}

describe.concurrent('cancelled', { tags: ['fault-64a'] }, () => {
  test('while an outage is waited out', async () => {
    await cancel({ service: { script: () => status(502) } }, /The service is in trouble/);
  });

  test('while the service does not answer', async () => {
    const script = ({ index }: { index: number }): { kind: 'silence' } | undefined =>
      index > 5 ? { kind: 'silence' } : undefined;
    const run = await cancel({ service: { script } }, /signed after[\s\S]*signed after/);
    expect(run.summary).toContain('not signed');
    const { files } = run;
    const asked = files.filter(({ status, attempts }) => status === 'not-tried' && attempts > 0);
    expect(asked.length, 'requests that were cut off are told').toBeGreaterThan(2);
    expect(files.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(Number(run.outputs['request-count']));
  });

  test('while the artifact is uploaded', async () => {
    const faults = [{ at: 'block', kind: 'stall', ms: 20_000 }] as const;
    const run = await cancel({ results: { faults } }, /Uploading artifact/);
    expect(run.outputs).toMatchObject({ 'signed-count': '40', 'artifact-id': '' });
  });

  test('by SIGKILL while the key lies on the disk: the post step removes it, and the next run signs', async () => {
    await using scenario = await createScenario({ files: FILES });
    const nodeArgs = ['--import', new URL('preload-kill.ts', import.meta.url).href];
    const killed = await scenario.run({}, { nodeArgs, env: { NODE_NO_WARNINGS: '1' } });
    // Windows ends a process without a signal.
    expect(killed.signal ?? killed.exitCode).toBe(process.platform === 'win32' ? 1 : 'SIGKILL');
    expect(killed.state['credentials']).toContain('mtls-release-signing-credentials-');
    expect(killed.post?.exitCode).toBe(0);
    expect(await readdir(killed.runnerTemp)).not.toContainEqual(expect.stringContaining('credentials'));
    expect(scenario.service.counters.connections).toBe(0);
    const next = await scenario.green();
    await expectInvariants(scenario, next);
  });
});

describe.concurrent('an upload that fails', { tags: ['fault-64d'] }, () => {
  const failing: readonly (readonly [string, ResultsFault, RegExp])[] = [
    ['because the token has expired', { at: 'create', kind: 'status', status: 401, message: 'expired' }, /401/],
    ['because the quota is used up', QUOTA_EXCEEDED, /quota/],
    ['because it was not finished', { at: 'finalize', kind: 'status', status: 200 }, /ARTIFACT_FAILED/],
  ];
  test.each(failing)('%s is not tried again, and leaves the signatures', async (_, fault, says) => {
    await using scenario = await createScenario({ files: FILES, results: { faults: [fault] } });
    const run = await scenario.run();
    await expectInvariants(scenario, run);
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(says);
    expect(run.log).not.toContain('trying again');
    expect(run.outputs).toMatchObject({ 'signed-count': '40', 'artifact-id': '' });
    expect(await scenario.signatures()).toHaveLength(40);
  });

  test('because a signature vanished meanwhile is red', async () => {
    await using scenario = await createScenario({ files: FILES });
    let text = '';
    const run = await scenario.run(
      {},
      {
        onOutput: (chunk) => {
          text += chunk.toString();
          if (text.includes('Upload')) void rm(join(scenario.workspace, 'dist/7.sign'), { force: true });
        },
      },
    );
    // Whether it goes before the client looks for it, before it reads it or after the upload is a matter of luck: the client
    // refuses the first, warns of the second, the last look finds the third, and a green run must have them all.
    expect(run.exitCode === 0).toBe(run.outputs['artifact-id'] !== '');
    if (run.exitCode !== 0)
      expect(run.log).toMatch(
        /ARTIFACT_INCOMPLETE|ARTIFACT_FAILED: .*(?:7\.sign does not exist|ENOENT.*7\.sign)|FILE_CHANGED: dist\/7\.sign/,
      );
  });
});
