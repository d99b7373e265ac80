import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { ROWS } from './rows.ts';

const TESTS = join(import.meta.dirname, '..');

describe('every fault has a test', () => {
  test('all 68 rows are there', () => {
    const numbers = [...Array.from({ length: 63 }, (_, at) => String(at + 1)), '64a', '64b', '64c', '64d', '64e'];
    expect(Object.keys(ROWS).toSorted()).toEqual(numbers.toSorted());
  });

  test.each(Object.entries(ROWS))('row %s', (_, holders) => {
    expect(holders.length).toBeGreaterThan(0);
    for (const { file, title } of holders) expect(readFileSync(join(TESTS, file), 'utf8'), file).toContain(title);
  });
});

test('the threat model links to tests that are there, by words of their titles', () => {
  const text = readFileSync(join(ACTION_DIRECTORY, 'docs/threat-model.md'), 'utf8');
  const links = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/__tests__\/([^)]+)\)/g)];
  expect(links.length).toBeGreaterThan(25);
  for (const [, title = '', file = ''] of links) {
    expect(readFileSync(join(TESTS, file), 'utf8'), file).toContain(title);
  }
});

test('each invariant and each attack of the threat model has such a link', () => {
  const text = readFileSync(join(ACTION_DIRECTORY, 'docs/threat-model.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\*\*I\d\*\*|\d+) \|.*$/gm)].map(([row]) => row);
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect(row).toMatch(/\]\(\.\.\/__tests__\/|consumer|service's policy/);
});
