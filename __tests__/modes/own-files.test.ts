import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { plant } from '../files/trees.ts';
import { signers } from '../verifying/signers.ts';
import { inProcess } from './in-process.ts';

const PUBLIC_KEY = createPublicKey(signers['ec-p256'].privateKey).export({ type: 'spki', format: 'pem' });
const VERIFY = { mode: 'verify', files: 'dist/**', 'verify-key': String(PUBLIC_KEY) };

test.each([
  ['below a file', 'dist/a/manifest.json', 'EEXIST'],
  ['with a name that is too long', 'n'.repeat(300), process.platform === 'win32' ? 'ENOENT' : 'ENAMETOOLONG'],
])('a manifest %s is told as what it is', async (_, manifest, code) => {
  const { context, workspace } = inProcess({ ...VERIFY, manifest });
  plant(workspace, { 'dist/a': 'a' });
  const { failure } = await main(context);
  expect(failure).toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
    message: expect.stringContaining(`(${code})`),
  });
});

test.each([
  ['upper-case', `${'A'.repeat(64)}  dist/a\n`],
  ['of BSD', `SHA256 (dist/a) = ${'a'.repeat(64)}\n`],
])('checksums of another form, %s, are in nobody’s way when only read', async (_, text) => {
  const { context, workspace } = inProcess({ ...VERIFY, checksums: 'SHA256SUMS' });
  plant(workspace, { 'dist/a': 'a', SHA256SUMS: text });
  const { failure } = await main(context);
  expect(failure?.code).toBe('SIGNATURE_MISSING');
});
