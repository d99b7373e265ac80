import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAULT_TAGS } from './faults.ts';

const TESTS = join(import.meta.dirname, '..');

test('all 68 faults have a test that every change must pass', () => {
  const files = globSync('!(peers|soak|bench)/**/*.test.ts', { cwd: TESTS });
  const tags = files.flatMap((file) => readFileSync(join(TESTS, file), 'utf8').match(/'fault-\w+'/g) ?? []);
  expect(FAULT_TAGS).toHaveLength(68);
  expect([...new Set(tags)].toSorted()).toEqual(FAULT_TAGS.map(({ name }) => `'${name}'`).toSorted());
});
