import { createVerify } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { limitMs } from '../helpers/time.ts';

const FILES = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`dist/${i}`, `content ${i}`]));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Every signature that is there is valid for its file, and no temporary file is. */
async function expectSound(scenario: Scenario): Promise<number> {
  const signatures = await scenario.signatures();
  const key = scenario.service.credentials.verifyKeyPem;
  for (const name of signatures) {
    const file = await readFile(join(scenario.workspace, name.replace(/\.sign$/, '')));
    expect(
      createVerify('sha256')
        .update(file)
        .verify(key, await scenario.read(name), 'base64'),
      name,
    ).toBe(true);
  }
  return signatures.length;
}

describe('a run that is cancelled', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends within a second, red, with a summary and no half file',
    async (signal) => {
      await using scenario = await createScenario({ files: FILES, service: { delayMs: 60 } });
      let [cancelledAt, endedAt] = [0, 0];
      const run = await scenario.run(
        { concurrency: '10' },
        {
          onStart: (child) => {
            child.once('exit', () => {
              endedAt = performance.now();
            });
            void until(() => scenario.service.counters.signed > 30).then(() => {
              cancelledAt = performance.now();
              child.kill(signal);
            });
          },
        },
      );
      expect(run.exitCode).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(endedAt - cancelledAt).toBeLessThan(limitMs(1000));
      expect(run.log).toContain('CANCELLED');
      expect(run.log).toContain('Files that are listed as signed or verified are complete');
      expect(run.summary).toContain('not signed');
      expect(run.outputs['mode']).toBe('');
      const signed = await expectSound(scenario);
      expect(Number(run.outputs['signed-count'])).toBe(signed);
      expect(signed).toBeLessThan(200);
      expect((await readdir(join(scenario.workspace, 'dist'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect(scenario.results.artifacts).toEqual([]);
      const manifest = JSON.parse(await readFile(run.outputs['manifest'] ?? '', 'utf8'));
      expect(manifest.totals).toMatchObject({ files: 200, signed });
    },
  );

  test('by SIGKILL, five times, never leaves a wrong signature, and the next run finishes', {
    tags: ['fault-64a'],
  }, async () => {
    await using scenario = await createScenario({ files: FILES, service: { delayMs: 5 } });
    for (let round = 1; round <= 5; round++) {
      const from = scenario.service.counters.signed;
      const run = await scenario.run(
        { concurrency: '20' },
        {
          onStart: (child) =>
            void until(() => scenario.service.counters.signed > from + round * 25).then(() => child.kill('SIGKILL')),
        },
      );
      expect(run.signal).toBe('SIGKILL');
      expect(run.post?.exitCode).toBe(0);
      expect(await readdir(run.runnerTemp)).not.toContain(expect.stringMatching(/credentials/));
    }
    await expectSound(scenario);
    const run = await scenario.green({ 'verify-key': scenario.service.credentials.verifyKeyPem });
    expect(run.outputs['verified-count']).toBe('200');
    expect((await readdir(join(scenario.workspace, 'dist'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
