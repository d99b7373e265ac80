import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadInputs } from '../src/inputs/load-inputs.ts';
import { renderOutputs } from '../src/report/outputs.ts';
import { ReportBuilder } from '../src/report/report.ts';
import { createRunner, type Runner } from '../src/runner.ts';
import { groupsOf, renderFaults, renderReadme } from '../tools/readme.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const action = parse(read('action.yml'));

/** Loads inputs through a runner that only notes which names were asked for; the given ones are set. */
function namesRead(given: Readonly<Record<string, string>>): string[] {
  const names: string[] = [];
  const runner: Runner = {
    ...createRunner({ GITHUB_WORKSPACE: root, GITHUB_EVENT_NAME: 'push' }),
    takeInput(name) {
      names.push(name);
      return given[name];
    },
    annotate: () => {},
  };
  try {
    loadInputs(runner);
  } catch {
    // Empty inputs are problems; what counts here is which were read.
  }
  return names;
}

test('every declared input is read in some mode, and no other', () => {
  const modes = ['sign', 'rehearse', 'verify', 'preflight'].map((mode) => ({ mode }));
  // Some inputs are read only where another one asks for them.
  const choices = [{ protocol: 'vault', login: 'oidc' }, { 'certificate-from': 'vault' }];
  const names = new Set([...modes, ...choices].flatMap(namesRead));
  expect([...names].sort()).toEqual(Object.keys(action.inputs).sort());
});

test('every declared output is set, and no other', () => {
  expect(Object.keys(renderOutputs(new ReportBuilder().build(), ''))).toEqual(Object.keys(action.outputs));
});

test('the tables of the README are those of action.yml', () => {
  expect(read('README.md')).toBe(renderReadme(read('README.md'), read('action.yml')));
});

test('each row of docs/faults.md has the anchor that summaries link to; npm run readme writes it', () => {
  expect(read('docs/faults.md')).toBe(renderFaults(read('docs/faults.md')));
});

test.each(['inputs', 'outputs'] as const)(
  'all %s of action.yml are in exactly one group, each for a purpose of its own',
  (section) => {
    const groups = groupsOf(read('action.yml'), section);
    expect(groups.flatMap(({ entries }) => entries.map(({ name }) => name))).toEqual(Object.keys(action[section]));
    expect(new Set(groups.map(({ purpose }) => purpose)).size).toBe(groups.length);
    for (const { purpose } of groups) expect(purpose).toMatch(/^[A-Z][a-z ]+$/);
    const [first] = groups;
    const without = read('action.yml').replace(`  # ${first?.purpose}\n`, '');
    expect(() => groupsOf(without, section)).toThrow('no comment above mode');
  },
);

test('every input has a description', () => {
  for (const [name, input] of Object.entries<{ default?: string; description: string }>(action.inputs)) {
    expect(input.description.length, name).toBeGreaterThan(20);
  }
});

test('the action starts files that are in the bundle', () => {
  for (const file of [action.runs.main, action.runs.post]) expect(read(file).length).toBeGreaterThan(100);
  expect(action.runs.using).toBe('node24');
});
