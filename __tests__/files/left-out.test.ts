import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Discovery } from '../../src/files/finding/discover.ts';
import { find, makeDirectory, plant, tell } from './trees.ts';

/** What is left out, as `reason: first paths`, with the count where there are more. */
function leftOut({ leftOut: all }: Discovery): Readonly<Record<string, string>> {
  return Object.fromEntries(
    all.map(({ reason, count, first }) => [reason, `${first.join(' ')}${count > first.length ? ` of ${count}` : ''}`]),
  );
}

function uncovered({ uncovered: all }: Discovery): string[] {
  return all.map(({ path, reason }) => `${path} ${reason}`);
}

describe('without a directory of its own for signatures', () => {
  test('signatures of listed files are ours, and every other name with the suffix is not', async () => {
    const root = plant(makeDirectory(), {
      'a.zip': '',
      'a.zip.sign': '',
      'a.zip.sign.sign': '',
      'road.sign': '',
      '.sign': '',
      'sub/b': '',
      'sub/b.sign': '',
      'doc.md': '',
      'doc.md.sign': '',
      link: { link: 'a.zip' },
      'link.sign': '',
    });
    const found = await find(root, '**\n!*.md');
    expect(tell(found).files).toEqual(['a.zip', 'sub/b']);
    expect(leftOut(found)).toEqual({
      link: 'link',
      signature: 'a.zip.sign sub/b.sign',
      suffix: '.sign a.zip.sign.sign doc.md.sign link.sign road.sign',
    });
    expect(uncovered(found)).toEqual(
      ['.sign', 'a.zip.sign.sign', 'doc.md.sign', 'link.sign'].map((path) => `${path} suffix`),
    );
    expect(found.orphans).toEqual(['road']);
  });

  test('a signature that no pattern means is an orphan all the same, and no more than that', async () => {
    const root = plant(makeDirectory(), {
      'dist/a.zip': '',
      'dist/gone.zip.sign': '',
      'dist/a.zip.sign': '',
      'dist/x.sign': '',
    });
    for (const pattern of ['dist/*.zip', 'dist/a.zip\ndist/gone.zip']) {
      const found = await find(root, pattern);
      expect([found.orphans, found.uncovered, found.leftOut]).toEqual([['dist/gone.zip'], [], []]);
    }
  });

  test('a directory whose name has the suffix is no signature', async () => {
    const root = plant(makeDirectory(), { 'docs.sign/a': '', docs: '' });
    expect(tell(await find(root, '**')).files).toEqual(['docs', 'docs.sign/a']);
  });

  test('an excluded path is not counted anywhere', async () => {
    const root = plant(makeDirectory(), { a: '', 'a.sign': '', 'a.sign.sign': '', 'x.sign': '', '.git/x': '' });
    const found = await find(root, '**\n!a.sign.sign\n!x.sign\n!x\n!.git');
    expect([leftOut(found), found.uncovered, found.orphans]).toEqual([{ signature: 'a.sign' }, [], []]);
  });
});

describe('with a directory of its own for signatures', () => {
  const tree = {
    'dist/a': '',
    'dist/a.sign': '',
    'sigs/dist/a.sign': '',
    'sigs/dist/gone.sign': '',
    'sigs/dist/a.gzip': '',
    'sigs/install.sh': '',
    'sigs/SUMS': '',
    'sigs/SUMS.sign': '',
    'sigs/sigs/dist/a.sign': '',
    'sigs/.git/x': '',
  };

  test('only what is at its exact place there is ours', async () => {
    const root = plant(makeDirectory(), tree);
    const written = ['sigs/SUMS', 'sigs/SUMS.sign'].map((path) => join(root, path));
    const found = await find(root, '**', { outputDirectory: join(root, 'sigs'), written });
    expect(tell(found).files).toEqual(['dist/a']);
    expect(uncovered(found)).toEqual([
      'dist/a.sign suffix',
      'sigs/dist/a.gzip output-dir',
      'sigs/install.sh output-dir',
    ]);
    expect(found.orphans).toEqual(['dist/gone', 'sigs/dist/a']);
    expect(found.written.map(({ path }) => path)).toEqual(['sigs/SUMS', 'sigs/SUMS.sign']);
    expect(leftOut(found)).toEqual({
      git: 'sigs/.git/x',
      'output-dir': 'sigs/dist/a.gzip sigs/dist/gone.sign sigs/install.sh sigs/sigs/dist/a.sign',
      signature: 'sigs/dist/a.sign',
      suffix: 'dist/a.sign',
      written: 'sigs/SUMS sigs/SUMS.sign',
    });
    expect(found.leftOut.map(({ reason }) => reason)).toEqual(['git', 'output-dir', 'signature', 'suffix', 'written']);
  });

  test('a signature in output-dir is left out as one of this action, also when output-dir is a link', async () => {
    const root = plant(makeDirectory(), { 'dist/a': '', 'sigs/dist/a.sign': '', alias: { link: 'sigs' } });
    const found = await find(root, 'dist\nsigs', { outputDirectory: join(root, 'alias') });
    expect([leftOut(found), uncovered(found)]).toEqual([{ signature: 'sigs/dist/a.sign' }, []]);
  });

  test('a directory outside root holds orphans, and nothing that the patterns mean', async () => {
    const outer = plant(makeDirectory(), {
      'root/dist/a': '',
      'out/dist/a.sign': '',
      'out/dist/b.sign': '',
      'out/x': '',
    });
    const found = await find(join(outer, 'root'), '**', { workspace: outer, outputDirectory: join(outer, 'out') });
    expect([found.orphans, found.uncovered, found.leftOut]).toEqual([['dist/b'], [], []]);
  });
});

describe('never signed', () => {
  test('is what lies in .git at any depth and in RUNNER_TEMP, whatever it is called and whether or not it can be read', async () => {
    const root = plant(makeDirectory(), {
      a: '',
      '.git/hooks/pre-push': '',
      'sub/.git/config.sign': '',
      'worktree/.git': 'gitdir: elsewhere',
      'tmp/secret': '',
      tmpfile: '',
    });
    // Nobody reads these names: they would be an error.
    writeFileSync(Buffer.concat([Buffer.from(join(root, 'tmp/')), Buffer.from([0xff])]), '');
    const about = { temporaryDirectory: join(root, 'tmp') };
    const found = await find(root, '**\n.git/hooks/*\ntmp/secret', about);
    expect(tell(found)).toEqual({ files: ['a', 'tmpfile'], refused: [], unmatched: ['.git/hooks/*', 'tmp/secret'] });
    expect(leftOut(found)).toEqual({
      git: '.git/hooks/pre-push sub/.git/config.sign worktree/.git',
      'runner-temp': 'tmp/secret tmp/\ufffd',
    });
    expect(found.uncovered).toEqual([]);
    expect((await find(root, 'a*', about)).leftOut).toEqual([]);
  });

  test('is a temporary file of ours by its full name, and not by how its name begins', async () => {
    const root = plant(makeDirectory(), {
      'sub/.mtls-release-signing-12-0.tmp': '',
      'sub/.mtls-release-signing-core.so': '',
      '.mtls-release-signing-x/evil.sh': '',
      '.mtls-release-signing-1-2.tmp.zip': '',
    });
    const found = await find(root, '**');
    expect(tell(found).files).toEqual([
      '.mtls-release-signing-1-2.tmp.zip',
      '.mtls-release-signing-x/evil.sh',
      'sub/.mtls-release-signing-core.so',
    ]);
    expect(uncovered(found)).toEqual(['sub/.mtls-release-signing-12-0.tmp temporary']);
  });

  test('are links to all of this, and links that go in a circle', async () => {
    const outer = plant(makeDirectory(), {
      'real/tmp/secret': '',
      'real/a': '',
      'real/.git/config': '',
      'real/dir': { link: 'tmp' },
      'real/one': { link: 'tmp/secret' },
      'real/config': { link: '.git/config' },
      'real/up': { link: '..' },
      alias: { link: 'real' },
    });
    const about = { workspace: outer, temporaryDirectory: join(outer, 'real/tmp'), followSymbolicLinks: true };
    for (const name of ['real', 'alias']) {
      const found = await find(join(outer, name), '**', about);
      expect(tell(found)).toEqual({ files: ['a'], refused: [], unmatched: [] });
      expect(leftOut(found)).toEqual({
        circle: 'up/alias up/real',
        git: '.git/config config',
        'runner-temp': 'dir one tmp/secret',
      });
    }
  });

  test('is a link to .git that is called so, which is counted only where a pattern means it', async () => {
    const root = plant(makeDirectory(), { '.git/config': '', 'dist/a.bin': 'x', 'dist/.git': { link: '../.git' } });
    const counted = async (patterns: string): Promise<unknown> =>
      leftOut(await find(root, patterns, { followSymbolicLinks: true }));
    expect([await counted('dist/*'), await counted('dist/**/*.bin')]).toEqual([{ git: 'dist/.git' }, {}]);
  });

  test('is a hidden file, unless include-hidden-files is true', async () => {
    const root = plant(makeDirectory(), {
      '.cfg/a': '',
      '.cfg/b': '',
      '.env': '',
      'b/.c/d': '',
      'b/e': '',
      'b/.x.sign': '',
    });
    const found = await find(root, '**\n.cfg/a', { includeHiddenFiles: false });
    expect(tell(found).files).toEqual(['.cfg/a', 'b/e']);
    expect(leftOut(found)).toEqual({ hidden: '.env b/.c/d b/.x.sign' });
    expect([found.uncovered, found.orphans]).toEqual([[], []]);
  });

  test('is never the whole root, even when output-dir or RUNNER_TEMP contains it', async () => {
    const root = plant(makeDirectory(), { a: '' });
    for (const temporaryDirectory of [root, join(root, '..'), '']) {
      expect(tell(await find(root, '**', { temporaryDirectory })).files).toEqual(['a']);
    }
  });
});

test('paths left out for one reason are counted, and the first of them are named', async () => {
  const root = plant(makeDirectory(), { a: '' });
  mkdirSync(join(root, '.git'));
  for (let number = 0; number < 40; number++) writeFileSync(join(root, '.git', `o${number}`), '');
  expect(leftOut(await find(root, '**'))).toEqual({ git: '.git/o0 .git/o1 .git/o10 .git/o11 .git/o12 of 40' });
});

describe('excludes', () => {
  const tree = { 'dist/a.js': '', 'dist/b.map': '', 'dist/deep/c.map': '', 'other/x': '', 'dist/a.js.sign': '' };

  test.each([
    ['dist/**\n!dist/nothing', ['!dist/nothing']],
    ['dist/**\n!**/*.map', []],
    ['dist/**\n!**/*.sign', []],
    ['dist/**\n!other', ['!other']],
    ['dist/a.js\n!dist/b.map', ['!dist/b.map']],
    ['*.js\n!other', ['!other']],
    ['dist/*\n!dist/*.map\n!dist/*.css', ['!dist/*.css']],
    // Nobody looks below what is excluded already.
    ['dist/**\n!dist/deep\n!dist/deep/c.map\n!dist/deep/none', []],
    ['dist/**\n!dist/deep/*\n!**/c.map', []],
    ['**\n!**\n!dist', []],
    ['dist/**\n!none\n! !other\n!dist/nope/**', ['!none', '!dist/nope/**']],
  ])('%j leave nothing out: %j', async (patterns, idle) => {
    expect((await find(plant(makeDirectory(), tree), patterns)).idleExcludes).toEqual(idle);
  });
});

describe('sets that spell a name', () => {
  const tree = { '.git/[xy]': '', 'pages/[id].js': '', 'pages/i.js': '', 'pages/[...all]/x': '', 'pages/[[b]': '' };

  test.each([
    ['**\n!pages/[id].js', [['!pages/[id].js', 'pages/[id].js']]],
    ['pages/[id].js', [['pages/[id].js', 'pages/[id].js']]],
    ['**\n!**/[...all]', [['!**/[...all]', 'pages/[...all]']]],
    ['**\n!pages/[[]id].js\n!pages/[ij].js\n!pages/\\[...all\\]', []],
    ['pages/i.js\n!other/[id].js', []],
    ['**\n!**/[xy]', []],
  ])('%j are found in %j', async (patterns, misread) => {
    const found = await find(plant(makeDirectory(), tree), patterns);
    expect(found.misread.map(({ text, path }) => [text, path])).toEqual(misread);
  });
});

test('a signature moved to another name covers nothing', async () => {
  const root = plant(makeDirectory(), { a: '', 'a.sign': '' });
  renameSync(join(root, 'a.sign'), join(root, 'A.sign'));
  expect((await find(root, '**')).orphans).toEqual(['A']);
});

describe('places of this action', () => {
  const follow = { followSymbolicLinks: true };

  test('behind a link are neither signed by the name of the link nor by that of its target', async () => {
    const root = plant(makeDirectory(), { a: '', real: '', SUMS: { link: 'real' } });
    const found = await find(root, '**', { written: [join(root, 'SUMS')] });
    expect(tell(found)).toEqual({ files: ['a'], refused: [], unmatched: [] });
    expect([uncovered(found), found.written.map(({ path }) => path)]).toEqual([['SUMS written'], ['real']]);
  });

  test('are no directories: what is in a directory at such a path is signed, also behind links', async () => {
    const root = plant(makeDirectory(), { 'out/x': '', 'to-file': { link: 'out/x' }, 'd/to-out': { link: '../out' } });
    const { files } = await find(root, '*\nd/**', { ...follow, written: [join(root, 'out')] });
    expect(files.map(({ path }) => path)).toEqual(['d/to-out/x', 'out/x', 'to-file']);
  });

  test('that hold the root leave out nothing in it', async () => {
    const workspace = plant(makeDirectory(), { 'tmp/root/a': '', 'tmp/root/l': { link: 'a' } });
    const root = join(workspace, 'tmp/root');
    const { files } = await find(root, '**', { ...follow, workspace, temporaryDirectory: join(workspace, 'tmp') });
    expect(files.map(({ path }) => path)).toEqual(['a', 'l']);
  });

  test.runIf(process.platform === 'linux')('are not those of other names in another case', async () => {
    const root = plant(makeDirectory(), { '.git/config': '', '.GIT/x': '' });
    expect((await find(root, '**')).files.map(({ path }) => path)).toEqual(['.GIT/x']);
  });
});
