import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { expectValidSignatures, FILES, tell } from './soak-run.ts';

const KILLS = 200;

/** Looks into every file of a directory; returns those that hold the text. */
async function filesWith(directory: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path, 'latin1')).includes(text)) found.push(path);
  }
  return found;
}

/** Kills one run after a time; returns whether it was still running then. */
async function killOnce(
  scenario: Scenario,
  afterMs: number,
): Promise<{ readonly killed: boolean; readonly keysLeft: number }> {
  const run = await scenario.run(
    { concurrency: '20', overwrite: 'true', 'verify-key': scenario.service.credentials.verifyKeyPem, reuse: 'false' },
    { onStart: (child) => void sleep(afterMs).then(() => child.kill('SIGKILL')) },
  );
  const keyLine = scenario.service.credentials.key.split('\n')[1] ?? '';
  const keys = [...(await filesWith(run.runnerTemp, keyLine)), ...(await filesWith(scenario.workspace, keyLine))];
  return { killed: run.signal === 'SIGKILL', keysLeft: keys.length };
}

test(`${KILLS} kills at random moments of a 500-file run never leave a wrong signature or a key`, {
  tags: ['fault-64a'],
}, async () => {
  await using scenario = await createScenario({ files: FILES, service: { delayMs: 10 } });
  let [killed, keysLeft, most] = [0, 0, 0];
  for (let at = 0; at < KILLS; at++) {
    const result = await killOnce(scenario, 50 + Math.random() * 900);
    if (result.killed) killed++;
    keysLeft += result.keysLeft;
    most = Math.max(most, await expectValidSignatures(scenario));
    expect(keysLeft, 'keys on disk').toBe(0);
  }
  tell('SIGKILL', { runs: KILLS, 'killed in time': killed, 'keys left': keysLeft, 'most signatures at a kill': most });
  expect(killed).toBeGreaterThan(KILLS / 2);
  const last = await scenario.green({ overwrite: 'true', 'verify-key': scenario.service.credentials.verifyKeyPem });
  expect(last.outputs['verified-count']).toBe('500');
  const left = (await readdir(join(scenario.workspace, 'dist'))).filter((name) => name.endsWith('.tmp'));
  expect(left).toEqual([]);
});
