import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runUnprivileged } from './children.ts';
import { makeDirectory, plant } from './trees.ts';

test('writing is explained where there is no right to it', () => {
  const directory = plant(makeDirectory(), { 'locked/a': 'x', 'locked/old.sign': 'x' });
  chmodSync(join(directory, 'locked'), 0o555);
  const program = (act: string): string => `
    const { OutputTree } = await load('output-tree');
    const output = new OutputTree(${JSON.stringify(directory)}, process.pid);
    tell(() => ${act});`;
  const denied = 'cannot be written: no right to write there (EACCES).';
  const told = (act: string): string => runUnprivileged(program(act), [directory]);
  expect(told("output.write('locked/a.sign', 'new')")).toBe(`OUTPUT_UNWRITABLE locked/a.sign ${denied}`);
  expect(told("output.write('locked/sub/a.sign', 'new')")).toBe(`OUTPUT_UNWRITABLE locked/sub/a.sign ${denied}`);
  expect(told("output.remove('locked/old.sign')")).toBe(`OUTPUT_UNWRITABLE locked/old.sign ${denied}`);
  expect(told("output.remove('locked/none.sign')")).toBe('done');
  chmodSync(join(directory, 'locked'), 0o755);
});

test('a signature says why it cannot be read', () => {
  const directory = plant(makeDirectory(), { a: 'x' });
  chmodSync(join(directory, 'a'), 0o000);
  const program = `
    const { readSignatureFile } = await load('signature-file');
    tell(() => readSignatureFile(${JSON.stringify(join(directory, 'a'))}));`;
  expect(runUnprivileged(program, [directory])).toMatch(/^SIGNATURE_UNREADABLE .* cannot be read: EACCES\.$/);
});
