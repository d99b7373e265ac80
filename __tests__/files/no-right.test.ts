import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSignatureFile } from '../../src/files/reading/read-small.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { asOrdinaryUser } from '../helpers/rights.ts';
import { makeDirectory, plant } from './trees.ts';

test('writing is explained where there is no right to it', () => {
  const directory = plant(makeDirectory(), { 'locked/a': 'x', 'locked/old.sign': 'x' });
  chmodSync(join(directory, 'locked'), 0o555);
  const output = new OutputTree(directory, process.pid);
  const denied = (act: () => unknown, path: string): void =>
    expect(() => asOrdinaryUser([directory], act)).toThrow(
      expect.objectContaining({
        code: 'OUTPUT_UNWRITABLE',
        message: `${path} cannot be written: the runner has no right to write there (EACCES).`,
      }),
    );
  denied(() => output.write('locked/a.sign', 'new'), 'locked/a.sign');
  denied(() => output.write('locked/sub/a.sign', 'new'), 'locked/sub/a.sign');
  denied(() => output.remove('locked/old.sign'), 'locked/old.sign');
  expect(() => asOrdinaryUser([directory], () => output.remove('locked/none.sign'))).not.toThrow();
  chmodSync(join(directory, 'locked'), 0o755);
});

test('a signature that cannot be read says why', () => {
  const directory = plant(makeDirectory(), { a: 'x' });
  chmodSync(join(directory, 'a'), 0o000);
  expect(() => asOrdinaryUser([directory], () => readSignatureFile(join(directory, 'a')))).toThrow(
    expect.objectContaining({
      code: 'SIGNATURE_UNREADABLE',
      message: expect.stringMatching(/ cannot be read: EACCES\.$/),
    }),
  );
});
