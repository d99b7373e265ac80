import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startForwarder } from '../faults/forwarder.ts';
import { createScenario, opensslAccepts } from '../helpers/scenario.ts';
import { costOf, tell } from './soak-run.ts';

const MIB = 1024 * 1024;

test.each([
  ['400 MiB, where one base64 string ends', 400 * MIB, undefined],
  ['3 GiB, sparse', 3072 * MIB, undefined],
  ['1 GiB to a front that takes 5 MB/s', 1024 * MIB, 5_000_000],
])('one file of %s is signed', { tags: ['fault-60'] }, async (title, bytes, bytesPerSecond) => {
  await using scenario = await createScenario({ files: { 'dist/large': '' } });
  const file = join(scenario.workspace, 'dist/large');
  await truncate(file, bytes);
  await writeFile(file, 'not only zeros', { flag: 'r+' });
  const front =
    bytesPerSecond === undefined ? undefined : await startForwarder({ to: scenario.service.port, bytesPerSecond });
  const url = front ? `https://127.0.0.1:${front.port}` : scenario.service.url;
  const inputs = { 'server-url': url, 'verify-key': scenario.service.credentials.verifyKeyPem, upload: 'false' };
  const run = await scenario.run(inputs, { timeoutMs: 1_500_000 });
  await front?.close();
  tell(title, costOf(run, scenario));
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs['request-count']).toBe('1');
  expect(run.peakRssKb ?? 0).toBeLessThan(200 * 1024);
  expect(await opensslAccepts(scenario.service.credentials.verifyKeyPem, file, `${file}.sign`)).toBe(true);
});
