import { readFileSync } from 'node:fs';
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

test('that of a green run says nothing of a failure', async () => {
  const manifest = await manifestOf(inProcess({ ...REHEARSE, upload: 'false' }), true);
  expect(manifest).not.toHaveProperty('failure');
});
