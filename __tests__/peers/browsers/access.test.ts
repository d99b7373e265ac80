import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signers } from '../../verifying/signers.ts';
import { launchChromium, type PuppeteerTab } from './puppeteer.ts';
import { makeRelease, type TestRelease, write } from './release.ts';
import { results, until } from './tab.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const P256 = { signer: signers['ec-p256'], algorithm: 'ecdsa-sha256', encoding: 'base64' } as const;

let tab: PuppeteerTab;
let release: TestRelease;

beforeAll(async () => {
  tab = await launchChromium();
  release = makeRelease({ 'good.zip': 'good', 'docs/changed.txt': 'as it was', 'unsigned.txt': 'unsigned' }, P256);
  write(join(release.root, 'docs', 'changed.txt'), 'changed');
  write(join(release.root, 'foreign.txt'), 'foreign');
  write(join(release.root, 'unsigned.txt.sign'), '');
});
afterAll(() => tab.close());

/** What axe-core finds in the page as it is. */
async function violations(): Promise<unknown> {
  await tab.page.evaluate(AXE);
  return tab.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
}

async function giveAll(): Promise<void> {
  await tab.choose(
    '#files',
    ['good.zip', 'good.zip.sign', 'docs/changed.txt', 'docs/changed.txt.sign', 'unsigned.txt', 'foreign.txt'].map(
      (name) => join(release.root, name),
    ),
  );
  await results(tab);
}

describe.each(['light', 'dark'])('%s', (scheme) => {
  test.each([
    ['a wide window', 1000],
    ['a phone', 320],
  ])('%s: no violation of WCAG 2.2 AA, and nothing is wider than the window', async (_, width) => {
    await tab.page.setViewport({ width, height: 800 });
    await tab.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await tab.open(release.page);
    expect(await violations()).toEqual([]);
    await giveAll();
    await tab.type('#expected', release.fingerprint);
    await tab.evaluate(`document.querySelectorAll('details').forEach((each) => { each.open = true; })`);
    await until(tab, `document.querySelectorAll('#list li').length === 3`);
    expect(await violations()).toEqual([]);
    await tab.type('#expected', '0');
    await until(tab, `document.body.dataset.key === 'incomplete'`);
    expect(await violations()).toEqual([]);
    expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});

test('the search for violations sees a field without a label', async () => {
  await tab.open(release.page);
  await tab.evaluate(`document.querySelector('label[for=expected]').remove()`);
  expect(JSON.stringify(await violations())).toContain('label: ');
});

test('everything can be reached and used by keyboard, and the focus is seen', async () => {
  const { page } = tab;
  await page.setViewport({ width: 1000, height: 800 });
  await tab.open(release.page);
  const stops: unknown[] = [];
  for (let at = 0; at < 7; at++) {
    await page.keyboard.press('Tab');
    stops.push(
      await tab.evaluate(`(() => {
      const { id, tagName, nextElementSibling } = document.activeElement;
      const ring = [document.activeElement, nextElementSibling].some((each) => each && getComputedStyle(each).outlineStyle !== 'none');
      return (id || tagName.toLowerCase()) + (ring ? '' : ' without a ring');
    })()`),
    );
  }
  expect(stops.slice(0, 5)).toEqual(['expected', 'summary', 'files', 'folder', 'list-title']);
  for (const id of ['files', 'folder']) {
    // The dialog itself is the browser's; the key must ask for it.
    await tab.evaluate(`(document.querySelector('#${id}').onclick = (event) => {
      event.preventDefault();
      document.body.dataset.asked = '${id}';
    }, document.querySelector('#${id}').focus(), true)`);
    await page.keyboard.press('Space');
    await until(tab, `document.body.dataset.asked === '${id}'`);
  }
});

test('a name with many combining marks covers no other verdict', async () => {
  const name = `a${'\u0301'.repeat(100)}b`;
  const marked = makeRelease({ [name]: 'marks' }, P256);
  await tab.open(marked.page);
  await tab.choose('#files', [join(marked.root, name)]);
  await results(tab);
  expect(await tab.evaluate(`getComputedStyle(document.querySelector('.row .name')).overflow`)).toBe('hidden');
});

/** Drops paths of this machine on the page, as a user would. */
async function drop(paths: readonly string[]): Promise<void> {
  const session = await tab.page.createCDPSession();
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', {
      type,
      x: 200,
      y: 200,
      data: { items: [], files: [...paths], dragOperationsMask: 1 },
    });
  }
  await session.detach();
}

test('files are dropped on the page, and folders with the names that the browser gives', async () => {
  await tab.open(release.page);
  await drop(['good.zip', 'good.zip.sign'].map((name) => join(release.root, name)));
  expect((await results(tab)).rows.map(({ kind }) => kind)).toEqual(['genuine']);
  await tab.open(release.page);
  await drop([release.root]);
  await until(tab, `document.querySelectorAll('.row').length === 4`);
  const { rows } = await results(tab);
  expect(Object.fromEntries(rows.map(({ name, kind }) => [name, kind]))).toEqual({
    'release/good.zip': 'genuine',
    'release/docs/changed.txt': 'changed',
    'release/unsigned.txt': 'signature-invalid',
    'release/foreign.txt': 'not-listed',
  });
  expect(await tab.evaluate(`document.querySelector('#note').textContent`)).toContain('Choose a folder');
});

test('a folder and files are dropped together, one of them of the folder’s name, while an earlier drop is looked through', async () => {
  const mixed = makeRelease({ 'tool/deep.txt': 'deep', 'tool/plain.txt': 'plain', alone: 'alone' }, P256);
  const nested = Array.from({ length: 200 }, (_, at) => `d${at}`).join('/');
  write(join(mixed.root, 'tool', nested, 'deep.txt'), 'another');
  write(join(mixed.root, '..', 'elsewhere', 'tool'), 'a file of the name of a folder');
  await tab.open(mixed.page);
  await drop([join(mixed.root, 'tool')]);
  await drop([join(mixed.root, 'tool'), join(mixed.root, '..', 'elsewhere', 'tool'), join(mixed.root, 'alone')]);
  await until(tab, `document.querySelectorAll('.row').length === 5`);
  await drop([join(mixed.root, 'alone.sign')]);
  await until(tab, `document.querySelectorAll('.row[data-kind=genuine]').length === 3`);
  const { rows } = await results(tab);
  expect(Object.fromEntries(rows.map(({ name, kind }) => [name, kind]))).toEqual({
    'tool/deep.txt': 'genuine',
    'tool/plain.txt': 'genuine',
    alone: 'genuine',
    // Chromium gives the second of two names another.
    'tool (1)': 'not-listed',
    [`tool/${nested}/deep.txt`]: 'not-listed',
  });
});

test('a folder that the browser does not open is a file that could not be read', async () => {
  await tab.open(release.page);
  await tab.evaluate(
    `(DataTransferItem.prototype.getAsFileSystemHandle = async () => { throw new DOMException('no', 'SecurityError'); }, true)`,
  );
  await drop([release.root, join(release.root, 'good.zip'), join(release.root, 'good.zip.sign')]);
  await until(tab, `document.querySelectorAll('.row').length === 2`);
  const { rows } = await results(tab);
  expect(Object.fromEntries(rows.map(({ name, kind }) => [name, kind]))).toEqual({
    release: 'unreadable',
    'good.zip': 'genuine',
  });
});

test('a dropped file that the browser does not give has the verdict that it could not be read', async () => {
  await tab.open(release.page);
  await tab.evaluate(`(FileSystemFileHandle.prototype.getFile = async () => { throw new Error('gone'); }, true)`);
  await drop([release.root]);
  await until(tab, `document.querySelectorAll('.row').length === 4`);
  expect((await results(tab)).rows.map(({ kind }) => kind)).toEqual(Array(4).fill('unreadable'));
});

test('a file that was changed before its signature came has no verdict from its earlier bytes', async () => {
  const late = makeRelease({ 'late.txt': 'late' }, P256);
  const path = join(late.root, 'late.txt');
  await tab.open(late.page);
  await tab.choose('#files', [path]);
  expect((await results(tab)).rows.map(({ kind }) => kind)).toEqual(['signature-missing']);
  write(path, 'LATE');
  // The browser compares whole seconds.
  utimesSync(path, new Date(0), new Date(0));
  await tab.choose('#files', [`${path}.sign`]);
  await until(tab, `document.querySelector('.row')?.dataset.kind === 'unreadable'`);
});

test('the reason why a check stopped stays on the page, whatever files are added later', async () => {
  await tab.open(release.page);
  await tab.evaluate(`(window.Worker.prototype.postMessage = function () {
    this.onmessage({ data: { did: 'fail', reason: 'out of memory' } });
  }, true)`);
  await tab.choose('#files', [join(release.root, 'good.zip')]);
  const headline = `document.querySelector('#headline').textContent`;
  await until(tab, `${headline}.startsWith('This browser cannot check the files')`);
  // Longer than the page waits between two looks at what has changed.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await tab.evaluate(headline)).toContain('This browser cannot check the files');
});

test('a chosen folder is paired by its paths, and its signatures may be in another folder', async () => {
  await tab.open(release.page);
  await tab.choose('#folder', [release.root]);
  expect((await results(tab)).rows).toHaveLength(4);
  const apart = makeRelease({ 'a/same.txt': 'first', 'b/same.txt': 'second' }, P256);
  await tab.open(apart.page);
  for (const name of ['a/same.txt', 'b/same.txt']) {
    write(join(apart.root, '..', 'signatures', `${name}.sign`), readFileSync(join(apart.root, `${name}.sign`)));
    write(join(apart.root, '..', 'files', name), readFileSync(join(apart.root, name)));
  }
  await tab.choose('#folder', [join(apart.root, '..', 'files')]);
  expect((await results(tab)).rows.map(({ kind }) => kind)).toEqual(['signature-missing', 'signature-missing']);
  await tab.choose('#folder', [join(apart.root, '..', 'signatures')]);
  await until(tab, `document.body.dataset.tone === 'good'`);
  expect(readdirSync(join(apart.root, '..', 'files')).sort()).toEqual(['a', 'b']);
});

test('the page asks for nothing but itself and its worker', async () => {
  const asked: string[] = [];
  const note = (request: { url: () => string }): void => void asked.push(request.url().replace(/:.*/s, ''));
  tab.page.on('request', note);
  await tab.open(release.page);
  await giveAll();
  tab.page.off('request', note);
  expect(new Set(asked)).toEqual(new Set(['file', 'blob']));
  expect(asked.filter((scheme) => scheme === 'file')).toHaveLength(1);
});

test('no bytes of the page name a place to load from, and it is smaller than 150 kB', () => {
  const html = readFileSync(join(import.meta.dirname, '..', '..', '..', 'dist', 'page', 'verify.html'), 'utf8');
  expect(html.length).toBeLessThan(150_000);
  expect(html.match(/\s(src|href|srcset|action|data|poster|background)\s*=\s*["']/gi)).toBeNull();
  expect(html).not.toMatch(/crypto\.subtle|eval\(|new Function\(/);
});
