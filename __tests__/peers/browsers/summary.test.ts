import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderSummary } from '../../../src/report/summary/summary.ts';
import { summaryToPage } from '../../../tools/summary/render.ts';
import * as samples from '../../report/samples.ts';
import { launchChromium, type PuppeteerTab } from './puppeteer.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let tab: PuppeteerTab;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'summary-'));
  tab = await launchChromium();
});
afterAll(async () => {
  await tab.close();
  await rm(directory, { recursive: true, force: true });
});

describe.each(['light', 'dark'])('%s', (scheme) => {
  test.each(samples.ALL)('%s is readable and no wider than the page of a run', async (_, report, around) => {
    const page = join(directory, 'summary.html');
    writeFileSync(page, summaryToPage(renderSummary(report, around)));
    await tab.page.setViewport({ width: 900, height: 800 });
    await tab.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await tab.open(page);
    await tab.evaluate(`document.querySelectorAll('details').forEach((each) => { each.open = true; })`);
    await tab.page.evaluate(AXE);
    const problems = await tab.evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200)))`);
    expect(problems).toEqual([]);
    expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const back = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(back).toBe(scheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)');
  });
});
