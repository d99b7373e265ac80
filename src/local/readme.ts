import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRecord, stringMember } from './json.ts';

/** `npm run readme`: writes the tables of inputs and outputs in README.md from action.yml. */
export function renderReadme(readme: string, actionYaml: string): string {
  const action: unknown = parse(actionYaml);
  const inputs = tableOf(action, 'inputs', ['input', 'default', 'meaning']);
  const outputs = tableOf(action, 'outputs', ['output', 'meaning']);
  return fill(fill(readme, 'inputs', inputs), 'outputs', outputs);
}

function tableOf(action: unknown, section: 'inputs' | 'outputs', head: readonly string[]): string {
  const entries = isRecord(action) && isRecord(action[section]) ? Object.entries(action[section]) : [];
  const rows = entries.map(([name, entry]) => {
    const standard = stringMember(entry, 'default');
    const cells = section === 'inputs' ? [`\`${name}\``, standard ? `\`${standard}\`` : ''] : [`\`${name}\``];
    return `| ${[...cells, (stringMember(entry, 'description') ?? '').trim()].join(' | ')} |`;
  });
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

function fill(text: string, mark: string, content: string): string {
  const [start, end] = [`<!-- ${mark}:start -->`, `<!-- ${mark}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md lacks ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, '..', '..');
  const readme = join(root, 'README.md');
  writeFileSync(readme, renderReadme(readFileSync(readme, 'utf8'), readFileSync(join(root, 'action.yml'), 'utf8')));
}
