import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { runAction } from '../../tools/runner/runner.ts';
import { readDocument, shellBlocksOf } from '../docs/document.ts';
import { runAlone } from '../docs/shell.ts';
import { inputsOf } from '../docs/workflow.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { launchChromium } from '../peers/browsers/puppeteer.ts';
import { results, until } from '../peers/browsers/tab.ts';

const GUIDE = readDocument('docs/verify.md');

/** Files of a release by their names, or by their paths where it has directories. */
export type Delivery = ReadonlyMap<string, Buffer>;

/** Checks a release as a customer who has the public key: by the guide's commands, and by the action as the guide shows it. */
export async function expectDelivered(delivery: Delivery, publicKey: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'customer-'));
  try {
    const release = join(directory, 'release');
    for (const [name, bytes] of delivery) {
      await mkdir(dirname(join(release, name)), { recursive: true });
      await writeFile(join(release, name), bytes);
    }
    await writeFile(join(directory, 'public-key.pem'), publicKey);
    const signatures = [...delivery.keys()].filter((name) => name.endsWith('.sign')).length;
    const [whole = ''] = shellBlocksOf(GUIDE, 'A whole directory');
    const output = `files with a valid signature: ${signatures}\n`;
    expect(await runAlone(whole, directory)).toEqual({ status: 0, output });
    if (delivery.has('SHA256SUMS')) {
      const [list = ''] = shellBlocksOf(GUIDE, 'A list of checksums');
      const { status, output: lines } = await runAlone(list, directory);
      expect(status, lines).toBe(0);
    }
    const inputs = { ...inputsOf(GUIDE, 'With the action'), 'verify-key': publicKey };
    const run = await runAction({ actionDirectory: ACTION_DIRECTORY, workspace: directory, inputs });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs['verified-count']).toBe(String(signatures));
    await rm(run.runnerTemp, { recursive: true, force: true });
    if (delivery.has('verify.html')) await expectGenuineInBrowser(release, delivery);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Opens the page that came with the release, as a customer with nothing but a browser, and gives it everything. */
async function expectGenuineInBrowser(release: string, delivery: Delivery): Promise<void> {
  const tab = await launchChromium();
  try {
    await tab.open(join(release, 'verify.html'));
    await until(tab, `document.body.dataset.state === 'ready'`);
    const names = [...delivery.keys()];
    await tab.choose(
      '#files',
      names.map((name) => join(release, name)),
    );
    const { headline, rows } = await results(tab);
    const companions = ['VERIFY.md', 'signing-manifest.json', 'verify.html'];
    const expected = names
      .filter((name) => !name.endsWith('.sign'))
      .map((name) => [name, companions.includes(name) ? 'companion' : 'genuine']);
    expect(Object.fromEntries(rows.map(({ name, kind }) => [name, kind]))).toEqual(Object.fromEntries(expected));
    expect(headline).toMatch(/^All \d+ files are (genuine: )?signed with key /);
  } finally {
    await tab.close();
  }
}
