import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { runAction } from '../../tools/runner/runner.ts';
import { readDocument, shellBlocksOf } from '../docs/document.ts';
import { runAlone } from '../docs/shell.ts';
import { inputsOf } from '../docs/workflow.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

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
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
