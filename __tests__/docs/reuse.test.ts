import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { readDocument } from './document.ts';
import { inputsOf, usesIn } from './workflow.ts';

const DOCUMENT = readDocument('docs/reuse.md');
const FILES = { 'dist/a': 'aaa', 'dist/lib/b': 'bbb', 'dist/lib/c': 'ccc' };

/** Unpacks the artifact of an earlier run, as the action that downloads it does, where the document says. */
async function restore({ results, workspace }: Scenario): Promise<void> {
  const download = usesIn(DOCUMENT).find(({ uses }) => uses.startsWith('actions/download-artifact@'));
  const artifact = results.artifacts.find(({ name }) => name === download?.with['name']);
  for (const { path, bytes } of await entriesOf(artifact?.zip ?? Buffer.alloc(0))) {
    const place = join(workspace, download?.with['path'] ?? '', path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, bytes);
  }
}

test('restored signatures are kept, except those of changed files and those that somebody planted', async () => {
  await using scenario = await createScenario({ files: FILES });
  const { credentials } = scenario.service;
  const { files = '' } = inputsOf(DOCUMENT, 'After a run that failed: a cache');
  const inputs = { files, 'verify-key': credentials.verifyKeyPem };
  expect((await scenario.run(inputs)).outputs).toMatchObject({ 'signed-count': '3', 'reused-count': '0' });
  const before = await Promise.all(
    Object.keys(FILES).map((name) => readFile(join(scenario.workspace, `${name}.sign`))),
  );

  for (const name of await scenario.signatures()) await rm(join(scenario.workspace, name));
  await appendFile(join(scenario.workspace, 'dist/a'), '!');
  await restore(scenario);
  await writeFile(join(scenario.workspace, 'dist/lib/b.sign'), before[2] ?? '');
  const requests = scenario.service.counters.requests;
  scenario.results.store.nextAttempt();
  const run = await scenario.green(inputs, { env: { GITHUB_RUN_ATTEMPT: '2' } });
  expect(run.outputs).toMatchObject({ 'signed-count': '2', 'reused-count': '1', 'verified-count': '3' });
  expect(scenario.service.counters.requests - requests).toBe(2);
  expect(await readFile(join(scenario.workspace, 'dist/lib/c.sign'))).toEqual(before[2]);
});

test('both halves of the cache recipe name the same files and key', () => {
  const [restoring, saving] = usesIn(DOCUMENT).filter(({ uses }) => uses.startsWith('actions/cache/'));
  const { 'restore-keys': prefix = '', ...same } = restoring?.with ?? {};
  expect(saving?.with).toEqual(same);
  expect(prefix).not.toBe('');
  expect(saving?.with['key']).toContain(prefix);
});
