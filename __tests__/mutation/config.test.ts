import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import stryker from './stryker.config.ts';
import tests from './vitest.config.ts';

/** The paths behind a pattern with alternatives in braces, each of which must be there. */
function alternativesOf(pattern: string): string[] {
  const [, before = pattern, choices, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(pattern) ?? [];
  return (choices?.split(',') ?? ['']).map((choice) => before + choice + after);
}

test.each([
  ['mutants', stryker.mutate],
  ['tests', tests.test?.include ?? []],
])('every file of %s that the mutation tests name exists', (_, patterns) => {
  const paths = patterns.flatMap(alternativesOf);
  expect(paths.length).toBeGreaterThan(15);
  expect(paths.filter((path) => globSync(path, { cwd: ACTION_DIRECTORY }).length !== 1)).toEqual([]);
});
