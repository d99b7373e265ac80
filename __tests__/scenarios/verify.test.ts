import { generateKeyPairSync } from 'node:crypto';
import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';

const FILES = { 'dist/a': 'aaa', 'dist/b': 'bbb', 'dist/c': 'ccc', 'dist/d': 'ddd' };
const OFFLINE = { cert: '', key: '', chain: '', 'app-key': '', 'app-secret': '', 'server-url': '', mode: 'verify' };

async function signed(): Promise<{ scenario: Scenario; inputs: Record<string, string> }> {
  const scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { 'verify-key': scenario.service.credentials.verifyKeyPem };
  await scenario.green({ ...inputs, upload: 'false' });
  return { scenario, inputs: { ...OFFLINE, ...inputs } };
}

describe('mode verify', () => {
  test('is green when every file has a valid signature, and makes no connection', async () => {
    const { scenario, inputs } = await signed();
    await using _ = scenario;
    const before = scenario.service.counters.connections;
    const run = await scenario.green(inputs);
    expect(run.outputs).toMatchObject({
      mode: 'verify',
      'file-count': '4',
      'verified-count': '4',
      'failed-count': '0',
      'request-count': '0',
    });
    expect(scenario.service.counters.connections).toBe(before);
    expect(scenario.results.artifacts).toEqual([]);
  });

  test('names missing, invalid and orphaned signatures apart, all of them in one run', async () => {
    const { scenario, inputs } = await signed();
    await using _ = scenario;
    const at = (name: string): string => join(scenario.workspace, 'dist', name);
    await rm(at('a.sign'));
    await writeFile(at('b'), 'changed');
    await rename(at('c'), join(scenario.workspace, 'gone'));
    const run = await scenario.red(inputs);
    expect(run.outputs).toMatchObject({ 'file-count': '3', 'verified-count': '1', 'failed-count': '3' });
    const titles = run.annotations.filter(({ type }) => type === 'error').map(({ title }) => title);
    expect(new Set(titles)).toEqual(new Set(['SIGNATURE_INVALID', 'SIGNATURE_MISSING', 'SIGNATURE_ORPHANED']));
    expect(run.log).toMatch(/SIGNATURE_MISSING[\s\S]*dist\/a/);
    expect(run.log).toMatch(/SIGNATURE_INVALID[\s\S]*dist\/b/);
    expect(run.log).toMatch(/SIGNATURE_ORPHANED[\s\S]*dist\/c/);
  });

  test.each([
    ['another key', async () => ({ 'verify-key': (await createPki()).signingPublicKeyPem })],
    ['another encoding', async () => ({ 'signature-encoding': 'hex' })],
  ])('fails with %s', async (_, more) => {
    const { scenario, inputs } = await signed();
    await using __ = scenario;
    const run = await scenario.red({ ...inputs, ...(await more()) });
    expect(run.outputs['failed-count']).toBe('4');
  });

  test('names the algorithm that a signature is valid for', async () => {
    const { scenario, inputs } = await signed();
    await using _ = scenario;
    const run = await scenario.red({ ...inputs, 'signature-algorithm': 'ecdsa-sha512' });
    expect(run.log).toContain('signature-algorithm: ecdsa-sha256');
  });

  test.each([
    ['a newline behind it', (text: string) => `${text}\n`],
    ['a blank in it', (text: string) => `${text.slice(0, 20)} ${text.slice(20)}`],
    ['its padding gone', (text: string) => text.replace(/=+$/, '').slice(0, -1)],
    ['nothing in it', () => ''],
    ['a huge size', () => 'A'.repeat(70_000)],
  ])('does not accept a signature file with %s', async (_, mangle) => {
    const { scenario, inputs } = await signed();
    await using __ = scenario;
    const file = join(scenario.workspace, 'dist/a.sign');
    await writeFile(file, mangle(await scenario.read('dist/a.sign')));
    const run = await scenario.red(inputs);
    expect(run.outputs['failed-count']).toBe('1');
  });

  test('looks in output-dir when the signatures are there', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const inputs = { 'verify-key': scenario.service.credentials.verifyKeyPem, 'output-dir': 'out' };
    await scenario.run({ ...inputs, upload: 'false' });
    await scenario.green({ ...OFFLINE, ...inputs });
    await rm(join(scenario.workspace, 'dist/a'));
    const orphan = await scenario.run({ ...OFFLINE, ...inputs });
    expect(orphan.log).toContain('SIGNATURE_ORPHANED');
  });

  test('says when the key comes from the pull request itself', async () => {
    const { scenario, inputs } = await signed();
    await using _ = scenario;
    await writeFile(join(scenario.workspace, 'key.pem'), inputs['verify-key'] ?? '');
    const run = await scenario.green(
      { ...inputs, 'verify-key': 'key.pem' },
      { env: { GITHUB_EVENT_NAME: 'pull_request' } },
    );
    expect(
      run.annotations.some(
        ({ type, message }) => type === 'warning' && message.includes('whoever wrote the pull request'),
      ),
    ).toBe(true);
  });
});

test('a file that Ed25519 cannot check is named before any request', async () => {
  const publicKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await using scenario = await createScenario({
    files: { 'dist/small': 'x', 'dist/large': '' },
  });
  await truncate(join(scenario.workspace, 'dist/large'), 256 * 1024 * 1024 + 1);
  const run = await scenario.red({ 'verify-key': publicKey });
  expect(run.log).toMatch(/FILE_TOO_LARGE_FOR_ED25519: .*dist\/large/i);
  expect(scenario.service.counters.connections).toBe(0);
});
