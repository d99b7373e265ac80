import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import { stringMember } from './json.ts';

/** Inputs or outputs with the same purpose. */
interface Group {
  /** The comment at the start of the group in `action.yml`. */
  readonly purpose: string;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly name: string;
  readonly default: string;
  /** Description in Markdown. */
  readonly description: string;
}

/** `npm run readme`: writes the tables of inputs and outputs in README.md from action.yml, and the anchors in docs/faults.md. */
export function renderReadme(readme: string, actionYaml: string): string {
  const inputs = tableOf(groupsOf(actionYaml, 'inputs'), {
    input: ({ name }) => `\`${name}\``,
    type: typeOf,
    default: (entry) => (entry.default === '' ? '' : `\`${entry.default}\``),
    meaning: ({ description }) => description,
  });
  const outputs = tableOf(groupsOf(actionYaml, 'outputs'), {
    output: ({ name }) => `\`${name}\``,
    example: ({ name }) => (EXAMPLES[name] === undefined ? '' : `\`${EXAMPLES[name]}\``),
    meaning: ({ description }) => description,
  });
  return fill(fill(readme, 'inputs', inputs), 'outputs', outputs);
}

/** Adds an anchor to each row of docs/faults.md that explains a code, for the links in annotations and summaries. */
export function renderFaults(text: string): string {
  return text.replace(/^\| (?:<a id="\w+"><\/a>)?`([A-Z][A-Z0-9_]+)` \|/gm, (_, code: string) => {
    return `| <a id="${code.toLowerCase()}"></a>\`${code}\` |`;
  });
}

/** Groups the inputs or outputs of action.yml by the comments above them. Throws when the first has none. */
export function groupsOf(actionYaml: string, section: 'inputs' | 'outputs'): readonly Group[] {
  const map = parseDocument(actionYaml).get(section);
  if (!isMap(map)) throw new Error(`action.yml has no ${section}`);
  const groups: { purpose: string; entries: Entry[] }[] = [];
  for (const [at, { key, value }] of map.items.entries()) {
    const name = isScalar(key) ? String(key.value) : '';
    // The parser assigns a comment before the first entry to the map.
    const comment = (isScalar(key) ? key.commentBefore : undefined) ?? (at === 0 ? map.commentBefore : undefined);
    if (comment) groups.push({ purpose: comment.trim(), entries: [] });
    const group = groups.at(-1);
    if (group === undefined) throw new Error(`no comment above ${name} says what it is for`);
    const facts: unknown = isMap(value) ? value.toJSON() : undefined;
    const description = quoteCode((stringMember(facts, 'description') ?? '').trim());
    group.entries.push({ name, default: stringMember(facts, 'default') ?? '', description });
  }
  return groups;
}

/** Quotes patterns and URLs, which would be taken for markup and links. */
function quoteCode(text: string): string {
  return text.replace(/(?:[^\s,;]*\*[^\s,;]*|https:\/\/\S*)(?<!\.)/g, '`$&`');
}

const PEM = ['cert', 'key', 'chain', 'certificate-chain', 'timestamp-chain'];
const SECRETS = ['key-passphrase', 'app-secret', 'token'];
const PATHS = ['root', 'output-dir', 'manifest', 'checksums', 'verification-kit'];
const CHOICES = ['mode', 'protocol', 'certificate-from', 'signature-algorithm', 'signature-encoding', 'overwrite'];

/** Returns the type of an input: `boolean`, `number`, `choice`, `URL`, `PEM`, `secret`, `path` or `text`. */
export function typeOf({ name, default: standard }: Pick<Entry, 'name' | 'default'>): string {
  if (/^(?:true|false)$/.test(standard)) return 'boolean';
  if (/^\d+$/.test(standard) || name === 'retention-days') return 'number';
  if (CHOICES.includes(name) || /^(?:if|on)-/.test(name)) return 'choice';
  if (name.endsWith('-url')) return 'URL';
  if (name === 'verify-key') return 'PEM or path';
  if (PEM.includes(name)) return name === 'key' ? 'PEM, secret' : 'PEM';
  if (SECRETS.includes(name)) return 'secret';
  return PATHS.includes(name) ? 'path' : 'text';
}

/** Example outputs of a release with 1,244 files. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  mode: 'sign',
  'file-count': '1244',
  'signed-count': '1204',
  'reused-count': '40',
  'failed-count': '0',
  'verified-count': '1244',
  'total-bytes': '531022411',
  'request-count': '1216',
  'duration-ms': '8412',
  'artifact-name': 'signatures',
  'artifact-id': '2741983567',
  'artifact-url': 'https://github.com/octocat/app/actions/runs/1/artifacts/2741983567',
  'artifact-digest': '5f1d0a7c3b9e…',
  manifest: '/home/runner/work/app/app/receipt.json',
  checksums: '/home/runner/work/app/app/SHA256SUMS',
  'cert-expires': '2027-06-30T12:00:00.000Z',
};

/** Renders groups as one table; `columns` has a function for the cells under each head. */
function tableOf(groups: readonly Group[], columns: Readonly<Record<string, (entry: Entry) => string>>): string {
  const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
  const [head, cells] = [Object.keys(columns), Object.values(columns)];
  const rows = groups.flatMap(({ purpose, entries }) => [
    row(`**${purpose}**`, ...head.slice(1).map(() => '')),
    ...entries.map((entry) => row(...cells.map((cell) => cell(entry)))),
  ]);
  return [row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

function fill(text: string, mark: string, content: string): string {
  const [start, end] = [`<!-- ${mark}:start -->`, `<!-- ${mark}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md lacks ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, '..');
  const readme = join(root, 'README.md');
  writeFileSync(readme, renderReadme(readFileSync(readme, 'utf8'), readFileSync(join(root, 'action.yml'), 'utf8')));
  const faults = join(root, 'docs', 'faults.md');
  writeFileSync(faults, renderFaults(readFileSync(faults, 'utf8')));
}
