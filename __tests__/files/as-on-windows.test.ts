import fs, {
  constants,
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFile } from '../../src/files/reading/open-file.ts';
import { readSignatureFile } from '../../src/files/reading/read-small.ts';
import { TEMPORARY_PREFIX } from '../../src/files/temporary.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { find, makeDirectory, plant } from './trees.ts';

// Functions of Node that answer as on Windows: Wine, on which the project's tests run too, can make neither links nor
// volumes whose files are stored elsewhere.

function replace(functions: Partial<typeof fs>): void {
  const before = Object.fromEntries(Object.keys(functions).map((name) => [name, Reflect.get(fs, name)]));
  const set = (values: object): void => {
    Object.assign(fs, values);
    syncBuiltinESMExports();
  };
  set(functions);
  onTestFinished(() => set(before));
}

function onWindows(): void {
  const platform = process.platform;
  Object.defineProperty(process, 'platform', { value: 'win32' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
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
