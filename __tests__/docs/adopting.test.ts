import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { readWorkflow, type WorkflowFile } from '../workflows/engine/workflow-file.ts';
import { readDocument } from './document.ts';

const DOCUMENT = readDocument('docs/adopting.md');
const read = (name: string): WorkflowFile => readWorkflow(join(ACTION_DIRECTORY, '.github/workflows', name));
const namesIn = (text: string): string[] => [...text.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
const toText = (value: unknown): string =>
  typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';

test('the table of inputs is that of the reusable workflow, with its defaults', () => {
  const { inputs } = read('sign-release.yml');
  const rows = DOCUMENT.rows.filter(([cell = '']) => /^`[a-z-]+`/.test(cell));
  expect(rows.flatMap(([cell = '']) => namesIn(cell)).sort()).toEqual(Object.keys(inputs).sort());
  for (const [cell = '', defaults = ''] of rows) {
    const given = [...defaults.matchAll(/`([^`]+)`/g)].map(([, value]) => value);
    const declared = namesIn(cell).map((name) => toText(inputs[name]?.['default']));
    expect(given, cell).toEqual(declared.filter((value) => value !== ''));
  }
});

test.each([
  ['sign-release.yml', 'Outputs:'],
  ['attach-signatures.yml', 'its output is'],
])('all outputs of %s are named', (name, start) => {
  const { outputs } = read(name);
  const text = DOCUMENT.text.slice(DOCUMENT.text.indexOf(start));
  expect(namesIn(text.slice(0, text.search(/\.\s/)))).toEqual(Object.keys(outputs));
});
