import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPause, type Pause } from '../../src/files/pause.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { findCollisions } from '../../src/modes/stages/collisions.ts';
import { makeDirectory } from '../files/trees.ts';

/** What Windows, APFS and ext4 with folded names have in common: a name is found in another case and composition. */
const folds = (one: string, other: string): boolean =>
  one.normalize('NFD').toUpperCase() === other.normalize('NFD').toUpperCase();
const keepsApart = (): boolean => false;

interface Plan {
  readonly files: readonly string[];
  readonly own?: readonly string[];
}

/** What a look through a tree says that holds nothing besides its files. */
const NOTHING = {
  leftOut: [],
  uncovered: [],
  orphans: [],
  orphanFailure: undefined,
  idleExcludes: [],
  misread: [],
  written: [],
};

async function collisions(
  { files, own = [] }: Plan,
  isOneFile: typeof folds,
  pause: Pause = createPause(),
): Promise<string[]> {
  const root = makeDirectory();
  const allFiles = files.map((path) => ({ path, location: join(root, path), size: 1 }));
  const release = { files: allFiles, allFiles, refused: [], unmatched: [], coverage: NOTHING };
  const task = { release, suffix: '.sign', own, output: new OutputTree(root, 1), pause, isOneFile };
  return (await findCollisions(task)).map(({ code }) => code);
}

test.each<[string, Plan]>([
  ['two files that differ in case', { files: ['dist/Read.me', 'dist/read.me'] }],
  ['two files that differ in the case of a directory', { files: ['Dist/a', 'dist/a'] }],
  ['two files that differ in composition', { files: ['caf\u00e9', 'cafe\u0301'] }],
  ['two files that differ in composition and case', { files: ['CAF\u00c9', 'cafe\u0301'] }],
  ['two files in Hangul, composed and not', { files: ['\uac00', '\u1100\u1161'] }],
  ['two files in Greek, which has two small sigmas', { files: ['\u03b1\u03c2', '\u0391\u03a3'] }],
  ['two files of which one has a letter that grows', { files: ['stra\u00dfe', 'STRASSE'] }],
  ['a file that would be a signature', { files: ['FOO', 'foo.SIGN'] }],
  ['a file at the place of the checksums', { files: ['sha256sums', 'b'], own: ['SHA256SUMS', 'SHA256SUMS.sign'] }],
  [
    'a file at the place of a manifest with a composed name',
    { files: ['re\u0301sume\u0301'], own: ['r\u00e9sum\u00e9'] },
  ],
  ['a file at the place of a manifest that ends in a letter like another', { files: ['mar\u212a'], own: ['mark'] }],
  ['checksums whose signature is that of a file', { files: ['sums'], own: ['SUMS', 'SUMS.sign'] }],
])('a file system that folds names has one place for %s', async (_, plan) => {
  expect(await collisions(plan, folds)).toEqual(['OUTPUT_COLLISION']);
  expect(await collisions(plan, keepsApart)).toEqual([]);
});

test.each<[string, Plan]>([
  ['letters that look alike', { files: ['\u0430', 'a'] }],
  ['widths', { files: ['\uff41', 'a'] }],
  ['an accent', { files: ['e', 'e\u0301'] }],
])('no file system that folds names takes two names for one that differ in %s', async (_, plan) => {
  expect(await collisions(plan, folds)).toEqual([]);
});

test('a file that a link to its directory shows a second time has one signature', async () => {
  const root = makeDirectory();
  mkdirSync(join(root, 'real'));
  symlinkSync('real', join(root, 'link'));
  const location = join(root, 'real/a');
  const allFiles = ['real/a', 'link/a'].map((path) => ({ path, location, size: 1 }));
  const release = { files: allFiles, allFiles, refused: [], unmatched: [], coverage: NOTHING };
  const task = { release, suffix: '.sign', own: [], output: new OutputTree(root, 1), pause: createPause() };
  expect(await findCollisions(task)).toEqual([]);
});

test.each([
  ['signatures', ['a', 'A', 'b', 'B']],
  ['a signature and a file', ['a', 'a.SIGN', 'b', 'b.SIGN']],
])('the trial of a pair of %s waits for what else is to be done, and ends with a cancellation', async (_, files) => {
  const cancel = new AbortController();
  let trials = 0;
  const tried = (): boolean => {
    trials++;
    cancel.abort(new Error('cancelled'));
    return false;
  };
  const pause = async (): Promise<void> => cancel.signal.throwIfAborted();
  await expect(collisions({ files }, tried, pause)).rejects.toThrow('cancelled');
  expect(trials).toBe(1);
});
