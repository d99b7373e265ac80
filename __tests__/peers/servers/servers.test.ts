import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { curl, sign } from './clients.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { World } from './world.ts';

const DOCUMENT = join(ACTION_DIRECTORY, 'docs/servers.md');
/** Rows that are looked at at the same time. */
const PARALLEL = 3;
/** Answers that curl takes and the action refuses on purpose, as docs/servers.md explains. */
const ON_PURPOSE = ['ANSWER_TOO_EARLY', 'HTTP_MALFORMED', 'RESP_ENCODED'];

/** Takes ports, times and the like out of a sentence; an address without TLS becomes code, because GitHub would make it a link. */
function settle(text: string): string {
  return text
    .replace(/(localhost\.?|127\.0\.0\.1|[\w.]+\.test|::1):\d{4,5}/g, '$1')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…')
    .replace(/::1 \(\w+\), /g, '')
    .replace(/http:\/\/[\w.]+/g, '`$&`')
    .replaceAll('|', '\\|');
}

/** Compares curl and the action at one server; returns the line of the table, and what is wrong. */
async function compare(world: World, row: Row): Promise<{ readonly line: string; readonly wrong: string[] }> {
  const started = await row.start(world);
  const [theirs, ours] = [await curl(world, started), await sign(world, started, row.expected)];
  await started.close();
  const told = ours.signs ? 'signs' : (ours.failure?.code ?? 'nothing');
  const isWorse = theirs === 'signs' && !ours.signs && !ON_PURPOSE.includes(told);
  const wrong = `${row.name}: curl ${theirs}, the action ${told} ${ours.failure?.message}`;
  const does = ours.signs ? 'signs' : `\`${told}\`, ${ours.state}`;
  const cells = [row.name, theirs, does, settle(ours.failure?.message ?? '')];
  return { line: `| ${cells.join(' | ')} |`, wrong: told !== row.expected || isWorse ? [wrong] : [] };
}

test('where curl signs, the action signs; every other result names its cause', { timeout: 600_000 }, async () => {
  const world = new World();
  const results: Awaited<ReturnType<typeof compare>>[] = [];
  const left = ROWS.map((row, at) => ({ row, at }));
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next.at] = await compare(world, next.row);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  expect(results.flatMap(({ wrong }) => wrong)).toEqual([]);
  const text = readFileSync(DOCUMENT, 'utf8');
  const head = ['| server or network | curl | the action | what it says |', '|---|---|---|---|'];
  const table = [...head, ...results.map(({ line }) => line)].join('\n');
  const written = text.replace(/(<!-- table -->\n)[\s\S]*(\n<!-- end of the table -->)/, `$1${table}$2`);
  if (process.env['WRITE_SERVERS']) writeFileSync(DOCUMENT, written);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(written);
});
