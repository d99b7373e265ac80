import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';
import { status } from '../rehearsal/fault-samples.ts';
import type { Fault } from '../rehearsal/faulty-service.ts';

const FILES = { 'dist/a.bin': 'the release', 'dist/b.bin': 'more of it', 'package.json': '{"name":"x"}' };

describe('manifest and checksums never replace what is not ours', () => {
  test.each([
    ['a release file as manifest', 'sign', { manifest: 'dist/a.bin' }],
    ['a release file, by a detour', 'sign', { manifest: './dist/../dist/a.bin' }],
    ['a release file as checksums', 'sign', { checksums: 'dist/a.bin' }],
    ['a source file', 'sign', { manifest: 'package.json' }],
    ['a directory', 'sign', { manifest: 'dist' }],
    ['a release file, when only verifying', 'verify', { manifest: 'dist/a.bin' }],
    ['a release file, when rehearsing', 'rehearse', { manifest: 'dist/a.bin' }],
    ['a signature', 'sign', { manifest: 'dist/a.bin.sign' }],
    ['a signature as checksums', 'sign', { checksums: 'dist/a.bin.sign' }],
    ['both at one place', 'sign', { manifest: 'x.txt', checksums: 'X.txt' }],
    ['a manifest of another shard', 'sign', { manifest: 'm.json', checksums: 'm-2-of-2.json', shard: '1/2' }],
    ['something in .git', 'sign', { manifest: '.git/config' }],
  ])('%s (mode %s)', async (_, mode, inputs) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.red({ ...inputs, mode, 'verify-key': scenario.service.credentials.verifyKeyPem });
    expect(run.log).toMatch(/OUTPUT_OCCUPIED|INPUT_INVALID/);
    expect(scenario.service.counters.connections).toBe(0);
    for (const [name, text] of Object.entries(FILES)) expect(await scenario.read(name)).toBe(text);
  });

  test('an earlier manifest and earlier checksums are replaced', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const inputs = { manifest: 'release.json', checksums: 'SHA256SUMS', upload: 'false' };
    await scenario.green(inputs);
    await scenario.green(inputs);
  });
});

describe('an earlier receipt does not pass for that of a run that fails', () => {
  const inputs = { manifest: 'release.json', checksums: 'SHA256SUMS', upload: 'false' };
  const SIGNED = ['SHA256SUMS', 'SHA256SUMS.sign', 'release.json', 'release.json.sign'];
  const names = async (workspace: string): Promise<string[]> =>
    (await readdir(workspace)).filter((name) => /^(SHA|release)/.test(name)).toSorted();

  test('checksums and their signature are removed before the first request', async () => {
    let broken = false;
    const script = (): Fault | undefined => (broken ? status(400) : undefined);
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, service: { script } });
    await scenario.green(inputs);
    expect(await names(scenario.workspace)).toEqual(SIGNED);
    broken = true;
    const run = await scenario.red(inputs);
    expect(run.outputs['checksums']).toBe('');
    expect(await names(scenario.workspace)).toEqual(['release.json']);
    expect(JSON.parse(await scenario.read('release.json'))).toMatchObject({ totals: { signed: 0 } });
  });

  test('a manifest is replaced also when the run ends before it knows its files', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await scenario.green(inputs);
    await writeFile(Buffer.concat([Buffer.from(`${scenario.workspace}/dist/`), Buffer.from([0xff])]), '');
    const run = await scenario.red(inputs);
    expect(run.log).toContain('FILE_NAME_NOT_UTF8');
    expect(await names(scenario.workspace)).toEqual(['SHA256SUMS', 'SHA256SUMS.sign', 'release.json']);
    expect(JSON.parse(await scenario.read('release.json'))).toMatchObject({
      failure: { code: 'FILE_NAME_NOT_UTF8' },
      files: [],
    });
  });

  test('a rehearsal touches neither', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await scenario.green(inputs);
    const before = await scenario.read('release.json');
    await scenario.green({ ...inputs, mode: 'rehearse' });
    expect(await scenario.read('release.json')).toBe(before);
    expect(await names(scenario.workspace)).toEqual(SIGNED);
  });

  test('what is complete stays: only the manifest, which is new each time, is signed again', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const more = { ...inputs, 'verify-key': scenario.service.credentials.verifyKeyPem };
    for (const requests of [4, 5, 6]) {
      await scenario.green(more);
      expect(scenario.service.counters.requests).toBe(requests);
    }
  });
});

describe('output-dir', () => {
  test('may not lead out of the workspace through a link', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await symlink(outside, join(scenario.workspace, 'o'));
    for (const directory of ['o', 'o/deeper', '.git/x', 'dist/a.bin', 'dist/a.bin/x']) {
      const run = await scenario.run({ 'output-dir': directory, files: 'dist' });
      expect(run.exitCode, directory).toBe(1);
      expect(run.log).toContain('Input output-dir ');
    }
    expect(scenario.service.counters.connections).toBe(0);
    await rm(outside, { recursive: true });
  });

  test('may not be a link, nor lie behind one: what it leads to is signed, or not, by another name', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await symlink('dist', join(scenario.workspace, 'signatures'));
    for (const directory of ['signatures', 'signatures/new']) {
      const run = await scenario.run({ 'output-dir': directory, files: '**' });
      expect(run.exitCode, directory).toBe(1);
      expect(run.log).toContain('Input output-dir leads through a link to');
    }
    expect(await scenario.signatures()).toEqual([]);
  });

  test('may be below RUNNER_TEMP, for a tree that cannot be written', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const runnerTemp = await mkdtemp(join(tmpdir(), 'runner-temp-'));
    await scenario.green({ 'output-dir': join(runnerTemp, 'signed'), files: 'dist' }, { runnerTemp });
    expect(await scenario.signatures()).toEqual([]);
    await rm(runnerTemp, { recursive: true });
  });
});

test('without RUNNER_TEMP nothing is written into the checkout', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const run = await scenario.green({ upload: 'false' }, { env: { RUNNER_TEMP: undefined } });
  expect(run.outputs['manifest']?.startsWith(scenario.workspace)).toBe(false);
  await rm(join(run.outputs['manifest'] ?? '', '..'), { recursive: true });
});

test('a short secret does not turn outputs into stars', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES, service: { appSecret: '1' } });
  const run = await scenario.green({ upload: 'false' });
  expect(run.outputs).toMatchObject({ mode: 'sign', 'request-count': '2' });
  expect(run.outputs['cert-expires']).toMatch(/^\d{4}-\d\d-\d\dT/);
});

describe('a private key at the wrong place', () => {
  test.each([
    ['verify-key, as base64 of DER', (pem: string) => ({ 'verify-key': pem.replace(/-----[^-]+-----|\s/g, '') })],
    ['mode', (pem: string) => ({ mode: pem })],
    ['concurrency, as base64 of DER', (pem: string) => ({ concurrency: pem.replace(/-----[^-]+-----|\s/g, '') })],
  ])('%s, is not shown', async (_, inputs) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await using other = await createScenario({ runScript: runInProcess, files: {} });
    const { key } = other.service.credentials;
    const run = await scenario.red(inputs(key));
    const printed = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary;
    const line = key.split('\n')[1] ?? '';
    for (let at = 0; at + 20 <= line.length; at += 10) expect(printed).not.toContain(line.slice(at, at + 20));
  });
});

test('a root that is not there is an error, whatever becomes of empty patterns', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  await mkdir(join(scenario.workspace, 'x'));
  await writeFile(join(scenario.workspace, 'x/file'), '');
  for (const root of ['nope', 'x/file']) {
    const run = await scenario.red({ root, 'if-no-files-found': 'ignore' });
    expect(run.log).toContain('Input root is not an existing directory');
  }
});

test('a workspace behind a link is the same place by its real path, for every input that is a path', async () => {
  await using scenario = await createScenario({ files: FILES });
  const real = await realpath(scenario.workspace);
  const workspace = `${scenario.workspace}-alias`;
  await symlink(real, workspace);
  const cases = [
    { files: `${real}/dist/**` },
    { files: '**', root: `${real}/dist` },
    { files: 'dist', 'output-dir': `${real}/signed` },
    { files: 'dist', manifest: `${real}/receipt.json`, checksums: `${real}/SUMS` },
  ];
  for (const inputs of cases) {
    const run = await scenario.run({ ...inputs, upload: 'false' }, { workspace });
    expect(run.exitCode, `${JSON.stringify(inputs)} ${run.log}`).toBe(0);
    expect(run.outputs['file-count']).toBe('2');
  }
});
