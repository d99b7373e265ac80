import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ActionError } from '../../src/errors.ts';
import { loadInputs } from '../../src/inputs/load-inputs.ts';
import { createRunner } from '../../src/runner.ts';
import { EXAMPLES, groupsOf, typeOf } from '../../tools/readme.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const ACTION = readFileSync(join(ACTION_DIRECTORY, 'action.yml'), 'utf8');
const inputs = groupsOf(ACTION, 'inputs').flatMap(({ entries }) => entries);

const DEMANDS: Readonly<Record<string, RegExp>> = {
  boolean: /must be true or false/,
  number: /must be a whole number/,
  choice: /must be (?:one of|[a-z0-9-]+,)|is “perhaps”/,
};

/** What the action says about an input in one of its modes. */
function complaints(name: string, value: string): string {
  return ['sign', 'verify', 'preflight', 'rehearse']
    .map((mode) => {
      const given = Object.entries({ mode, files: 'a', [name]: value });
      const environment = Object.fromEntries(given.map(([input, text]) => [`INPUT_${input.toUpperCase()}`, text]));
      try {
        const loaded = loadInputs(createRunner({ GITHUB_WORKSPACE: ACTION_DIRECTORY, ...environment }));
        return 'problems' in loaded ? loaded.problems.map(({ message }) => message).join('\n') : '';
      } catch (error) {
        return error instanceof ActionError ? error.message : String(error);
      }
    })
    .join('\n');
}

test.each(inputs.filter((input) => DEMANDS[typeOf(input)]).map((input) => [input.name, typeOf(input)]))(
  'the action takes %s as the %s that the README calls it',
  (name, type) => {
    const said = complaints(name, 'perhaps')
      .split('\n')
      .filter((line) => line.includes(`nput ${name} `));
    expect(said.join('\n')).toMatch(DEMANDS[type] ?? /^$/);
  },
);

test('every output has an example', () => {
  const { outputs }: { outputs: object } = parse(ACTION);
  expect(Object.keys(EXAMPLES)).toEqual(Object.keys(outputs));
});
