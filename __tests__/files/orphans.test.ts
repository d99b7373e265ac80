import { join } from 'node:path';
import { expect, test } from 'vitest';
import { find, makeDirectory, plant } from './trees.ts';

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
