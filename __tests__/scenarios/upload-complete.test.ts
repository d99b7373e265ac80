import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusedInArtifact } from '../../src/modes/stages/collisions.ts';
import { type UploadOptions, uploadFiles } from '../../src/upload.ts';
import { type ResultsService, startResultsService } from '../../tools/results/results-service.ts';

let directory: string;
let results: ResultsService;
const environment = { ...process.env };

async function prepare(
  names: readonly string[],
  options: Parameters<typeof startResultsService>[0] = {},
): Promise<UploadOptions> {
  results = await startResultsService(options);
  Object.assign(process.env, results.env);
  for (const name of names) await writeFile(join(directory, name), `signature of ${name}`);
  return {
    name: 'signatures',
    paths: names,
    directory,
    retentionDays: undefined,
    replaces: false,
    runAttempt: 1,
    host: '',
    warn: () => {},
    scrub: (text, maxLength) => text.slice(0, maxLength),
    sleep: () => Promise.resolve(),
  };
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'upload-'));
});
afterEach(async () => {
  await results.close();
  await rm(directory, { recursive: true, force: true });
  process.env = { ...environment };
});

test.each([1, 2, 57])('the size of an archive of %i files is foretold to the byte', async (count) => {
  const names = Array.from({ length: count }, (_, i) => `file-${'ü'.repeat(i % 5)}-${i}.sign`);
  const artifact = await uploadFiles(await prepare(names));
  const bytes = names.reduce(
    (sum, name) => sum + 30 + 16 + 46 + 2 * Buffer.byteLength(name) + Buffer.byteLength(`signature of ${name}`),
    22,
  );
  expect(artifact?.bytes).toBe(bytes);
});

test('a signature that vanishes during the upload is noticed, although the client only warns', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `${i}.sign`);
  // The client has looked at the files by then, and reads them later.
  const onCall = (point: string): void => void (point === 'create' && rmSync(join(directory, '7.sign')));
  const options = await prepare(names, { onCall });
  await expect(uploadFiles(options)).rejects.toMatchObject({ code: 'ARTIFACT_INCOMPLETE' });
});

test('a signature that is gone before the upload is named', async () => {
  const options = await prepare(['a.sign', 'b.sign']);
  await rm(join(directory, 'b.sign'));
  await expect(uploadFiles(options)).rejects.toMatchObject({
    code: 'ARTIFACT_INCOMPLETE',
    message: expect.stringContaining('b.sign'),
  });
});

test('names that an artifact refuses are counted and some of them shown', () => {
  const names = Array.from({ length: 1234 }, (_, at) => `dist/a:${at}.sign`);
  const { message } = refusedInArtifact(names) ?? {};
  expect(message).toContain('1,234 paths cannot be in a workflow artifact: dist/a:0.sign, ');
  expect(message).toContain('dist/a:9.sign and 1,224 more.');
  expect(refusedInArtifact(['a', '.b/c', '..d', 'e..'])).toBeUndefined();
  for (const path of ['a\\b', '../a', '/a', 'a\n'])
    expect(refusedInArtifact([path])?.code).toBe('ARTIFACT_NAME_REFUSED');
});
