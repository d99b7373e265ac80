import fs, {
  constants,
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path, { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Glob } from '../../src/files/finding/glob.ts';
import { escapePath, readPatterns, takeSetsLiterally } from '../../src/files/finding/patterns.ts';
import { openFile } from '../../src/files/reading/open-file.ts';
import { readSignatureFile } from '../../src/files/reading/read-small.ts';
import { TEMPORARY_PREFIX } from '../../src/files/temporary.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { find, makeDirectory, plant } from './trees.ts';

// Functions of Node that answer as on Windows: Wine, on which the project's tests run too, can make neither links nor
// volumes whose files are stored elsewhere.

function replace(functions: Partial<typeof fs>): void {
  assign(fs, functions);
}

function assign<Module extends object>(module: Module, members: Partial<Module>): void {
  const before = Object.fromEntries(Object.keys(members).map((name) => [name, Reflect.get(module, name)]));
  const set = (values: object): void => {
    Object.assign(module, values);
    syncBuiltinESMExports();
  };
  set(members);
  onTestFinished(() => set(before));
}

function onWindows(): void {
  const platform = process.platform;
  Object.defineProperty(process, 'platform', { value: 'win32' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
}

/** Paths are read as on Windows. */
function withWindowsPaths(): void {
  const { win32 } = path;
  assign(path, {
    sep: win32.sep,
    isAbsolute: (text) => win32.isAbsolute(text),
    relative: (from, to) => win32.relative(from, to),
  });
}

/** A function that throws the system's error of this code as long as `holds` says so. */
function refuse<T extends unknown[]>(code: string, act: (...args: T) => void = () => {}, holds = () => true) {
  return (...args: T): void => {
    if (holds()) throw Object.assign(new Error(`${code}: refused`), { code });
    act(...args);
  };
}

/** Opens through links, as where no flag forbids it. */
function openThroughLinks(): void {
  const { openSync } = fs;
  replace({
    openSync: (path, flags, mode) => openSync(path, Number(flags) & ~(constants.O_NOFOLLOW ?? 0), mode),
  });
}

test('a link that replaced a file after it was listed is no regular file, and what it leads to is not read', async () => {
  const root = plant(makeDirectory(), { 'dist/a': 'listed', 'other/a': 'secret' });
  const [file] = (await find(root, 'dist')).files;
  renameSync(join(root, 'dist/a'), join(root, 'away'));
  symlinkSync(join(root, 'other/a'), join(root, 'dist/a'));
  openThroughLinks();
  expect(() => file && openFile(file)).toThrow(expect.objectContaining({ code: 'FILE_NOT_REGULAR' }));
});

test('the error for a link at the path of a signature calls it a link', () => {
  const root = plant(makeDirectory(), { other: 'text', 'a.sign': { link: 'other' } });
  openThroughLinks();
  expect(() => readSignatureFile(join(root, 'a.sign'))).toThrow(/cannot be read: it is a link\./);
});

test('files and directories that are listed as links, because their content is stored elsewhere, are signed', async () => {
  const root = plant(makeDirectory(), { 'dist/a': 'a', 'dist/deep/b': 'b', 'dist/link': { link: 'a' } });
  const asLink = (entry: Dirent): Dirent =>
    Object.assign(Object.create(entry), {
      isFile: () => false,
      isDirectory: () => false,
      isSymbolicLink: () => true,
    });
  const listed: typeof readdirSync = Object.assign((...args: Parameters<typeof readdirSync>) => {
    const entries: unknown = Reflect.apply(read, fs, args);
    return Array.isArray(entries) ? entries.map((entry) => (typeof entry === 'string' ? entry : asLink(entry))) : [];
  });
  const read = readdirSync;
  replace({ readdirSync: listed });
  for (const followSymbolicLinks of [false, true]) {
    const { files, refused } = await find(root, 'dist', { followSymbolicLinks });
    const links = followSymbolicLinks ? ['dist/link'] : [];
    expect([files.map(({ path }) => path), refused]).toEqual([['dist/a', 'dist/deep/b', ...links], []]);
  }
});

test('the error for a directory at the path of a signature does not blame another program', () => {
  const root = makeDirectory();
  mkdirSync(join(root, 'a.sign'));
  writeFileSync(join(root, 'b.sign'), 'old');
  onWindows();
  replace({ renameSync: refuse('EPERM'), unlinkSync: refuse('EPERM') });
  const tree = new OutputTree(root, process.pid);
  expect(() => tree.write('a.sign', 'new')).toThrow(
    /a\.sign cannot be written: something else is in its place \(EISDIR\)\./,
  );
  expect(() => tree.remove('a.sign')).toThrow(/a\.sign cannot be written: something else is in its place/);
  expect(() => tree.write('b.sign', 'new')).toThrow(
    /b\.sign cannot be written: the runner has no right to write there \(EPERM\)/,
  );
});

test('a text whose temporary file another program has open goes on with that file, once', () => {
  const root = makeDirectory();
  let held = true;
  replace({ renameSync: refuse('EBUSY', fs.renameSync, () => held) });
  const tree = new OutputTree(root, process.pid);
  const refused = (text: string): void =>
    expect(() => tree.write('a.sign', text)).toThrow(/a\.sign cannot be written: another program has it open/);
  const inodes = (): number[] => readdirSync(root).map((name) => lstatSync(join(root, name)).ino);
  refused('one');
  const [first] = inodes();
  held = false;
  for (let round = 0; round < 2; round++) {
    tree.write('a.sign', 'one');
    expect([readdirSync(root), inodes().includes(first ?? 0)]).toEqual([['a.sign'], round === 0]);
  }
  held = true;
  refused('two');
  held = false;
  tree.write('a.sign', 'three');
  expect(readFileSync(join(root, 'a.sign'), 'utf8')).toBe('three');
  held = true;
  refused('four');
  held = false;
  expect(tree.sweep(['a.sign'])).toBe(2);
  tree.write('a.sign', 'four');
  expect(readFileSync(join(root, 'a.sign'), 'utf8')).toBe('four');
});

test('a temporary file that another program has open for a moment is swept', () => {
  const root = plant(makeDirectory(), { [`${TEMPORARY_PREFIX}${process.pid}-0.tmp`]: 'half' });
  let refusals = 2;
  replace({ unlinkSync: refuse('EBUSY', fs.unlinkSync, () => refusals-- > 0) });
  expect(new OutputTree(root, process.pid).sweep(['a.sign'])).toBe(1);
});

test('a file that another program removes first is no error', () => {
  const root = plant(makeDirectory(), { 'a.sign': 'old' });
  replace({ unlinkSync: refuse('ENOENT') });
  expect(new OutputTree(root, process.pid).remove('a.sign')).toBeUndefined();
});

test.each<[string, string, readonly string[]]>([
  ['C:\\r', 'dist\\**\n.\\a/b\\', ['dist/**', 'a/b/']],
  ['C:\\r', 'C:\\r\\dist\\\nc:/R/x\nC:\\r', ['dist/', 'x', '.']],
  ['C:\\r', '\\\\?\\C:\\r\\x\n//./c:/r/y\na\\\\?\\C:\\r', ['x', 'y', 'a/?/C:/r']],
  ['\\\\srv\\share\\r', '\\\\?\\UNC\\srv\\share\\r\\x\n//./unc/srv/share/r/y', ['x', 'y']],
  ['\\\\srv\\share\\r', 'a\\\\?\\UNC\\b', ['a/?/UNC/b']],
  ['C:\\r', 'a[bc]d[\\e\n[,]\n[{][a,b]\n[[]x', ['a[bc]d[[]/e', '[,]', '[{][a,b]', '[[]x']],
])('below %s the patterns %j mean what they mean on Windows', (root, text, globs) => {
  withWindowsPaths();
  expect(readPatterns(text, root).map(({ glob }) => glob)).toEqual(globs);
});

test.each([
  ['C:x', 'names a drive without a slash after it'],
  ['c:', 'names a drive without a slash after it'],
  ['D:\\x', 'lies outside root'],
  ['a\\,b', 'uses braces or commas'],
  ['~\\x', 'starts with ~'],
  ['a\\..\\b', 'holds “..”'],
])('the line %s is refused on Windows', (line, problem) => {
  withWindowsPaths();
  expect(() => readPatterns(line, 'C:\\r')).toThrow(`“${line}” ${problem}`);
});

test('a backslash is no escape character on Windows, where case does not matter', () => {
  withWindowsPaths();
  expect(escapePath('a\\[b]')).toBe('a\\[[]b]');
  expect(takeSetsLiterally({ text: '', glob: 'a/[id]', excludes: false })?.glob).toBe('a/[[]id]');
  const glob = new Glob({ text: '', glob: 'Dist/X.zip', excludes: false });
  expect(glob.literals).toEqual(['Dist', 'X.zip']);
  expect(glob.means(['dist', 'x.ZIP'], 'file')).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'a name that a file system also finds in another case or composition is matched as it is listed',
  async () => {
    const root = plant(makeDirectory(), { 'dist/app': '', 'dist/e\u0301': '' });
    const { lstatSync: look } = fs;
    const folded = (spell: (text: string) => string): typeof look =>
      Object.assign(
        (location: string, options: object): unknown => look(root + spell(location.slice(root.length)), options),
        look,
      );
    replace({ lstatSync: folded((text) => text.toLowerCase()) });
    expect((await find(root, 'DIST/APP\nDIST/app\ndist/app')).unmatched).toEqual(['DIST/APP', 'DIST/app']);
    replace({ lstatSync: folded((text) => text.normalize('NFD')) });
    const { files, unmatched } = await find(root, 'dist/app\ndist/\u00e9');
    expect([files.map((file) => file.path), unmatched]).toEqual([['dist/app'], ['dist/\u00e9']]);
  },
);

test('a file that another program removes while the files are listed is refused', async () => {
  const root = plant(makeDirectory(), { 'dist/a': '', 'dist/b': '' });
  const { lstatSync: look } = fs;
  const removing = (location: string, options: object): unknown => {
    if (location === join(root, 'dist/b')) unlinkSync(location);
    return look(location, options);
  };
  replace({ lstatSync: Object.assign(removing, look) });
  const { files, refused } = await find(root, 'dist/*');
  expect([files.map((file) => file.path), refused.map(({ error }) => [error.code, error.message])]).toEqual([
    ['dist/a'],
    [['FILE_VANISHED', 'dist/b vanished while the files were listed.']],
  ]);
});
