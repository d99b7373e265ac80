import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const TEXT = readFileSync(join(ACTION_DIRECTORY, 'docs/threat-model.md'), 'utf8');

test.each([
  ['threat-model.md', 25],
  ['local-runner.md', 29],
])('docs/%s links to tests that exist, by words of their titles', (name, least) => {
  const text = readFileSync(join(ACTION_DIRECTORY, 'docs', name), 'utf8');
  const links = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/__tests__\/([^)]+)\)/g)];
  expect(links.length).toBeGreaterThanOrEqual(least);
  for (const [, title = '', file = ''] of links) {
    expect(readFileSync(join(ACTION_DIRECTORY, '__tests__', file), 'utf8'), file).toContain(title);
  }
});

test('each invariant and each attack of the threat model has such a link, or says who answers for it', () => {
  const rows = [...TEXT.matchAll(/^\| (\*\*I\d\*\*|\d+) \|.*$/gm)].map(([row]) => row);
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect(row).toMatch(/\]\(\.\.\/__tests__\/|consumer|service's policy/);
});
