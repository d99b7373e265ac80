import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { passesKnown } from '../../src/files/finding/places.ts';
import { find, makeDirectory, plant, searchOf, tell } from './trees.ts';

const filesOf = async (...about: Parameters<typeof find>): Promise<readonly string[]> =>
  tell(await find(...about)).files;

describe('patterns', () => {
  const tree = {
    'dist/app.zip': '1',
    'dist/app.txt': '22',
    'dist/deep/er/x.zip': '333',
    'dist/.hidden/y.zip': '4',
    'other/z.zip': '5',
    'top.zip': '',
  };

  test.each([
    ['dist', ['dist/.hidden/y.zip', 'dist/app.txt', 'dist/app.zip', 'dist/deep/er/x.zip']],
    ['dist/', ['dist/.hidden/y.zip', 'dist/app.txt', 'dist/app.zip', 'dist/deep/er/x.zip']],
    ['dist/app.zip/', []],
    ['dist/*', ['dist/.hidden/y.zip', 'dist/app.txt', 'dist/app.zip', 'dist/deep/er/x.zip']],
    ['*.zip', ['top.zip']],
    ['*/\n!dist', ['other/z.zip']],
    ['**/\n!*/', ['top.zip']],
    ['top.zip\n!**/', []],
    ['top.zip\n!top.zip/*', ['top.zip']],
    ['**/x.zip', ['dist/deep/er/x.zip']],
    ['dist/**/er', ['dist/deep/er/x.zip']],
    ['dist/d??p', ['dist/deep/er/x.zip']],
    ['dist/[a-d]*/**', ['dist/app.txt', 'dist/app.zip', 'dist/deep/er/x.zip']],
    ['dist/app.[!z]*', ['dist/app.txt']],
    ['dist/app[.]zip\ndist/app\\.txt', ['dist/app.txt', 'dist/app.zip']],
    ['.\n!dist', ['other/z.zip', 'top.zip']],
    ['!**/*.zip\n**', ['dist/app.txt']],
    ['!dist/**\ndist/app.zip\nother', ['other/z.zip']],
    ['!!top.zip', ['top.zip']],
    ['# all\r\n\r\n  top.zip  \r\n!nothing', ['top.zip']],
    ['top.zip\ntop.zip\n*.zip', ['top.zip']],
  ])('%j', async (patterns, files) => expect(await filesOf(plant(makeDirectory(), tree), patterns)).toEqual(files));

  test('are absolute below a root that itself looks like a pattern', async () => {
    for (const name of ['a[1]', 'r*t', 'q?', '{x,y}', 'b\\k', 'new\nline']) {
      const root = plant(join(makeDirectory(), name), tree);
      expect(await filesOf(root, '*.zip\ndist/[a]pp.txt')).toEqual(['dist/app.txt', 'top.zip']);
      if (!name.includes('\n')) expect(await filesOf(root, `${root}/*.zip\n!${root}/dist`)).toEqual(['top.zip']);
    }
  });

  test('count as matched when a file is left after all exclusions', async () => {
    const root = plant(makeDirectory(), tree);
    const { unmatched } = await find(root, 'top.zip\n*.gz\ndist/**/*.zip\nother\n!**/*.zip\nnowhere/**\ndist');
    expect(unmatched).toEqual(['top.zip', '*.gz', 'dist/**/*.zip', 'other', 'nowhere/**']);
  });

  test('find nothing in a root that is not there, or is a file', async () => {
    const root = plant(makeDirectory(), tree);
    for (const missing of ['none', 'top.zip']) {
      expect(tell(await find(join(root, missing), '**', { workspace: root }))).toEqual({
        files: [],
        refused: [],
        unmatched: ['**'],
      });
    }
  });

  test('give the size and the place of each file, sorted bytewise', async () => {
    const root = plant(makeDirectory(), { c: 'x', 'a/b': 'yy', 'a-b': '', B: '', '😀': '', '\uffee': '' });
    const { files } = await find(root, '**');
    expect(files.map(({ path }) => path)).toEqual(['B', 'a-b', 'a/b', 'c', '\uffee', '😀']);
    expect(files.map(({ size }) => size)).toEqual([0, 0, 2, 1, 0, 0]);
    expect(files[2]?.location).toBe(join(root, 'a/b'));
  });

  test('without hidden files leave out hidden directories, but not what is named', async () => {
    const root = plant(makeDirectory(), { '.cfg/a': '', '.env': '', 'b/.c/d': '', 'b/e': '' });
    expect(await filesOf(root, '**', { includeHiddenFiles: false })).toEqual(['b/e']);
    expect(await filesOf(root, '.cfg/a\n**', { includeHiddenFiles: false })).toEqual(['.cfg/a', 'b/e']);
    expect(await filesOf(root, '*\n.env', { includeHiddenFiles: false })).toEqual(['b/e']);
    expect(await filesOf(root, '**')).toEqual(['.cfg/a', '.env', 'b/.c/d', 'b/e']);
  });
});

describe('names', () => {
  test('that leave no room for the suffix are refused before anything is signed', async () => {
    // Linux counts bytes, other systems UTF-16 units.
    const [fits, long] = ['f'.repeat(250), process.platform === 'linux' ? 'ä'.repeat(126) : 'g'.repeat(251)];
    const root = plant(makeDirectory(), { [fits]: '', [long]: '' });
    const { files, refused } = await find(root, '**');
    expect(files.map(({ path }) => path)).toEqual([fits]);
    expect(refused[0]?.error).toMatchObject({ code: 'FILE_NAME_TOO_LONG' });
    expect(refused[0]?.error.message).toContain('.sign');
    expect(await filesOf(root, '**', { suffix: '.s' })).toEqual([fits, long]);
    expect((await find(root, `${long.slice(0, 9)}*`)).unmatched).toEqual([]);
  });

  test('that are not UTF-8 are refused with their bytes, when they are wanted', async () => {
    const root = plant(makeDirectory(), { 'a/ok': '', 'b/ok': '', 'a/valid\ufffd': '' });
    const broken = (path: string): Buffer => Buffer.concat([Buffer.from(`${root}/${path}`), Buffer.from([0xff, 0x0a])]);
    writeFileSync(broken('b/x'), '');
    expect(await filesOf(root, 'a')).toEqual(['a/ok', 'a/valid\ufffd']);
    expect(await filesOf(root, '**\n!b/x*')).toEqual(['a/ok', 'a/valid\ufffd', 'b/ok']);
    await expect(find(root, '**')).rejects.toMatchObject({
      code: 'FILE_NAME_NOT_UTF8',
      hint: 'Rename it, or exclude it in files: tools would see it under different names.',
    });
    await expect(find(root, '**')).rejects.toThrow(/bytes 78ff0a \(x\ufffd\\n\)/);
    mkdirSync(broken('a/d'));
    await expect(find(root, 'a/**/*.zip')).rejects.toThrow(/bytes 64ff0a/);
    expect(await filesOf(root, 'a/o*')).toEqual(['a/ok']);
    writeFileSync(Buffer.concat([broken('a/s'), Buffer.from('.sign')]), '');
    expect(await filesOf(root, 'a/o*')).toEqual(['a/ok']);
  });

  test('that differ only by composition or case are different files', async () => {
    const root = plant(makeDirectory(), { é: '', 'e\u0301': '', A: '', a: '' });
    expect(await filesOf(root, '**')).toEqual(['A', 'a', 'e\u0301', 'é']);
  });
});

test('a search in one large directory, for thousands of patterns, ends when it is cancelled', async () => {
  const root = plant(makeDirectory(), Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`f${at}`, ''])));
  const patterns = Array.from({ length: 2000 }, (_, at) => `*x${at}`).join('\n');
  const cancelling = new AbortController();
  setImmediate(() => cancelling.abort(new Error('cancelled')));
  await expect(find(root, patterns, { signal: cancelling.signal })).rejects.toThrow('cancelled');
});

describe('in a second look, which finds only what is new', () => {
  const passes = (outputDirectory: (root: string) => string | undefined) => {
    const root = plant(makeDirectory(), { a: '', 'd/b': '', 'out/d': { directory: true } });
    const search = searchOf(root, '**', { known: new Set(['a', 'd/b']), outputDirectory: outputDirectory(root) });
    return passesKnown({ ...search, realRoot: root, realWorkspace: root });
  };

  test.each<[string, (root: string) => string | undefined, readonly string[]]>([
    ['beside their files', () => undefined, ['a.sign', 'd/b.sign']],
    ['in output-dir, which is the root', (root) => root, ['a.sign', 'd/b.sign']],
    ['in output-dir below the root', (root) => join(root, 'out'), ['out/a.sign', 'out/d/b.sign']],
    ['in output-dir elsewhere', () => makeDirectory(), []],
  ])('the known files are skipped, and their signatures %s', (_, outputDirectory, signatures) => {
    const skips = passes(outputDirectory);
    const all = ['a', 'b', 'd/a', 'd/b', 'a.sign', 'b.sign', 'd/b.sign', 'out/a.sign', 'out/b.sign', 'out/d/b.sign'];
    const skipped = all.filter((path) => skips?.(path.slice(path.lastIndexOf('/') + 1), path.replace(/[^/]*$/, '')));
    expect(skipped).toEqual(['a', 'd/b', ...signatures]);
  });

  test('a link to a known file is left out, as in the first look', async () => {
    const root = plant(makeDirectory(), { a: '', b: '', l: { link: 'a' } });
    const found = await find(root, '**', { known: new Set(['a']) });
    expect(tell(found)).toEqual({ files: ['b'], refused: [], unmatched: [] });
  });

  test('a first look skips nothing', () => {
    const root = makeDirectory();
    expect(passesKnown({ ...searchOf(root, '**'), realRoot: root, realWorkspace: root })).toBeUndefined();
  });
});

test('a root that leads out of the workspace is refused with the place that it leads to', async () => {
  const outer = plant(makeDirectory(), { 'work/inner': { link: '../other' }, other: { directory: true } });
  const workspace = join(outer, 'work');
  await expect(find(join(workspace, 'inner'), '**', { workspace })).rejects.toMatchObject({
    code: 'ROOT_OUTSIDE',
    message: `Input root: ${join(workspace, 'inner')} leads out of the workspace, to ${join(outer, 'other')}.`,
    hint: 'Set root to a directory that really lies in the workspace.',
  });
});
