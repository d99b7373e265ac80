import { createPublicKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { totalsOf } from '../../src/report/report.ts';
import { plant } from '../files/trees.ts';
import { signers } from '../verifying/signers.ts';
import { inProcess } from './in-process.ts';

const { privateKey } = signers['ec-p256'];
const publicKey = createPublicKey(privateKey);
const VERIFY = {
  mode: 'verify',
  files: 'dist/**',
  'verify-key': String(publicKey.export({ type: 'spki', format: 'pem' })),
};

function signed(count: number, directory = ''): Record<string, string> {
  const names = Array.from({ length: count }, (_, at) => `dist/${at}`);
  const signatures = names.map((name) => [
    `${directory}${name}.sign`,
    sign('sha256', Buffer.from(name), privateKey).toString('base64'),
  ]);
  return Object.fromEntries([...names.map((name) => [name, name]), ...signatures]);
}

test('a verification that is cancelled keeps what it knows, and leaves no timer', async () => {
  const openGroup = (title: string): void => {
    if (title === 'Checking') setImmediate(() => cancel.abort(new Error('stopped')));
  };
  const { context, workspace, cancel, timers } = inProcess(VERIFY, { openGroup });
  plant(workspace, signed(600));
  const report = await main(context);
  const { verified, notTried, files } = totalsOf(report);
  expect(files).toBe(600);
  expect(verified).toBeGreaterThan(0);
  expect(notTried).toBeGreaterThan(0);
  expect(report.outcomes.filter(({ status }) => status === 'verified')).toHaveLength(verified);
  expect(timers.size).toBe(0);
});

test('results are kept when the search for orphans fails', async () => {
  const { context, workspace } = inProcess({ ...VERIFY, 'output-dir': 'out' });
  plant(workspace, signed(3, 'out/'));
  writeFileSync(
    Buffer.concat([Buffer.from(join(workspace, 'out/dist/')), Buffer.from([0xff]), Buffer.from('.sign')]),
    '',
  );
  const report = await main(context);
  expect(report.failure?.code).toBe('FILE_NAME_NOT_UTF8');
  expect(totalsOf(report)).toMatchObject({ files: 3, verified: 3, notTried: 0 });
});

test('a file that appears while the others are checked is a finding', async () => {
  const openGroup = (title: string): void => {
    if (title === 'Checking') writeFileSync(join(workspace, 'dist/late'), 'x');
  };
  const { context, workspace } = inProcess(VERIFY, { openGroup });
  plant(workspace, signed(3));
  const report = await main(context);
  expect(report.outcomes.filter(({ error }) => error).map(({ file, error }) => [file.path, error?.code])).toEqual([
    ['dist/late', 'FILE_APPEARED'],
  ]);
  expect(totalsOf(report)).toMatchObject({ files: 3, verified: 3, failed: 1 });
});
