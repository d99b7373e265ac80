import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { isRecord } from '../../tools/json.ts';
import { readDocument } from '../docs/document.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

/** A workflow that somebody reads here, whole or made whole. */
export interface Source {
  /** File, and heading for one in a document. */
  readonly name: string;
  readonly text: string;
}

/** Files of a directory of the repository with one of the endings, by their paths in it. */
export function filesIn(directory: string, ...endings: readonly string[]): string[] {
  const names = readdirSync(join(ACTION_DIRECTORY, directory));
  return names.filter((name) => endings.some((ending) => name.endsWith(ending))).map((name) => `${directory}/${name}`);
}

/** The workflows of this repository. */
export const WORKFLOWS: readonly Source[] = filesIn('.github/workflows', '.yml', '.yaml').map(readSource);
/** The examples for others. */
export const EXAMPLES: readonly Source[] = filesIn('examples', '.yml', '.yaml').map(readSource);
/** The YAML blocks of all documents. */
export const BLOCKS: readonly Source[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesIn('docs', '.md'),
  ...filesIn('examples', '.md'),
].flatMap((path) =>
  readDocument(path)
    .blocks.filter(({ language }) => language === 'yaml')
    .map(({ heading, text }, at) => ({ name: `${path}, block ${at + 1}, below “${heading}”`, text: makeWhole(text) })),
);

function readSource(name: string): Source {
  return { name, text: readFileSync(join(ACTION_DIRECTORY, name), 'utf8') };
}

/** Puts what is missing around a piece of a workflow; the piece itself stays as it is. */
function makeWhole(text: string): string {
  const piece: unknown = parse(text);
  if (Array.isArray(piece)) return stringify(workflowOf({ job: jobOf({ steps: piece }) }));
  if (!isRecord(piece)) throw new Error(`no piece of a workflow: ${text}`);
  if ('on' in piece) return text;
  if (isRecord(piece['jobs'])) return stringify({ ...workflowOf({ ...stubsFor(piece['jobs']), ...piece['jobs'] }) });
  if ('steps' in piece) return stringify(workflowOf({ job: jobOf(piece) }));
  return stringify(workflowOf({ job: jobOf({ steps: [{ uses: 'your-org/mtls-release-signing@v1', ...piece }] }) }));
}

function workflowOf(jobs: object): object {
  return { on: 'push', jobs };
}

function jobOf(piece: object): object {
  return { 'runs-on': 'ubuntu-latest', ...piece };
}

/** Jobs that the piece needs and does not show, with the outputs that it uses. */
function stubsFor(jobs: Readonly<Record<string, unknown>>): object {
  const needed = Object.values(jobs).flatMap((job) => (isRecord(job) ? [job['needs'] ?? []].flat() : []));
  const missing = needed.map(String).filter((name) => !(name in jobs));
  const used = [...JSON.stringify(jobs).matchAll(/needs\.([\w-]+)\.outputs\.([\w-]+)/g)];
  const outputsOf = (name: string): object =>
    Object.fromEntries(used.filter(([, job]) => job === name).map(([, , output = '']) => [output, 'text']));
  const stub = (name: string): object => jobOf({ outputs: outputsOf(name), steps: [{ run: 'true' }] });
  return Object.fromEntries(missing.map((name) => [name, stub(name)]));
}
