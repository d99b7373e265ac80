import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { isGreen } from '../../src/report/report.ts';
import { plant } from '../files/trees.ts';
import { problemsOf } from '../report/schema.ts';
import { type InProcess, inProcess } from './in-process.ts';

const REHEARSE = { mode: 'rehearse', files: 'dist/**' };

async function manifestOf({ context, workspace }: InProcess, green: boolean): Promise<Record<string, unknown>> {
  plant(workspace, { 'dist/a': 'a' });
  const report = await main(context);
  expect(isGreen(report), report.failure?.message).toBe(green);
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(report.manifest ?? '', 'utf8'));
  expect(problemsOf(manifest)).toEqual([]);
  return manifest;
}

test('the manifest of a run that failed as a whole says why', async () => {
  const manifest = await manifestOf(inProcess({ ...REHEARSE, files: 'dist/**\nlib/**' }), false);
  expect(manifest['failure']).toMatchObject({ code: 'NO_FILES_FOUND' });
  expect(manifest).toMatchObject({ totals: { notTried: 1 } });
});

test('also when all files were signed and only the upload failed', async () => {
  // No artifact service is told to this process.
  const manifest = await manifestOf(inProcess(REHEARSE), false);
  expect(manifest['failure']).toMatchObject({ code: 'ARTIFACT_FAILED' });
  expect(manifest).toMatchObject({ totals: { signed: 1 } });
});

test('the manifest of a green run names no failure', async () => {
  const manifest = await manifestOf(inProcess({ ...REHEARSE, upload: 'false' }), true);
  expect(manifest).not.toHaveProperty('failure');
});

test('a file of the build at the path of the signature of the manifest stays, and the run says so', async () => {
  const { context, workspace } = inProcess({ ...REHEARSE, upload: 'false', manifest: 'receipt.json' });
  const build = Buffer.from([0xff, 0xd8, 0, 1]);
  plant(workspace, { 'dist/a': 'a' });
  writeFileSync(join(workspace, 'receipt.json.sign'), build);
  const { failure } = await main(context);
  expect(failure).toMatchObject({ code: 'OUTPUT_OCCUPIED', message: expect.stringContaining('receipt.json.sign') });
  expect(readFileSync(join(workspace, 'receipt.json.sign'))).toEqual(build);
});
