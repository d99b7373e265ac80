import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TEMPORARY_PREFIX } from '../../src/files/temporary.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { runAndKill } from './children.ts';
import { makeDirectory, plant } from './trees.ts';

const tree = (directory: string): OutputTree => new OutputTree(directory, process.pid);
const failsWith = (code: string): unknown => expect.objectContaining({ code, name: 'ActionError' });
const leftovers = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.startsWith(TEMPORARY_PREFIX));

describe('writing', () => {
  test('makes exactly the given bytes, and the directories they need', () => {
    const directory = join(makeDirectory(), 'not/yet');
    const output = tree(directory);
    output.write('a.sign', 'MEUCIQ==\r\n');
    output.write('deep/er/b.sign', 'ü');
    output.write('deep/er/b.sign', 'second');
    expect(readFileSync(join(directory, 'a.sign'), 'latin1')).toBe('MEUCIQ==\r\n');
    expect(readFileSync(output.locate('deep/er/b.sign'), 'utf8')).toBe('second');
    // Windows knows only whether a file may be written.
    const mode = process.platform === 'win32' ? 0o666 : 0o644;
    expect(lstatSync(output.locate('a.sign')).mode & 0o777).toBe(mode);
    expect(readdirSync(directory).sort()).toEqual(['a.sign', 'deep']);
  });

  test('takes its content in pieces, however many and however long', () => {
    const output = tree(makeDirectory());
    const pieces = Array.from({ length: 20_000 }, (_, at) => `${'ü'.repeat(at % 50)}${at}\n`);
    const long = 'x'.repeat(300_000);
    output.write('manifest.json', [...pieces, long, 'end']);
    expect(readFileSync(output.locate('manifest.json'), 'utf8')).toBe(`${pieces.join('')}${long}end`);
    output.write('empty', []);
    expect(readFileSync(output.locate('empty'), 'utf8')).toBe('');
    output.write('bytes', Buffer.from([0, 0xff, 0x80]));
    expect(readFileSync(output.locate('bytes'))).toEqual(Buffer.from([0, 0xff, 0x80]));
  });

  test('replaces a planted link, and leaves its target unchanged', () => {
    const directory = plant(makeDirectory(), {
      victim: 'precious',
      'x.sign': { link: 'victim' },
      'y.sign': { link: 'nothing' },
    });
    linkSync(join(directory, 'victim'), join(directory, 'z.sign'));
    for (const name of ['x.sign', 'y.sign', 'z.sign']) {
      tree(directory).write(name, 'new');
      expect(lstatSync(join(directory, name)).isFile()).toBe(true);
      expect(readFileSync(join(directory, name), 'utf8')).toBe('new');
    }
    expect(readFileSync(join(directory, 'victim'), 'utf8')).toBe('precious');
    expect(existsSync(join(directory, 'nothing'))).toBe(false);
  });

  test('is refused where a directory stands, or a file in place of a directory', () => {
    const directory = plant(makeDirectory(), { 'x.sign/keep': 'x', file: 'y', 'e.sign': { directory: true } });
    const output = tree(directory);
    expect(() => output.write('x.sign', 'new')).toThrow(failsWith('OUTPUT_UNWRITABLE'));
    expect(() => output.write('x.sign', 'new')).toThrow(/x\.sign cannot be written: something else is in its place/);
    expect(() => output.write('e.sign', 'new')).toThrow(/something else is in its place/);
    for (const path of ['file/x.sign', 'file/deep/x.sign'])
      expect(() => output.write(path, 'new')).toThrow(/something else is in its place/);
    expect(() => output.remove('x.sign')).toThrow(failsWith('OUTPUT_UNWRITABLE'));
    expect(readFileSync(join(directory, 'x.sign/keep'), 'utf8')).toBe('x');
    expect(leftovers(directory)).toEqual([]);
  });

  test('and removing go through no link that leads out of the tree', () => {
    const outside = plant(makeDirectory(), { 'x.sign': 'precious' });
    const directory = plant(makeDirectory(), { sub: { link: outside }, gone: { link: join(outside, 'none') } });
    const output = tree(directory);
    for (const path of ['sub/x.sign', 'sub/deep/er/x.sign', 'gone/x.sign', 'gone/deep/x.sign']) {
      expect(() => output.write(path, 'new')).toThrow(failsWith('OUTPUT_OUTSIDE'));
    }
    expect(() => output.remove('sub/x.sign')).toThrow(failsWith('OUTPUT_OUTSIDE'));
    expect(readdirSync(outside)).toEqual(['x.sign']);
    expect(readFileSync(join(outside, 'x.sign'), 'utf8')).toBe('precious');
  });

  test('goes through links that stay in the tree, and into a tree that is named by a link', () => {
    const directory = plant(makeDirectory(), { 'real/a': 'x', alias: { link: 'real' } });
    tree(directory).write('alias/a.sign', 'new');
    expect(readFileSync(join(directory, 'real/a.sign'), 'utf8')).toBe('new');
    tree(join(directory, 'alias')).write('deep/b.sign', 'new');
    expect(readFileSync(join(directory, 'real/deep/b.sign'), 'utf8')).toBe('new');
    const real = realpathSync(directory);
    expect(tree(directory).realPathOf('alias/a.sign')).toBe(join(real, 'real/a.sign'));
    expect(tree(directory).realPathOf('top.sign')).toBe(join(real, 'top.sign'));
  });

  test('works beside files that an earlier process with the same id left', () => {
    const directory = makeDirectory();
    for (const counter of [0, 1, 2]) plant(directory, { [`${TEMPORARY_PREFIX}${process.pid}-${counter}.tmp`]: 'half' });
    const output = tree(directory);
    output.write('a.sign', 'new');
    expect(readFileSync(join(directory, 'a.sign'), 'utf8')).toBe('new');
    expect(leftovers(directory).length).toBe(3);
    expect(output.sweep(['a'])).toBe(3);
    expect(leftovers(directory)).toEqual([]);
  });
});

const OUTPUT_TREE = pathToFileURL(join(import.meta.dirname, '../../src/files/writing/output-tree.ts')).href;

describe('a process that is killed', () => {
  test('leaves whole signatures only, and what else it leaves is swept', async () => {
    const directory = makeDirectory();
    const program = `
      const { OutputTree } = await import('${OUTPUT_TREE}');
      const output = new OutputTree(${JSON.stringify(directory)}, process.pid);
      output.write('warm.sign', 'up');
      console.log('writing');
      for (let i = 0; ; i++) output.write((i % 50) + '.sign', 'x'.repeat(60_000));`;
    for (let round = 0; round < 3; round++) await runAndKill(program);
    for (const name of readdirSync(directory).filter((file) => file.endsWith('.sign') && file !== 'warm.sign')) {
      expect(lstatSync(join(directory, name)).size).toBe(60_000);
    }
    tree(directory).sweep(['a']);
    expect(leftovers(directory)).toEqual([]);
  });

  test('between writing and renaming leaves no signature', async () => {
    const directory = makeDirectory();
    const program = `
      const { closeSync, openSync, writeSync } = await import('node:fs');
      const descriptor = openSync(${JSON.stringify(directory)} + '/${TEMPORARY_PREFIX}' + process.pid + '-0.tmp', 'wx');
      writeSync(descriptor, 'half a sig');
      console.log('half');
      setInterval(() => {}, 1000);`;
    await runAndKill(program);
    expect(leftovers(directory).length).toBe(1);
    expect(existsSync(join(directory, 'a.sign'))).toBe(false);
    expect(tree(directory).sweep(['a'])).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('removing', () => {
  test('removes files and links, never their targets, and a path that is not there is no error', () => {
    const directory = plant(makeDirectory(), { victim: 'x', 'a.sign': 'x', 'b.sign': { link: 'victim' }, file: '' });
    symlinkSync('self', join(directory, 'self'));
    const output = tree(directory);
    for (const name of ['a.sign', 'b.sign', 'self', 'none.sign', 'no/where.sign', 'file/below.sign'])
      output.remove(name);
    expect(readdirSync(directory).sort()).toEqual(['file', 'victim']);
    tree(join(directory, 'not/yet')).remove('a.sign');
  });
});

describe('removing what killed runs left', () => {
  test('removes no file of a running process, and no file of another program', () => {
    const mine = `${TEMPORARY_PREFIX}${process.ppid}-0.tmp`;
    const lives = process.platform === 'win32' ? process.ppid : 1;
    const others = [
      mine,
      `${TEMPORARY_PREFIX}${lives}-7.tmp`,
      `${TEMPORARY_PREFIX}x-0.tmp`,
      `x${TEMPORARY_PREFIX}4-0.tmp`,
    ];
    const more = [`${TEMPORARY_PREFIX}4-0.tmp.zip`, `${TEMPORARY_PREFIX}${'9'.repeat(30)}-0.tmp`, 'a.sign'];
    const directory = makeDirectory();
    for (const name of [...others, ...more]) writeFileSync(join(directory, name), '');
    const dead = String(spawnSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).stdout).trim();
    mkdirSync(join(directory, 'sub'));
    for (const where of ['', 'sub/', 'unrelated/']) {
      plant(directory, { [`${where}${TEMPORARY_PREFIX}${dead}-3.tmp`]: 'half' });
    }
    mkdirSync(join(directory, `${TEMPORARY_PREFIX}${dead}-4.tmp`));
    expect(tree(directory).sweep(['a', 'b', 'sub/c', 'missing/d'])).toBe(2);
    const kept = [...others, ...more, 'sub', 'unrelated', `${TEMPORARY_PREFIX}${dead}-4.tmp`];
    expect(readdirSync(directory).sort()).toEqual(kept.sort());
    expect(readdirSync(join(directory, 'unrelated')).length).toBe(1);
    unlinkSync(join(directory, mine));
  });
});
