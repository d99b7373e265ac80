import { pathToFileURL } from 'node:url';
import { type LaunchOptions, launch, type Page } from 'puppeteer-core';
import type { Tab } from './tab.ts';

/** A tab that {@link launchChromium} or {@link launchFirefox} opened, with more than every browser has. */
export interface PuppeteerTab extends Tab {
  readonly page: Page;
}

/** Starts Debian's Chromium; `--no-sandbox` is needed as root. */
export function launchChromium(): Promise<PuppeteerTab> {
  return openTab({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-quic'] });
}

/** Starts Debian's Firefox with the rule for `file://` that users have and drivers switch off. */
export function launchFirefox(): Promise<PuppeteerTab> {
  return openTab({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    extraPrefsFirefox: { 'security.fileuri.strict_origin_policy': true },
  });
}

async function openTab(options: LaunchOptions): Promise<PuppeteerTab> {
  const browser = await launch({ ...options, headless: true });
  const page = await browser.newPage();
  const field = async (selector: string) => {
    const handle = await page.$(selector);
    if (handle === null) throw new Error(`the page has no ${selector}`);
    return handle;
  };
  return {
    page,
    processId: browser.process()?.pid ?? 0,
    async open(path) {
      await page.goto(pathToFileURL(path).href);
    },
    async choose(selector, paths) {
      await (await field(selector)).uploadFile(...paths);
    },
    async type(selector, text) {
      await (await field(selector)).type(text);
    },
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}
