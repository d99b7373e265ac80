import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signers } from '../../verifying/signers.ts';
import { launchChromium, type PuppeteerTab } from './puppeteer.ts';
import { makePage, sha256, signText } from './release.ts';
import type { Row } from './tab.ts';

const RELEASES = [
  { how: { signer: signers['ec-p256'], algorithm: 'ecdsa-sha256', encoding: 'base64' }, type: 'ec' },
  { how: { signer: signers.ed25519, algorithm: 'ed25519', encoding: 'hex' }, type: 'ed25519' },
] as const;
/** Keys of somebody else, of the same kinds. */
const STRANGERS = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ed25519: generateKeyPairSync('ed25519').privateKey,
};

const CONTENTS = ['', 'one', 'two'];
/** Names that are easily taken for one another. */
const NAMES = [
  'x',
  'X',
  'caf\u00E9',
  'cafe\u0301',
  'x.sign.txt',
  '..',
  '__proto__',
  'constructor',
  ' ',
  'x\u200B',
  '\u0445',
];
const FOLDERS = ['', 'a/', 'b/', 'a/b/', 'A/', '../', './', '/', 'a//'];

const path = fc.tuple(fc.constantFrom(...FOLDERS), fc.constantFrom(...NAMES)).map(([folder, name]) => folder + name);
const content = fc.constantFrom(...CONTENTS);
/** Few paths and contents, so that the same ones meet again and again. */
const scenario = fc.uniqueArray(path, { minLength: 2, maxLength: 4 }).chain((paths) => {
  const known = fc.constantFrom(...paths);
  const item: fc.Arbitrary<Item> = fc.oneof(
    fc.record({ path: known, content }),
    fc.record({ path: known, signs: content, by: fc.constantFrom('publisher', 'publisher', 'stranger', 'nobody') }),
  );
  return fc.record({
    listed: fc.uniqueArray(fc.tuple(known, content), { minLength: 1, selector: ([each]) => each }),
    companions: fc.array(known, { maxLength: 1 }),
    /** What is given, one after the other. */
    steps: fc.array(fc.array(item, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
    /** In milliseconds: some steps come while the page works on those before, some after it. */
    pauses: fc.array(fc.constantFrom(0, 10, 200), { minLength: 4, maxLength: 4 }),
  });
});
interface GivenFile {
  readonly path: string;
  readonly content: string;
}
interface GivenSignature {
  /** Of the file that it is meant for. */
  readonly path: string;
  readonly signs: string;
  readonly by: string;
}
type Item = GivenFile | GivenSignature;
interface Scenario {
  readonly listed: readonly [string, string][];
  readonly companions: readonly string[];
  readonly steps: readonly (readonly Item[])[];
  readonly pauses: readonly number[];
}
interface Shown {
  readonly rows: readonly Row[];
  readonly tone: string;
}

let tab: PuppeteerTab;
beforeAll(async () => {
  tab = await launchChromium();
});
afterAll(() => tab.close());

function isFile(each: Item): each is GivenFile {
  return 'content' in each;
}

function isSignature(each: Item): each is GivenSignature {
  return !isFile(each);
}

/** The text of a signature file. */
function textOf({ signs, by }: GivenSignature, { how, type }: (typeof RELEASES)[number]): string {
  if (by === 'nobody') return `${signs} is no signature`;
  const signer = by === 'publisher' ? how.signer : { ...how.signer, privateKey: STRANGERS[type] };
  return signText(Buffer.from(signs), { ...how, signer });
}

/** Gives everything to the page as a folder would come, and returns what the page says in the end. */
async function play(
  { listed, companions, steps, pauses }: Scenario,
  release: (typeof RELEASES)[number],
): Promise<Shown> {
  const files = listed.map(([name, text]) => [name, text.length, sha256(Buffer.from(text))] as const);
  await tab.open(makePage(release.how, { files, companions }));
  const given = steps.map((step) =>
    step.map((each) => (isFile(each) ? [each.path, each.content] : [`${each.path}.sign`, textOf(each, release)])),
  );
  return (await tab.evaluate(`(async () => {
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const field = document.querySelector('#folder');
    const pauses = ${JSON.stringify(pauses)};
    for (const step of ${JSON.stringify(given)}) {
      const transfer = new DataTransfer();
      for (const [path, text] of step) transfer.items.add(new File([text], path));
      field.files = transfer.files;
      [...field.files].forEach((file, at) => Object.defineProperty(file, 'webkitRelativePath', { value: step[at][0] }));
      field.dispatchEvent(new Event('change'));
      await wait(pauses.pop());
    }
    // The page looks at its results every 100 ms.
    do await wait(150); while (document.body.dataset.tone === 'busy');
    return {
      tone: document.body.dataset.tone,
      rows: [...document.querySelectorAll('.row')].map((row) => ({
        kind: row.dataset.kind, name: row.querySelector('.name').textContent, text: row.querySelector('.detail').textContent,
      })),
    };
  })()`)) as Shown;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).normalize('NFC');

/** Of what was given under each path, what was given last: several when they came together. */
function lastOf<Kind extends Item>(steps: Scenario['steps'], isKind: (each: Item) => each is Kind): Kind[] {
  const last = new Map<string, Kind[]>();
  for (const step of steps) {
    const now = Map.groupBy(step.filter(isKind), ({ path }) => path);
    for (const [path, items] of now) last.set(path, items);
  }
  return [...last.values()].flat();
}

/** Compares what the page says with what it may say at most, and must say at least. */
function expectRight({ listed, steps }: Scenario, { rows, tone }: Shown): void {
  const files = lastOf(steps, isFile);
  const genuineSignatures = lastOf(steps, isSignature).filter(({ by }) => by === 'publisher');
  const signed = files.filter(({ content }) => genuineSignatures.some(({ signs }) => signs === content));
  const isListed = (file: GivenFile, isName: (path: string) => boolean): boolean =>
    listed.some(([path, content]) => content === file.content && isName(path));
  const possible = signed.filter((file) => isListed(file, (path) => nameOf(path) === nameOf(file.path)));
  const certain = files
    .filter((file) => isListed(file, (path) => path === file.path))
    .filter((file) => genuineSignatures.some(({ path, signs }) => path === file.path && signs === file.content));
  const count = (...kinds: string[]): number => rows.filter(({ kind }) => kinds.includes(kind)).length;
  expect(rows).toHaveLength(files.length);
  expect(count('genuine')).toBeLessThanOrEqual(possible.length);
  expect(count('genuine')).toBeGreaterThanOrEqual(certain.length);
  expect(count('genuine', 'companion', 'renamed', 'signed-elsewhere')).toBeLessThanOrEqual(signed.length);
  if (tone === 'good') expect(count('genuine', 'companion')).toBe(rows.length);
}

test.each(RELEASES)(
  '$how.algorithm: whatever is given, in whatever order, no verdict is better than its file',
  async (release) => {
    await fc.assert(
      fc.asyncProperty(scenario, async (played) => expectRight(played, await play(played, release))),
      { numRuns: Number(process.env['ATTACKS'] ?? 16) },
    );
  },
);
