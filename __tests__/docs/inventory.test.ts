import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { BLOCKS } from '../workflows/sources.ts';
import { CLAIMS, COMMANDS_NOT_RUN } from './claims.ts';
import { readDocument } from './document.ts';
import { runAlone } from './shell.ts';

const list = (folder: string): string[] =>
  readdirSync(join(ACTION_DIRECTORY, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => (folder === '' ? name : `${folder}/${name}`));
const DOCUMENTS = ['', 'docs', 'examples', '.github'].flatMap(list);
const SCRIPTS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(ACTION_DIRECTORY, 'package.json'), 'utf8'),
).scripts;
/** Commands within sentences: a program that is called with something. */
const COMMANDS = DOCUMENTS.flatMap((path) => [
  ...readDocument(path)
    .text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
    .matchAll(
      /`((?:npm|npx|node|git|gh|openssl|sha256sum|shasum|curl|bash|python3?|pip|act|go|apt-get|bao|step) [^`]+)`/g,
    ),
]).map(([, command = '']) => command);

describe.each(DOCUMENTS)('%s', (path) => {
  test('each block is run or checked by the test that claims it, or has a reason why none can', () => {
    for (const { heading, language, text } of readDocument(path).blocks) {
      const where = `${path}, “${heading}”, ${language || 'no language'}: ${text.slice(0, 60)}`;
      if (language === 'yaml') {
        expect(
          BLOCKS.some(({ name }) => name.startsWith(`${path}, `) && name.includes(`“${heading}”`)),
          where,
        ).toBe(true);
        continue;
      }
      const claims = CLAIMS.filter(
        (claim) => claim.document === path && claim.language === language && (claim.below?.test(heading) ?? true),
      );
      expect(claims, where).toHaveLength(1);
    }
  });
});

test.each(CLAIMS)('the claim on $language in $document has blocks, and a test that reads the document', (claim) => {
  const { document, language, below, by, notRun } = claim;
  const blocks = readDocument(document).blocks.filter((block) => block.language === language);
  expect(blocks.some(({ heading }) => below?.test(heading) ?? true)).toBe(true);
  expect(by ?? notRun).toMatch(/./);
  if (by === undefined) return;
  expect(readFileSync(join(ACTION_DIRECTORY, by), 'utf8')).toContain(`readDocument('${document}')`);
});

test('each npm command of a sentence is a script of the package', () => {
  const named = COMMANDS.flatMap((command) => [...command.matchAll(/npm run (\S+)/g)]).map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(20);
  for (const name of named) expect(Object.keys(SCRIPTS), name).toContain(name);
});

test('each option of a sentence is one that its command knows', async () => {
  const usages = new Map<string, string>();
  const ask = async (name: string): Promise<void> => {
    const { output, status } = await runAlone(`${SCRIPTS[name]} --help`, ACTION_DIRECTORY);
    expect(status, output).toBe(0);
    usages.set(name, output);
  };
  await Promise.all(['demo', 'service', 'step', 'bench'].map(ask));
  const used = COMMANDS.flatMap((command) => {
    const [, name = '', rest = ''] = /npm run (\w+)\]? (?:\[?-- )(.*)/.exec(command) ?? [];
    return usages.has(name) ? [...rest.matchAll(/--[\w-]+/g)].map(([option]) => ({ name, option })) : [];
  });
  const ofBench = [...readDocument('docs/performance.md').text.matchAll(/`(?:npm run bench -- )?(--[\w-]+)/g)];
  const all = [...used, ...ofBench.map(([, option = '']) => ({ name: 'bench', option }))];
  expect(all.length).toBeGreaterThan(8);
  for (const { name, option } of all) {
    if (option !== '--parallel' && option !== '--help') expect(usages.get(name), `${name} ${option}`).toContain(option);
  }
});

test('each other command of a sentence stands in a block that a test runs, or has a reason why none can', () => {
  const claimed = CLAIMS.filter(({ by, language }) => by !== undefined && language === 'sh');
  const blocks = claimed
    .flatMap(({ document }) => readDocument(document).blocks)
    .filter(({ language }) => language === 'sh');
  const others = COMMANDS.filter((command) => !command.startsWith('npm '));
  const unclaimed = others.filter((command) => !blocks.some(({ text }) => text.includes(command)));
  expect(new Set(unclaimed)).toEqual(new Set(Object.keys(COMMANDS_NOT_RUN)));
});
