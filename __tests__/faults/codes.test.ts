import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CODES } from '../../src/codes.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

function read(path: string): string {
  return readFileSync(join(ACTION_DIRECTORY, path), 'utf8');
}

test('docs/faults.md explains every code that a run can end with, each once, and no other', () => {
  const explained = [...read('docs/faults.md').matchAll(/^\| <a id="\w+"><\/a>`([A-Z][A-Z0-9_]+)` \|/gm)].map(
    ([, code = '']) => code,
  );
  expect(explained.toSorted()).toEqual(CODES.toSorted());
});

test('every code is used by the action', () => {
  const paths = globSync('src/**/*.ts', { cwd: ACTION_DIRECTORY }).filter((path) => !path.endsWith('codes.ts'));
  const source = paths.map(read).join('\n');
  expect(CODES.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});
