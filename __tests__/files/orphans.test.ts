import { join } from 'node:path';
import { expect, test } from 'vitest';
import { discoverOrphans } from '../../src/files/finding/orphans.ts';
import { find, makeDirectory, plant, searchOf } from './trees.ts';

const orphansOf = async (...about: Parameters<typeof find>): Promise<readonly string[]> =>
  (await find(...about)).orphans;

test('a signature whose file is gone is an orphan, where a pattern means it', async () => {
  const root = plant(makeDirectory(), {
    'dist/a': '',
    'dist/a.sign': '',
    'dist/gone.zip.sign': '',
    'dist/deep/gone.sign': '',
    'dist/map.sign': '',
    'other/gone.sign': '',
    'top.sign': '',
    'dist/.sign': '',
    'dist/d/x': '',
    'dist/d.sign': '',
  });
  expect(await orphansOf(root, 'dist/**\n!**/map')).toEqual(['dist/d', 'dist/deep/gone', 'dist/gone.zip']);
  expect(await orphansOf(root, '**/*.zip')).toEqual(['dist/gone.zip']);
  expect(await orphansOf(root, 'dist/[f-h]one.*\nt[o]p')).toEqual(['dist/gone.zip', 'top']);
  expect(await orphansOf(root, '**', { suffix: '.zip.sign' })).toEqual(['dist/gone']);
});

test('a signature of something that is not a regular file is not an orphan', async () => {
  const root = plant(makeDirectory(), {
    a: '',
    'link.sign': '',
    link: { link: 'a' },
    'broken.sign': '',
    broken: { link: 'x' },
  });
  expect(await orphansOf(root, '**')).toEqual([]);
});

test('what is never matched, or hidden, holds none', async () => {
  const root = plant(makeDirectory(), {
    '.git/x.sign': '',
    'tmp/x.sign': '',
    '.cfg/x.sign': '',
    '.env.sign': '',
    'b.sign': '',
  });
  const temporaryDirectory = join(root, 'tmp');
  expect(await orphansOf(root, '**', { temporaryDirectory })).toEqual(['.cfg/x', '.env', 'b']);
  expect(await orphansOf(root, '**', { temporaryDirectory, includeHiddenFiles: false })).toEqual(['b']);
});

test('orphans are searched for in the output directory, which has the layout of root', async () => {
  const root = plant(makeDirectory(), {
    'dist/a': '',
    'out/dist/a.sign': '',
    'out/dist/b.sign': '',
    'out/out/c.sign': '',
  });
  const about = { outputDirectory: join(root, 'out') };
  expect(await orphansOf(root, 'dist', about)).toEqual(['dist/b']);
  expect(await orphansOf(root, '**', { outputDirectory: join(root, 'none') })).toEqual([]);
});

test('the signature of a file that an earlier look has found is no orphan', async () => {
  const root = plant(makeDirectory(), { 'dist/gone.sign': '', 'dist/other.sign': '', 'gone.sign': '' });
  expect(await orphansOf(root, '**', { known: new Set(['dist/gone']) })).toEqual(['dist/other', 'gone']);
});

test('in an output directory only signatures count, of files that no earlier look has found', async () => {
  const root = plant(makeDirectory(), {
    a: '',
    'out/dist/gone.sign': '',
    'out/dist/other.sign': '',
    'out/dist/notes.txt': '',
    'out/dist/.sign': '',
    'out/.git/x.sign': '',
  });
  const about = { outputDirectory: join(root, 'out'), known: new Set(['dist/gone']) };
  expect(await orphansOf(root, '**', about)).toEqual(['dist/other']);
  expect(await orphansOf(root, '**', { outputDirectory: join(root, 'out') })).toEqual(['dist/gone', 'dist/other']);
});

test('a search that fails says why, unless it was cancelled', async () => {
  const workspace = plant(makeDirectory(), { 'out/a.sign': '' });
  const search = searchOf(makeDirectory(), '**', { workspace });
  expect(await discoverOrphans(search, workspace)).toMatchObject({
    orphans: [],
    orphanFailure: { code: 'ROOT_OUTSIDE' },
  });
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(discoverOrphans({ ...search, signal }, workspace)).rejects.toThrow('stopped');
});
