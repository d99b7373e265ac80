import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';
import { status } from '../rehearsal/fault-samples.ts';
import type { Fault } from '../rehearsal/faulty-service.ts';

describe('two files that would be written at one path are an error before the first request', () => {
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
    [
      'checksums and a release file of the same name, with output-dir',
      { 'release/SHA256SUMS': 'of the build', 'release/a': 'a' },
      { root: 'release', files: '**', 'output-dir': 'signed', checksums: 'SHA256SUMS' },
    ],
    [
      'the manifest and a release file of the same name, with output-dir',
      { 'release/release.json': '{}', 'release/a': 'a' },
      { root: 'release', files: '**', 'output-dir': 'signed', manifest: 'release.json' },
    ],
    [
      'a rehearsal’s key and a signature, by the suffix',
      { 'dist/a': 'a', 'rehearsal-key': 'b' },
      { mode: 'rehearse', files: 'rehearsal-key', suffix: '.pem' },
    ],
  ])('%s', async (_, files, inputs) => {
    await using scenario = await createScenario({ runScript: runInProcess, files });
    const run = await scenario.red(inputs);
    expect(run.log).toContain('OUTPUT_COLLISION');
    expect(run.outputs['request-count']).toBe('0');
    expect(await scenario.signatures()).toEqual([]);
  });

  test('but a file that a link to its directory shows a second time is written once more, and sound', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/lib/a': 'a' } });
    symlinkSync('lib', join(scenario.workspace, 'dist/alias'));
    const run = await scenario.green({
      'follow-symbolic-links': 'true',
      'verify-key': scenario.service.credentials.verifyKeyPem,
      upload: 'false',
    });
    expect(run.outputs['file-count']).toBe('2');
  });
});

const FOREIGN = ['no base64!', '', '\u0000', 'x'.repeat(64 * 1024 + 1)];

test.each(FOREIGN)('a .sign that is no signature is not replaced: %j', async (text) => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/lib': 'a', 'dist/lib.sign': text },
  });
  const run = await scenario.red({ 'verify-key': scenario.service.credentials.verifyKeyPem });
  expect(run.log).toContain(
    'OUTPUT_OCCUPIED: 1 path to be written holds what this action did not write: dist/lib.sign.',
  );
  expect(scenario.service.counters.connections).toBe(0);
  expect(await scenario.read('dist/lib.sign')).toBe(text);
});

test('without a key, any text that a service may answer is taken for a signature of an earlier run', async () => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/lib': 'a', 'dist/lib.sign': 'line one\r\nline two\n' },
  });
  await scenario.green({ upload: 'false' });
});

test('checksums that a build wrote are neither replaced, nor removed by a run that fails', async () => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/a': 'a', SHA256SUMS: `${'a'.repeat(64)}  dist/a\n` },
    service: { script: () => status(400) },
  });
  const before = await scenario.read('SHA256SUMS');
  const run = await scenario.red({ checksums: 'SHA256SUMS' });
  expect(run.log).toContain('OUTPUT_OCCUPIED');
  expect(scenario.service.counters.requests).toBe(0);
  expect(await scenario.read('SHA256SUMS')).toBe(before);
});

describe.each(['sign', 'rehearse'])('a file where a directory would have to be, in mode %s', (mode) => {
  test.each<[Readonly<Record<string, string>>, string]>([
    [{ checksums: 'dist/a/SUMS' }, 'dist/a/SUMS'],
    [{ checksums: 'dist/a/b/SUMS' }, 'dist/a/b/SUMS'],
    [{ manifest: 'dist/a/release.json' }, 'dist/a/release.json'],
    [{ 'verification-kit': 'dist/a/kit' }, 'dist/a/kit/verify.html'],
    [{ 'output-dir': 'signatures' }, 'dist/a.sign'],
  ])('%j is an error before the first request, and earlier signatures stay', async (inputs, path) => {
    const files = { 'dist/a': 'a', 'dist/a.sign': 'b2xk', 'signatures/dist': 'in the way' };
    await using scenario = await createScenario({ runScript: runInProcess, files });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    const run = await scenario.run({ mode, upload: 'false', ...key, ...inputs });
    expect([run.exitCode, run.outputs['request-count']], run.log).toEqual([1, '0']);
    // Which of a file and its signature is looked at first depends on the system.
    const sentence =
      /OUTPUT_UNWRITABLE: (.*?)(?:\.sign)? cannot be written: something else is in its place \(ENOTDIR\)/;
    expect(sentence.exec(run.log)?.[1], run.log).toBe(path.replace(/\.sign$/, ''));
    expect(await scenario.read('dist/a.sign')).toBe('b2xk');
  });

  test('but a directory that is not there is made', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
    await scenario.green({ mode, upload: 'false', checksums: 'new/below/SUMS' });
  });
});

test('one error lists everything that is in the way', async () => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/a\\b': 'a', 'dist/c': 'c', 'package.json': '{}', SUMS: 'mine', 'dist/file': 'f' },
  });
  mkdirSync(join(scenario.workspace, 'dist/c.sign'));
  const run = await scenario.red({ manifest: 'package.json', checksums: 'SUMS' });
  expect(run.log).toContain('OUTPUT_INVALID');
  expect(run.log).toContain('ARTIFACT_NAME_REFUSED: 1 path cannot be in a workflow artifact: dist/a\\b.sign');
  expect(run.log).toMatch(/OUTPUT_OCCUPIED: 3 paths .*dist\/c\.sign, SUMS, package\.json/);
  expect(scenario.service.counters.connections).toBe(0);
  expect(await scenario.read('package.json')).toBe('{}');
});

test('a run that fails removes the checksums and the signature of the manifest that it wrote', async () => {
  // Two files, the checksums, and then the manifest.
  const script = ({ index }: { readonly index: number }): Fault | undefined => (index > 2 ? status(400) : undefined);
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/a': 'a', 'dist/b': 'b' },
    service: { script },
  });
  const run = await scenario.red({ manifest: 'release.json', checksums: 'SUMS' });
  expect(run.outputs).toMatchObject({ mode: '', checksums: '', 'signed-count': '2' });
  expect(await scenario.signatures()).toEqual(['dist/a.sign', 'dist/b.sign']);
  await expect(scenario.read('SUMS')).rejects.toThrow('ENOENT');
  expect(JSON.parse(await scenario.read('release.json'))).toHaveProperty('failure');
  expect(scenario.results.artifacts).toEqual([]);
});

test('a verification leaves the manifest of the signing as it is, and replaces its own', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
  const inputs = { manifest: 'release.json', 'verify-key': scenario.service.credentials.verifyKeyPem };
  await scenario.green(inputs);
  const before = await scenario.read('release.json');
  const verified = await scenario.green({ ...inputs, mode: 'verify' });
  expect(await scenario.read('release.json')).toBe(before);
  expect(JSON.parse(await readFile(verified.outputs['manifest'] ?? '', 'utf8'))).toMatchObject({ mode: 'verify' });
  for (const _ of [1, 2]) {
    await scenario.green({ ...inputs, mode: 'verify', manifest: 'verified.json' });
    expect(JSON.parse(await scenario.read('verified.json'))).toMatchObject({ mode: 'verify' });
  }
});

test('a signature beside a path that cannot be signed is removed', async () => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/a': 'a', 'dist/link.sign': 'c2lnbmVk' },
  });
  symlinkSync('/etc/hostname', join(scenario.workspace, 'dist/link'));
  const run = await scenario.red();
  expect(run.log).toContain('LINK_OUTSIDE');
  expect(await scenario.signatures()).toEqual(['dist/a.sign']);
});

test('a workspace that is reached by a link keeps its manifest, checksums and signatures from run to run', async () => {
  await using scenario = await createScenario({ files: { 'dist/a': 'a' } });
  const link = `${scenario.workspace} link`;
  symlinkSync(scenario.workspace, link);
  const inputs = { manifest: 'm/release.json', checksums: 'm/SUMS', upload: 'false' };
  await mkdir(join(scenario.workspace, 'm'));
  for (const _ of [1, 2]) {
    await scenario.green(inputs, { workspace: link });
  }
  writeFileSync(join(scenario.workspace, 'm/release.json'), 'mine');
  await writeFile(join(scenario.workspace, 'm/SUMS'), 'mine');
  expect((await scenario.run(inputs, { workspace: link })).log).toContain('m/SUMS, m/release.json');
});
