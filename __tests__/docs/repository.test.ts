import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const FORMS = join(ACTION_DIRECTORY, '.github/ISSUE_TEMPLATE');
const ACTION: { inputs: Record<string, { description: string }> } = parse(
  readFileSync(join(ACTION_DIRECTORY, 'action.yml'), 'utf8'),
);

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: { readonly options?: string[] };
  }[];
}

const readForm = (name: string): Form => parse(readFileSync(join(FORMS, name), 'utf8'));

test.each(readdirSync(FORMS).filter((name) => name !== 'config.yml'))(
  'the form %s is one that GitHub takes',
  (name) => {
    const { body, ...form } = readForm(name);
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const ids = body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type } of body) expect(['markdown', 'input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
  },
);

test('the form for a problem asks for version, mode, code and summary, with the modes and protocols that there are', () => {
  const { body } = readForm('problem.yml');
  expect(body.flatMap(({ id }) => id ?? [])).toEqual(
    expect.arrayContaining(['version', 'mode', 'code', 'step', 'summary']),
  );
  const options = (id: string): string[] => body.find((field) => field.id === id)?.attributes.options ?? [];
  for (const mode of options('mode').slice(0, 4)) expect(ACTION.inputs['mode']?.description).toContain(mode);
  for (const protocol of options('protocol')) expect(ACTION.inputs['protocol']?.description).toContain(protocol);
});
