import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRunner } from '../../src/runner.ts';

function summaryOf(secrets: readonly string[], markdown: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'runner-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'summary.md');
  writeFileSync(path, '');
  const runner = createRunner({ GITHUB_STEP_SUMMARY: path });
  runner.mask(secrets);
  runner.summary(markdown);
  return readFileSync(path, 'utf8');
}

test.each([
  ['the shorter one', ['hunter', 'hunter-4711-long']],
  ['the longer one', ['hunter-4711-long', 'hunter']],
])('of two secrets that begin alike nothing stays when %s was masked first', (_, secrets) => {
  expect(summaryOf(secrets, 'a hunter-4711-long b hunter c')).toBe('a *** b *** c');
});
