import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { readWorkflow, toWorkflow, type WorkflowFile } from '../workflows/engine/workflow-file.ts';
import { problemsOf } from '../workflows/oracle.ts';
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
  ['attach-signatures.yml', 'its outputs are'],
])('all outputs of %s are named', (name, start) => {
  const { outputs } = read(name);
  const text = DOCUMENT.text.slice(DOCUMENT.text.indexOf(start));
  expect(namesIn(text.slice(0, text.search(/\.\s/)))).toEqual(Object.keys(outputs));
});

test('section 8: with its checkout in place of $/, every id that is referred to is still there, and GitHub understands it', async () => {
  const heading = '8. Runners older than 2.336';
  const [checkout, used] = DOCUMENT.blocks
    .filter((block) => block.heading === heading && block.language === 'yaml')
    .flatMap(({ text }) => text.split(/^ {2}(?=- )/m).slice(1));
  expect(used).toContain('id: sign');
  const path = join(ACTION_DIRECTORY, '.github/workflows/sign-release.yml');
  const indented = `      ${(checkout ?? '').replaceAll(/\n(?=.)/g, '\n    ')}`;
  const changed = readFileSync(path, 'utf8')
    .replaceAll(/^ {6}- name: .*\n(?: {8}id: .*\n)? {8}uses: \$\/$/gm, (step) => `${indented}${step}`)
    .replaceAll('uses: $/', 'uses: ./.mtls-release-signing');
  expect(await problemsOf('section-8', changed)).toEqual([]);
  const before = readWorkflow(path).jobs.flatMap(({ steps }) => steps.flatMap(({ id }) => id ?? []));
  const after = toWorkflow(parse(changed)).jobs.flatMap(({ steps }) => steps.flatMap(({ id }) => id ?? []));
  expect(after).toEqual(before);
});

test('section 8 quotes both errors of a runner that does not know $/, word for word', () => {
  const [block] = DOCUMENT.blocks.filter(({ heading, language }) => heading.startsWith('8.') && language === 'text');
  expect(block?.text.split('\n')).toEqual([
    "Unable to resolve self-reference '$/'. This can occur when the server does not support this syntax, the feature flag is disabled, or the workflow context (repository/SHA) is unavailable.",
    "Expected format {org}/{repo}[/path]@ref. Actual '$/'",
  ]);
});
