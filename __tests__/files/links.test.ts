import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Discovery } from '../../src/files/finding/discover.ts';
import { asOrdinaryUserUntil } from '../helpers/rights.ts';
import { find, makeDirectory, type Node, plant, tell } from './trees.ts';

const link = (target: string): Node => ({ link: target });

describe('links that are not followed', () => {
  test('are left out quietly when their target is matched itself', async () => {
    const root = plant(makeDirectory(), {
      'dist/app-1.2': 'x',
      'dist/app': link('app-1.2'),
      'dist/twice': link('app'),
      'dist/v1/a': 'x',
      'dist/v1/b.sign': 'x',
      'dist/latest': link('v1'),
    });
    symlinkSync(join(root, 'dist/v1/a'), join(root, 'dist/absolute'));
    expect(tell(await find(root, 'dist/**'))).toEqual({
      files: ['dist/app-1.2', 'dist/v1/a'],
      refused: [],
      unmatched: [],
    });
  });

  test('fail otherwise; the error names link, target and what to do', async () => {
    const root = plant(makeDirectory(), { 'build/app': 'x', 'dist/app': link('../build/app'), 'dist/b': 'y' });
    const discovery = await find(root, 'dist/**');
    expect(tell(discovery)).toEqual({ files: ['dist/b'], refused: ['dist/app LINK_NOT_FOLLOWED'], unmatched: [] });
    const error = discovery.refused[0]?.error;
    expect(error?.message).toContain('dist/app is a link to ../build/app');
    expect(error?.hint).toContain('follow-symbolic-links: true');
    expect(tell(await find(root, 'dist/**\nbuild/*'))).toMatchObject({ files: ['build/app', 'dist/b'], refused: [] });
  });

  test('make no pattern match', async () => {
    const root = plant(makeDirectory(), { 'a/app': 'x', 'b/app': link('../a/app'), 'c/far': link('/etc/hostname') });
    expect(tell(await find(root, 'a/**\nb/**\nc'))).toEqual({
      files: ['a/app'],
      refused: ['c/far LINK_OUTSIDE'],
      unmatched: ['b/**', 'c'],
    });
  });

  test('to a directory are left out quietly only when a pattern means that directory', async () => {
    const root = plant(makeDirectory(), {
      'build/a': 'x',
      'build/b/c': 'y',
      'build/b/self': link('c'),
      '.git/config': '',
      'dist/latest': link('../build'),
      'dist/git': link('../.git'),
      'dist/none': link('../empty'),
      empty: { directory: true },
    });
    const [git, latest, none] = ['dist/git', 'dist/latest', 'dist/none'].map((path) => `${path} LINK_NOT_FOLLOWED`);
    expect(tell(await find(root, 'dist/latest\nbuild')).refused).toEqual([]);
    expect(tell(await find(root, 'dist/latest\nbuild/**')).refused).toEqual([]);
    expect(tell(await find(root, 'dist/latest\nb*\n!build/b')).refused).toEqual([]);
    expect(tell(await find(root, '**')).refused).toEqual([git]);
    // The files in it are all meant, but one that comes later would not be.
    expect(tell(await find(root, 'dist/latest\nbuild/a\nbuild/b/c')).refused).toEqual([latest]);
    expect(tell(await find(root, 'dist/latest\n**/c\nbuild/*')).refused).toEqual([latest]);
    expect(tell(await find(root, 'dist\n!build')).refused).toEqual([git, latest, none]);
    expect(tell(await find(root, 'dist/latest\nbuild\n!build/**')).refused).toEqual([latest]);
  });

  test.each([
    ['!dist/v1/a.bin', ['partial-link 2', 'dist/current, dist/v1/self']],
    ['!dist/v1/*.bin', ['partial-link 2', 'dist/current, dist/v1/self']],
    ['!dist/v1/b', ['partial-link 2', 'dist/current, dist/v1/self']],
    ['!dist/*/a.bin\n!dist/v1/d', ['partial-link 2', 'dist/current, dist/v1/self']],
    ['!dist/v?/b/*', ['partial-link 2', 'dist/current, dist/v1/self']],
    // These leave the file out by way of the link too.
    ['!**/*.bin', ['link 2', 'dist/current, dist/v1/self']],
    ['!**/b', ['link 2', 'dist/current, dist/v1/self']],
    ['!dist/*/a.bin\n!dist/v1/self/a.bin', ['link 2', 'dist/current, dist/v1/self']],
    ['!dist/other/**', ['link 2', 'dist/current, dist/v1/self']],
  ])('to a directory from which %s leaves files out are told apart', async (exclude, [reason, paths]) => {
    const root = plant(makeDirectory(), {
      'dist/v1/a.bin': 'x',
      'dist/v1/b/c': 'y',
      'dist/v1/d.sign': '',
      'dist/v1/d': 'z',
      'dist/v1/.git/x': '',
      'dist/v1/self': link('.'),
      'dist/current': link('v1'),
    });
    const { refused, leftOut } = await find(root, `dist\n${exclude}`);
    expect(refused).toEqual([]);
    expect(
      leftOut
        .filter((each) => each.reason.endsWith('link'))
        .map((each) => [`${each.reason} ${each.count}`, each.first.join(', ')]),
    ).toEqual([[reason, paths]]);
  });

  test('to a directory with a file that one exclude leaves out, among many that another leaves out everywhere', async () => {
    const root = plant(makeDirectory(), { 'dist/v1/z': '', 'dist/current': link('v1') });
    for (let number = 0; number < 25; number++) writeFileSync(join(root, 'dist/v1', `${number}.map`), '');
    const { leftOut } = await find(root, 'dist\n!**/*.map\n!dist/v1/z');
    expect(leftOut).toEqual([{ reason: 'partial-link', count: 1, first: ['dist/current'] }]);
  });

  test('that lead nowhere, in a circle or out of the workspace are refused', async () => {
    const outside = plant(makeDirectory(), { file: 'x', 'directory/file': 'x' });
    const root = plant(makeDirectory(), {
      'a/gone': link('nothing'),
      'a/self': link('self'),
      'a/one': link('two'),
      'a/two': link('one'),
      'a/file': link(join(outside, 'file')),
      'a/directory': link(join(outside, 'directory')),
      'a/through': link('file/below'),
    });
    for (const followSymbolicLinks of [false, true]) {
      const discovery = await find(root, '**', { followSymbolicLinks });
      expect(tell(discovery)).toEqual({
        files: [],
        refused: [
          'a/directory LINK_OUTSIDE',
          'a/file LINK_OUTSIDE',
          'a/gone LINK_BROKEN',
          'a/one LINK_BROKEN',
          'a/self LINK_BROKEN',
          'a/through LINK_BROKEN',
          'a/two LINK_BROKEN',
        ],
        unmatched: ['**'],
      });
      expect(discovery.refused[2]?.error.message).toContain('is a link to nothing, which does not exist');
      expect(discovery.refused[4]?.error.message).toContain('is a link to self, which leads back to itself');
    }
  });

  test('to what is hidden are refused, because their target is not signed', async () => {
    const root = plant(makeDirectory(), { '.cfg/a': '', a: '', l: link('.cfg') });
    expect(tell(await find(root, '**', { includeHiddenFiles: false })).refused).toEqual(['l LINK_NOT_FOLLOWED']);
  });

  test('that a pattern goes through by name are reported, not skipped', async () => {
    const root = plant(makeDirectory(), { 'v1/app': 'x', latest: link('v1'), 'deep/er': link('../v1') });
    expect(tell(await find(root, 'latest/app'))).toEqual({
      files: [],
      refused: ['latest LINK_NOT_FOLLOWED'],
      unmatched: ['latest/app'],
    });
    expect(tell(await find(root, '**/none\nlatest/app')).refused).toEqual(['latest LINK_NOT_FOLLOWED']);
    expect(tell(await find(root, 'deep/er/**/*.zip')).refused).toEqual(['deep/er LINK_NOT_FOLLOWED']);
    expect(tell(await find(root, '**/app'))).toEqual({ files: ['v1/app'], refused: [], unmatched: [] });
  });

  test('make the root outside when it leads there', async () => {
    const outside = plant(makeDirectory(), { file: 'x' });
    const workspace = plant(makeDirectory(), { away: link(outside), 'in/file': 'x', here: link('in') });
    await expect(find(join(workspace, 'away'), '**', { workspace })).rejects.toThrow(
      expect.objectContaining({ code: 'ROOT_OUTSIDE' }),
    );
    expect(tell(await find(join(workspace, 'here'), '**', { workspace })).files).toEqual(['file']);
    const alias = join(makeDirectory(), 'alias');
    symlinkSync(workspace, alias);
    expect(tell(await find(join(alias, 'in'), '**', { workspace: alias })).files).toEqual(['file']);
  });
});

describe('links that are followed', () => {
  const follow = { followSymbolicLinks: true };

  test('are files with the content of their target', async () => {
    const root = plant(makeDirectory(), { 'a/app': 'four', 'b/app': link('../a/app'), 'b/dir': link('../a') });
    const { files, unmatched } = await find(root, 'b/**', follow);
    expect(files).toMatchObject([
      { path: 'b/app', size: 4, location: join(root, 'a/app') },
      { path: 'b/dir/app', size: 4, location: join(root, 'a/app') },
    ]);
    expect(unmatched).toEqual([]);
    expect(tell(await find(root, 'b/dir/a*\nb/dir', follow)).files).toEqual(['b/dir/app']);
    expect(tell(await find(root, 'b/**/*.zip', follow)).unmatched).toEqual(['b/**/*.zip']);
  });

  test('lead into a directory outside of the workspace no further than its name', async () => {
    const root = plant(makeDirectory(), { 'a/all': link('/'), 'a/x': '' });
    const { refused } = await find(root, '**/*.zip\na', follow);
    expect(refused.map(({ path, error }) => `${path} ${error.code}`)).toEqual(['a/all LINK_OUTSIDE']);
    expect(tell(await find(root, '**\n!a/all', follow)).files).toEqual(['a/x']);
  });

  test('to a file are not signed when a pattern goes through their name', async () => {
    const root = plant(makeDirectory(), { a: '', to: link('a') });
    expect(tell(await find(root, 'to/x', follow))).toEqual({ files: [], refused: [], unmatched: ['to/x'] });
  });

  test('lead out of the root, as long as it is the workspace', async () => {
    const workspace = plant(makeDirectory(), { 'lib/a': 'x', 'dist/lib': link('../lib') });
    expect(tell(await find(join(workspace, 'dist'), '**', { ...follow, workspace })).files).toEqual(['lib/a']);
  });

  test('to a directory above are never entered', async () => {
    const root = plant(makeDirectory(), {
      'a/b/file': 'x',
      'a/b/up': link('../..'),
      'a/b/here': link('.'),
      'a/b/c/to-b': link('..'),
      other: 'y',
    });
    expect(tell(await find(root, '**', follow)).files).toEqual(['a/b/file', 'other']);
    expect(tell(await find(root, 'a/b/**', follow)).files).toEqual(['a/b/file']);
  });

  test('never lead to files that are never matched', async () => {
    const root = plant(makeDirectory(), {
      '.git/config': 'token',
      'dist/config': link('../.git/config'),
      'dist/git': link('../.git'),
      'dist/up': link('..'),
      'dist/app': 'x',
    });
    expect(tell(await find(root, 'dist', follow))).toEqual({ files: ['dist/app'], refused: [], unmatched: [] });
  });
});

describe('what is no regular file', () => {
  test('is refused, and named', async () => {
    const root = plant(makeDirectory(), { 'a/file': 'x' });
    spawnSync('mkfifo', [join(root, 'a/fifo')]);
    const server = createServer();
    onTestFinished(() => void server.close());
    await once(server.listen(join(root, 'a/socket')), 'listening');
    symlinkSync('fifo', join(root, 'a/to-fifo'));
    const discovery = await find(root, 'a/fi*\na/socket\na/to-fifo', { followSymbolicLinks: true });
    expect(tell(discovery)).toEqual({
      files: ['a/file'],
      refused: ['a/fifo FILE_NOT_REGULAR', 'a/socket FILE_NOT_REGULAR', 'a/to-fifo FILE_NOT_REGULAR'],
      unmatched: ['a/to-fifo'],
    });
    expect(discovery.refused[0]?.error.message).toContain('a/fifo is a FIFO, socket or device');
    expect(tell(await find(root, '**')).refused).toContain('a/to-fifo LINK_NOT_FOLLOWED');
    expect(tell(await find(root, 'a/fifo/x'))).toEqual({ files: [], refused: [], unmatched: ['a/fifo/x'] });
  });

  test('does not include hard links, which are files', async () => {
    const root = plant(makeDirectory(), { one: 'x' });
    linkSync(join(root, 'one'), join(root, 'two'));
    expect(tell(await find(root, '**')).files).toEqual(['one', 'two']);
  });
});

describe('directories that cannot be read', () => {
  const findAsOrdinaryUser = (root: string, patterns: string): Promise<Discovery> =>
    asOrdinaryUserUntil([root], () => find(root, patterns));

  function lockedTree(): string {
    const root = plant(makeDirectory(), { 'a/file': 'x', 'a/locked/deep/file': 'x', 'blind/file': 'x' });
    chmodSync(join(root, 'a/locked'), 0o000);
    // Its names can be read, but nothing about them.
    chmodSync(join(root, 'blind'), 0o444);
    onTestFinished(() => {
      chmodSync(join(root, 'a/locked'), 0o755);
      chmodSync(join(root, 'blind'), 0o755);
    });
    return root;
  }

  test('are an error that names them', async () => {
    const root = lockedTree();
    await expect(findAsOrdinaryUser(root, 'a/**')).rejects.toThrow(
      expect.objectContaining({
        code: 'DIRECTORY_UNREADABLE',
        message: `The directory ${root}/a/locked cannot be read (EACCES).`,
        hint: 'Give the runner the right to read it, or exclude it in files.',
      }),
    );
  });

  test('are never entered when excluded, or when no pattern leads there', async () => {
    const root = lockedTree();
    for (const patterns of ['**\n!a/locked\n!blind', '**\n!**/locked/**\n!bl*', 'a/**\n!a/locked/*', 'a/*le\nb/**/x']) {
      expect(tell(await findAsOrdinaryUser(root, patterns))).toMatchObject({ files: ['a/file'], refused: [] });
    }
  });

  test('are no error where nothing is ever signed', async () => {
    const root = lockedTree();
    const about = { temporaryDirectory: join(root, 'a/locked') };
    const found = await asOrdinaryUserUntil([root], () => find(root, 'a', about));
    expect([tell(found).files, found.leftOut]).toEqual([['a/file'], []]);
    // In output-dir there may be files that somebody else put there.
    const separate = { outputDirectory: join(root, 'a/locked') };
    await expect(asOrdinaryUserUntil([root], () => find(root, 'a', separate))).rejects.toThrow(/locked cannot be read/);
  });

  test('are no error when the patterns name the wanted files in them', async () => {
    const root = lockedTree();
    chmodSync(join(root, 'a/locked'), 0o711);
    expect(tell(await findAsOrdinaryUser(root, 'a/locked/deep/file\na/locked/none')).files).toEqual([
      'a/locked/deep/file',
    ]);
    // That there is nothing cannot be told where nothing may be looked up.
    await expect(findAsOrdinaryUser(root, 'blind/none')).rejects.toThrow(
      expect.objectContaining({ code: 'DIRECTORY_UNREADABLE', message: expect.stringContaining('/blind cannot be') }),
    );
  });

  test('refuse the files that cannot be looked at', async () => {
    const root = lockedTree();
    expect(tell(await findAsOrdinaryUser(root, 'blind'))).toMatchObject({
      files: [],
      refused: ['blind/file FILE_UNREADABLE'],
    });
    await expect(findAsOrdinaryUser(root, 'blind')).resolves.toMatchObject({
      refused: [{ error: { message: 'blind/file cannot be examined (EACCES).' } }],
    });
  });
});

test('a huge tree is not entered when it is excluded', async () => {
  const root = plant(makeDirectory(), { 'dist/a': '' });
  // A directory that could be entered only with an error: the file system cannot name what is below.
  let deep = join(root, 'node_modules');
  while (deep.length < 3800) deep = join(deep, 'd'.repeat(200));
  mkdirSync(deep, { recursive: true });
  const before = process.cwd();
  process.chdir(deep);
  try {
    mkdirSync(`${'e'.repeat(200)}/${'f'.repeat(200)}`, { recursive: true });
    writeFileSync(`${'e'.repeat(200)}/file`, '');
  } finally {
    process.chdir(before);
  }
  await expect(find(root, '**')).rejects.toThrow(expect.objectContaining({ code: 'DIRECTORY_UNREADABLE' }));
  for (const patterns of ['**\n!node_modules', '**\n!**/node_modules/**', '!node_modules/\n**', 'd*/**', 'dist/**']) {
    expect(tell(await find(root, patterns)).files).toEqual(['dist/a']);
  }
});

describe('many links', () => {
  function manyLinks(files = 300): string {
    const root = plant(makeDirectory(), { 'lib/a': 'x' });
    for (let number = 0; number < files; number++) writeFileSync(join(root, 'lib', `f${number}`), '');
    mkdirSync(join(root, 'links'));
    for (let number = 0; number < 1500; number++) symlinkSync('../lib', join(root, 'links', `l${number}`));
    return root;
  }

  test('to one directory ask about it once', async () => {
    const root = manyLinks();
    const started = performance.now();
    await find(root, 'lib');
    const plain = performance.now() - started;
    const { leftOut, refused } = await find(root, '**');
    expect(refused).toEqual([]);
    expect(leftOut).toMatchObject([{ reason: 'link', count: 1500 }]);
    // A look at all files of the directory for each link would take 1,500 times as long.
    expect(performance.now() - started - plain).toBeLessThan(Math.max(2000, plain * 300));
  });

  test('to one directory ask about few of the files that an exclude leaves out there', async () => {
    const root = manyLinks(3000);
    const started = performance.now();
    await find(root, 'lib');
    const plain = performance.now() - started;
    const { files, leftOut } = await find(root, '**\n!l*/**/f*');
    expect(files.map(({ path }) => path)).toEqual(['lib/a']);
    expect(leftOut).toMatchObject([{ reason: 'link', count: 1500 }]);
    expect(performance.now() - started - plain).toBeLessThan(Math.max(2000, plain * 30));
  });

  test('a cancellation ends a walk through many links', async () => {
    const root = manyLinks();
    const cancel = new AbortController();
    setImmediate(() => cancel.abort(new Error('stopped')));
    await expect(find(root, '**', { followSymbolicLinks: true, signal: cancel.signal })).rejects.toThrow('stopped');
  });
});

test('each refusal says what is wrong with the path, and what to do', async () => {
  const root = plant(makeDirectory(), {
    'a/file': '',
    'a/out': link('/etc/hostname'),
    'a/loop': link('loop'),
    'a/gone': link('nowhere'),
    'a/through': link('file/x'),
    'a/other': link('../b'),
    b: '',
  });
  const { refused } = await find(root, 'a');
  const exclude = 'Remove the link, or exclude it in files.';
  expect(refused.map(({ error }) => [error.message, error.hint])).toEqual([
    ['a/gone is a link to nowhere, which does not exist.', exclude],
    ['a/loop is a link to loop, which leads back to itself.', exclude],
    [
      'a/other is a link to ../b, which no pattern matches.',
      'Match the target as well, exclude the link, or set follow-symbolic-links: true to sign its content.',
    ],
    [
      'a/out leads out of the workspace, to /etc/hostname.',
      'Copy the file into the workspace, or exclude the link in files.',
    ],
    ['a/through is a link to file/x, which cannot be reached (ENOTDIR).', exclude],
  ]);
});

test('only a file behind a followed link has the way to it', async () => {
  const root = plant(makeDirectory(), {
    'lib/a': 'x',
    'dist/lib': link('../lib'),
    'dist/b': '',
    'dist/c': link('b'),
    'dist/d': link('../lib/fifo'),
  });
  spawnSync('mkfifo', [join(root, 'lib/fifo')]);
  const { files, refused } = await find(root, 'dist', { followSymbolicLinks: true });
  expect(files.map(({ path, via }) => [path, via])).toEqual([
    ['dist/b', undefined],
    ['dist/c', join(root, 'dist/c')],
    ['dist/lib/a', join(root, 'dist/lib/a')],
  ]);
  expect(refused.map((each) => [each.path, each.error.code, 'via' in each])).toEqual([
    ['dist/d', 'FILE_NOT_REGULAR', false],
    ['dist/lib/fifo', 'FILE_NOT_REGULAR', false],
  ]);
});
