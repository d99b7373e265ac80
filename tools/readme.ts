import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import { stringMember } from './json.ts';

/** Inputs or outputs that serve one purpose. */
export interface Group {
  /** The comment in `action.yml` that begins it. */
  readonly purpose: string;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly name: string;
  readonly default: string;
  /** As Markdown. */
  readonly description: string;
}

/** `npm run readme`: writes the tables of inputs and outputs in README.md from action.yml, and the anchors in docs/faults.md. */
export function renderReadme(readme: string, actionYaml: string): string {
  const inputs = tableOf(groupsOf(actionYaml, 'inputs'), ['input', 'default', 'meaning']);
  const outputs = tableOf(groupsOf(actionYaml, 'outputs'), ['output', 'meaning']);
  return fill(fill(readme, 'inputs', inputs), 'outputs', outputs);
}

/** Gives each row of docs/faults.md that explains a code an anchor, which the links in annotations and summaries lead to. */
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
    // A comment ahead of the first entry belongs to the map.
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

/** Patterns and addresses would be taken for markup and links. */
function quoteCode(text: string): string {
  return text.replace(/(?:[^\s,;]*\*[^\s,;]*|https:\/\/\S*)(?<!\.)/g, '`$&`');
}

function tableOf(groups: readonly Group[], head: readonly string[]): string {
  const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
  const rows = groups.flatMap(({ purpose, entries }) => [
    row(`**${purpose}**`, ...head.slice(1).map(() => '')),
    ...entries.map((entry) => {
      const standard = entry.default === '' ? '' : `\`${entry.default}\``;
      return row(`\`${entry.name}\``, ...(head.includes('default') ? [standard] : []), entry.description);
    }),
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
