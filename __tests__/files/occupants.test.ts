import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mayBeOccupied as find, namesByDirectory } from '../../src/files/writing/occupants.ts';

function plant(paths: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'occupants-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const path of paths) {
    mkdirSync(join(directory, dirname(path)), { recursive: true });
    writeFileSync(join(directory, path), '');
  }
  return directory;
}

function mayBeOccupied(directory: string, suffix: string, paths: readonly string[]): Iterable<string> {
  return find(directory, suffix, namesByDirectory(paths.map((path) => ({ path }))));
}

test('existing paths are found at any depth, and no others', () => {
  const directory = plant(['a.sign', 'd/b.sign', 'd/e/c.sign', 'd/other']);
  symlinkSync('nowhere', join(directory, 'd', 'link.sign'));
  const asked = ['a.sign', 'b.sign', 'd/a.sign', 'd/b.sign', 'd/e/c.sign', 'd/link.sign', 'no/such/f.sign'];
  expect([...mayBeOccupied(directory, '.sign', asked)]).toEqual(['a.sign', 'd/b.sign', 'd/link.sign', 'd/e/c.sign']);
});

test('a name that other systems take for the same is found too', () => {
  const directory = plant(['README.sign', 'caf\u00e9.sign', '\u212Aelvin.sign']);
  const asked = ['readme.sign', 'Cafe\u0301.sign', 'kelvin.sign', 'tea.sign'];
  expect([...mayBeOccupied(directory, '.sign', asked)]).toEqual(['readme.sign', 'Cafe\u0301.sign', 'kelvin.sign']);
});

test('where a directory cannot be listed, every path counts as existing', () => {
  const directory = plant(['file']);
  const paths = ['file/a.sign', 'file/b.sign'];
  expect([...mayBeOccupied(directory, '.sign', paths)]).toEqual(paths);
});
