import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ACTION_DIRECTORY, createScenario } from '../helpers/scenario.ts';
import { anchorOf, type Document, readDocument, shellBlocksOf } from './document.ts';
import { runAlone } from './shell.ts';
import { THIS_ACTION, usesIn } from './workflow.ts';

const PATHS = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/README.md',
  '.github/SUPPORT.md',
  ...readdirSync(join(ACTION_DIRECTORY, 'docs')).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));
const ACTION: { inputs: object; outputs: object } = parse(readFileSync(join(ACTION_DIRECTORY, 'action.yml'), 'utf8'));

/** Says what is wrong with a link of a document; external links are not followed, but must be whole and use https. */
function faultOf(path: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link))
    return link.startsWith('https://') && URL.canParse(link) ? undefined : `${link}: no address with https`;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : relative(ACTION_DIRECTORY, resolve(ACTION_DIRECTORY, dirname(path), file));
  if (!existsSync(join(ACTION_DIRECTORY, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  return anchorsOf(readDocument(target)).includes(anchor) ? undefined : `${link}: ${target} has no such heading`;
}

/** GitHub numbers the headings that repeat. */
function anchorsOf({ headings }: Document): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const anchor = anchorOf(heading);
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

describe.each(PATHS)('%s', (path) => {
  const document = readDocument(path);

  test('every link leads to a file and heading that exist', () => {
    const links = [...document.links, ...document.images];
    expect(links.map((link) => faultOf(path, link)).filter((fault) => fault !== undefined)).toEqual([]);
  });

  test('its workflows use inputs of action.yml, and pinned actions', () => {
    for (const { uses, with: inputs } of usesIn(document)) {
      if (uses === THIS_ACTION) expect(Object.keys(ACTION.inputs)).toEqual(expect.arrayContaining(Object.keys(inputs)));
      // What lies in the same checkout has no version of its own, and ours is written for the sake of reading.
      else if (!/^\.\/|^your-org\/.*@v1$/.test(uses)) expect(uses).toMatch(/@(?:[0-9a-f]{40}|<commit>)$/);
    }
  });

  test('every code and output that it names exists', () => {
    const sources = readdirSync(join(ACTION_DIRECTORY, 'src'), { recursive: true, encoding: 'utf8' });
    const source = sources
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(ACTION_DIRECTORY, 'src', name), 'utf8'))
      .join('');
    const codes = document.rows.flatMap(
      ([cell = '']) => /^`([A-Z][A-Z0-9]*_[A-Z0-9_]+|UNAUTHORIZED)`$/.exec(cell)?.[1] ?? [],
    );
    for (const code of codes) expect(source, code).toContain(`'${code}'`);
    const outputs = [...document.text.matchAll(/outputs? `([a-z-]+)`/g)].map(([, name = '']) => name);
    for (const name of outputs) expect(Object.keys(ACTION.outputs)).toContain(name);
  });
});

test.each(readdirSync(join(ACTION_DIRECTORY, 'docs/img')))(
  'the picture %s is small, says what it shows, and is shown',
  (name) => {
    const picture = readFileSync(join(ACTION_DIRECTORY, 'docs/img', name), 'utf8');
    if (name.endsWith('.svg')) {
      expect(picture.length).toBeLessThan(12 * 1024);
      expect(picture).toMatch(/<title[^>]*>[^<]{10,}<\/title>/);
    } else {
      // A screenshot says what it shows where it is shown.
      expect(statSync(join(ACTION_DIRECTORY, 'docs/img', name)).size).toBeLessThan(100 * 1024);
      const texts = PATHS.map((path) => readFileSync(join(ACTION_DIRECTORY, path), 'utf8'));
      expect(texts.some((text) => new RegExp(`!\\[[^\\]]{10,}\\]\\([^)]*img/${name}\\)`).test(text))).toBe(true);
    }
    expect(PATHS.flatMap((path) => readDocument(path).images).some((image) => image.endsWith(`img/${name}`))).toBe(
      true,
    );
  },
);

test('the map of the repository names every folder, and no path that is not there', () => {
  const { rows, links } = readDocument('CONTRIBUTING.md');
  const named = rows.flatMap((cells) => [...cells.join(' ').matchAll(/`((?:src|__tests__|docs|\.github)\/[^`…*]*)`/g)]);
  const paths = named.map(([, path = '']) => path);
  for (const path of paths) expect(existsSync(join(ACTION_DIRECTORY, path)), path).toBe(true);
  const entries = readdirSync(join(ACTION_DIRECTORY, 'src'), { withFileTypes: true });
  for (const entry of entries) expect(paths).toContain(`src/${entry.name}${entry.isDirectory() ? '/' : ''}`);
  expect(links.map((link) => faultOf('CONTRIBUTING.md', link)).filter(Boolean)).toEqual([]);
});

test.each(['README.md', 'docs/comparison.md'])('%s says how much there is to read, to two thousand lines', (path) => {
  const names = readdirSync(join(ACTION_DIRECTORY, 'src'), { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => name.endsWith('.ts')).map((name) => join(ACTION_DIRECTORY, 'src', name));
  const lines = sources.reduce((sum, source) => sum + readFileSync(source, 'utf8').split('\n').length, 0);
  const told = Number(/about (\d+),000 lines/.exec(readDocument(path).text)?.[1]) * 1000;
  expect(Math.abs(told - lines), `${lines} lines in src/`).toBeLessThan(2000);
});

test('a link that leads nowhere is seen', () => {
  expect(faultOf('README.md', 'docs/nothing.md')).toContain('there is no');
  expect(faultOf('docs/verify.md', '#nothing')).toContain('no such heading');
  expect(faultOf('docs/verify.md', '../README.md#when-something-fails')).toBeUndefined();
});

test('the commands of the README check what the action signed', async () => {
  const [block = ''] = shellBlocksOf(readDocument('README.md'), 'Verifying a signature without this action');
  await using scenario = await createScenario({ files: { 'dist/app.bin': 'app' } });
  await scenario.green({ 'verify-key': scenario.service.credentials.verifyKeyPem, upload: 'false' });
  const directory = await mkdtemp(join(tmpdir(), 'readme-'));
  try {
    await cp(join(scenario.workspace, 'dist'), directory, { recursive: true });
    await writeFile(join(directory, 'public-key.pem'), scenario.service.credentials.verifyKeyPem);
    expect(await runAlone(block, directory)).toEqual({ status: 0, output: 'Verified OK\n' });
    await writeFile(join(directory, 'app.bin'), 'App');
    expect((await runAlone(block, directory)).status).not.toBe(0);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
