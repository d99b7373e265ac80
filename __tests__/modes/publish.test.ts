import { expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { isGreen } from '../../src/report/report.ts';
import { plant } from '../files/trees.ts';
import { inProcess } from './in-process.ts';

const full = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
};
const REHEARSE = { mode: 'rehearse', files: 'dist/**', upload: 'false' };

test('a summary that cannot be written is a warning, and the step stays green', async () => {
  const outputs: string[] = [];
  const run = inProcess(REHEARSE, { summary: full, output: (name) => void outputs.push(name) });
  plant(run.workspace, { 'dist/a': 'a' });
  expect(isGreen(await main(run.context))).toBe(true);
  expect(outputs).toContain('cert-expires');
  expect(run.annotations.filter(({ title }) => title === 'OUTPUT_FULL')).toEqual([
    { title: 'OUTPUT_FULL', text: 'The job summary cannot be written: the disk is full (ENOSPC).' },
  ]);
});

test('outputs that cannot be written leave the summary, and are reported once', async () => {
  const summaries: string[] = [];
  const run = inProcess(REHEARSE, { output: full, summary: (text) => void summaries.push(text) });
  plant(run.workspace, { 'dist/a': 'a' });
  expect(isGreen(await main(run.context))).toBe(false);
  expect(summaries.join()).toContain('Rehearsal only');
  expect(run.annotations.map(({ text }) => text)).toContain(
    'The outputs of the step cannot be written: the disk is full (ENOSPC).',
  );
});

test('the log lists a thousand files and says how many more there are', async () => {
  const run = inProcess(REHEARSE);
  plant(run.workspace, Object.fromEntries(Array.from({ length: 1003 }, (_, at) => [`dist/${at}`, 'x'])));
  const stopping = setInterval(() => {
    if (run.lines.length > 1000) run.cancel.abort(new Error('enough'));
  }, 1);
  await main(run.context);
  clearInterval(stopping);
  expect(run.lines.filter((line) => /^ {2}dist\/\d+ \(1 B\)$/.test(line))).toHaveLength(1000);
  expect(run.lines).toContain('  and 3 more');
});
