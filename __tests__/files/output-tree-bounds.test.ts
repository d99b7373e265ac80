import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { TEMPORARY_PREFIX } from '../../src/files/temporary.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { openFilesIn } from './open-descriptors.ts';
import { makeDirectory, plant } from './trees.ts';

/** More than any process number. */
const DEAD = 2 ** 30;
const tree = (directory: string): OutputTree => new OutputTree(directory, process.pid);

function refusal(act: () => unknown): ActionError {
  try {
    act();
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('a link that leads out is refused by name, with where it leads and what to do', () => {
  const outside = makeDirectory();
  const directory = plant(makeDirectory(), { out: { link: outside }, gone: { link: join(outside, 'none') } });
  const through = (path: string): readonly string[] => {
    const { code, message, hint } = refusal(() => tree(directory).write(path, 'new'));
    return [code, message, hint ?? ''];
  };
  const hint = 'Remove the link, exclude the files that it leads to, or set output-dir to a directory without links.';
  expect(through('out/a\n.sign')).toEqual([
    'OUTPUT_OUTSIDE',
    `out/a\\n.sign would be written through a link that leads to ${realpathSync(outside)}.`,
    hint,
  ]);
  expect(through('gone/a.sign')).toEqual([
    'OUTPUT_OUTSIDE',
    'gone/a.sign would be written through a link that leads nowhere.',
    hint,
  ]);
});

test('a directory beside the tree whose name starts alike is outside', () => {
  const parent = plant(makeDirectory(), { 'tree/a': '', 'tree-2/a': '', 'tree/out': { link: '../tree-2' } });
  const { code } = refusal(() => tree(join(parent, 'tree')).write('out/a.sign', 'new'));
  expect(code).toBe('OUTPUT_OUTSIDE');
  expect(readdirSync(join(parent, 'tree-2'))).toEqual(['a']);
});

test('nothing is swept behind a link that leads out', () => {
  const left = `${TEMPORARY_PREFIX}${DEAD}-0.tmp`;
  const outside = plant(makeDirectory(), { [left]: 'theirs' });
  const directory = plant(makeDirectory(), { out: { link: outside }, [left]: 'ours' });
  expect(refusal(() => tree(directory).sweep(['out/a.sign'])).code).toBe('OUTPUT_OUTSIDE');
  expect(readdirSync(outside)).toEqual([left]);
  expect(tree(directory).sweep(['a.sign', 'b.sign'])).toBe(1);
  expect(existsSync(join(directory, left))).toBe(false);
});

test('a refusal of the system keeps its cause', () => {
  const directory = plant(makeDirectory(), { 'a.sign/below': '' });
  for (const act of [() => tree(directory).write('a.sign', 'new'), () => tree(directory).remove('a.sign')]) {
    expect(refusal(act)).toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      cause: expect.objectContaining({ code: expect.stringMatching(/^E[A-Z]+$/) }),
    });
  }
});

test('no descriptor stays open, whether the file was written or refused', () => {
  const directory = realpathSync(plant(makeDirectory(), { 'full.sign/below': '' }));
  const output = tree(directory);
  output.write('a.sign', 'x'.repeat(200_000));
  expect(() => output.write('full.sign', 'new')).toThrow();
  expect(openFilesIn(directory)).toEqual([]);
  expect(readFileSync(join(directory, 'a.sign'), 'utf8')).toBe('x'.repeat(200_000));
});

test('a directory that is gone again is refused, not waited for', () => {
  const directory = makeDirectory();
  const output = tree(directory);
  output.write('sub/a.sign', 'new');
  rmSync(join(directory, 'sub'), { recursive: true });
  expect(refusal(() => output.write('sub/b.sign', 'new')).message).toMatch(/^sub\/b\.sign cannot be written: .*ENOENT/);
});

test('a directory that was replaced by a link is refused, whether that leads out of the tree or not', () => {
  const outside = plant(makeDirectory(), { 'x.sign': 'theirs' });
  for (const target of [outside, 'elsewhere']) {
    const directory = plant(makeDirectory(), { 'elsewhere/x.sign': 'another' });
    const output = tree(directory);
    output.write('sub/a.sign', 'new');
    renameSync(join(directory, 'sub'), join(directory, 'moved'));
    plant(directory, { sub: { link: target } });
    expect(refusal(() => output.remove('sub/x.sign')).code).toBe('DIRECTORY_MOVED');
    expect(refusal(() => output.write('sub/b.sign', 'new')).code).toBe('DIRECTORY_MOVED');
    expect(readdirSync(join(directory, 'elsewhere'))).toEqual(['x.sign']);
    expect(readdirSync(join(directory, 'moved'))).toEqual(['a.sign']);
  }
  expect(readdirSync(outside)).toEqual(['x.sign']);
});

test('of several texts, those whose directory was replaced by a link are refused by name, and the others are written', () => {
  const outside = makeDirectory();
  const directory = makeDirectory();
  const output = tree(directory);
  expect(output.writeTexts(['sub/a.sign', 'other/a.sign'], ['new', 'new']).size).toBe(0);
  renameSync(join(directory, 'sub'), join(directory, 'moved'));
  plant(directory, { sub: { link: outside }, 'other/c.sign/in-the-way': '' });
  const paths = ['sub/b.sign', 'other/b.sign', 'other/c.sign', 'sub/c.sign'];
  const errors = output.writeTexts(paths, ['1', '2', '3', '4']);
  expect(Object.fromEntries([...errors].map(([at, { code }]) => [paths[at], code]))).toEqual({
    'sub/b.sign': 'DIRECTORY_MOVED',
    'other/c.sign': 'OUTPUT_UNWRITABLE',
    'sub/c.sign': 'DIRECTORY_MOVED',
  });
  expect(errors.get(2)?.message).toMatch(/^other\/c\.sign cannot be written/);
  expect(readFileSync(join(directory, 'other/b.sign'), 'utf8')).toBe('2');
  expect(readdirSync(outside)).toEqual([]);
});

test('a directory above that was replaced by a link is refused', () => {
  const outside = plant(makeDirectory(), { 'deep/x': '' });
  const directory = makeDirectory();
  const output = tree(directory);
  output.write('sub/deep/a.sign', 'new');
  renameSync(join(directory, 'sub'), join(directory, 'moved'));
  plant(directory, { sub: { link: outside } });
  expect(refusal(() => output.write('sub/deep/b.sign', 'new')).code).toBe('DIRECTORY_MOVED');
  expect(readdirSync(join(directory, 'moved/deep'))).toEqual(['a.sign']);
  expect(readdirSync(join(outside, 'deep'))).toEqual(['x']);
});

test('a link is no error where there is nothing to remove', () => {
  const directory = plant(makeDirectory(), { out: { link: makeDirectory() } });
  expect(tree(directory).remove('out/none.sign')).toBeUndefined();
});

test('every temporary name that is used is one that a later run sweeps', async () => {
  const directory = makeDirectory();
  const output = tree(directory);
  const changes = watch(directory);
  const first = changes.next();
  for (const path of ['a.sign', 'b.sign', 'last.sign']) output.write(path, 'new');
  const names = new Set<string>();
  for (let change = await first; !change.done; change = await changes.next()) {
    const { filename } = change.value;
    if (filename === 'last.sign') break;
    if (filename !== null && !filename.endsWith('.sign')) names.add(filename);
  }
  await changes.return?.();
  expect(names.size).toBeGreaterThan(0);
  for (const name of names) plant(directory, { [name]: 'half' });
  expect(tree(directory).sweep(['a.sign'])).toBe(names.size);
});

test('each tree checks by itself which paths are links and which are directories', () => {
  const outside = makeDirectory();
  const directory = plant(makeDirectory(), { 'sub/a': '' });
  const output = tree(directory);
  for (const path of ['sub/a.sign', 'sub/b.sign', 'new/deep/c.sign', 'new/d.sign']) output.write(path, path);
  expect(readFileSync(join(directory, 'new/deep/c.sign'), 'utf8')).toBe('new/deep/c.sign');
  plant(directory, { later: { link: outside } });
  expect(refusal(() => output.write('later/e.sign', 'new')).code).toBe('OUTPUT_OUTSIDE');
  expect(readdirSync(outside)).toEqual([]);
});
