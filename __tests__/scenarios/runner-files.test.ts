import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';
import { startAuthority } from '../timestamp/authority.ts';

const FILES = { 'dist/a': 'aaa' };

describe.each(['GITHUB_OUTPUT', 'GITHUB_STATE'])('%s that cannot be written', (variable) => {
  test.each([
    ['is a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
    ['is a link', (path: string) => symlinkSync('/dev/null', path)],
    ['is a directory', (path: string) => mkdirSync(path)],
    ['is not there', () => {}],
  ])('because it %s makes the step red before any key is written and any request is made', async (_, make) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const path = join(scenario.workspace, 'planted');
    make(path);
    const run = await scenario.red({}, { env: { [variable]: path }, timeoutMs: 20_000 });
    expect(run.log).toMatch(new RegExp(`OUTPUT_UNWRITABLE[\\s\\S]*${variable}`));
    expect(run.annotations.filter(({ type }) => type === 'error').length, run.log).toBe(1);
    expect(scenario.service.counters.connections).toBe(0);
    expect(scenario.results.artifacts).toEqual([]);
    expect(await scenario.signatures()).toEqual([]);
  });
});

describe('a file of the runner that is a file of the release', () => {
  const SUFFIXED = { ...FILES, 'dist/a.sign': '' };
  test.each([
    ['GITHUB_OUTPUT', 'dist/a', 'dist/a', 'sign'],
    ['GITHUB_STATE', 'dist/a', 'dist/a', 'sign'],
    ['GITHUB_STEP_SUMMARY', 'dist/a', 'dist/a', 'sign'],
    ['GITHUB_OUTPUT', 'dist/a', 'dist/a', 'verify'],
    ['GITHUB_STEP_SUMMARY', 'dist/a', 'dist/a', 'rehearse'],
    ['GITHUB_OUTPUT', 'dist/a', 'hard link to dist/a', 'sign'],
    ['GITHUB_OUTPUT', 'dist/a.sign', 'dist/a.sign', 'sign'],
    ['GITHUB_STEP_SUMMARY', 'SUMS', 'SUMS', 'sign'],
  ])('%s: %s by way of %s is refused in mode %s, and nothing is written into it', async (variable, path, way, mode) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { ...SUFFIXED, SUMS: '' } });
    const at = (name: string): string => join(scenario.workspace, name);
    if (way !== path) linkSync(at(path), at('a link'));
    const before = readFileSync(at(path), 'utf8');
    const inputs = { mode, checksums: 'SUMS', 'verify-key': scenario.service.credentials.verifyKeyPem };
    const run = await scenario.run(inputs, { env: { [variable]: at(way === path ? path : 'a link') } });
    expect([run.exitCode, run.log], run.log).toEqual([1, expect.stringContaining('OUTPUT_COLLISION')]);
    expect(run.log).toContain(`${variable} names ${path}: `);
    expect(scenario.service.counters.connections).toBe(0);
    expect(readFileSync(at(path), 'utf8')).toBe(before);
  });

  test.each([
    ['GITHUB_OUTPUT', 'red', 1],
    ['GITHUB_STEP_SUMMARY', 'green with a warning', 0],
    // As where the number of the file was given to a file of the release, to which its path then is a link.
    ['GITHUB_OUTPUT', 'red, though it is the first file', 1],
  ])('%s that becomes one while the step runs gets nothing, and the step is %s', async (variable, how, exitCode) => {
    let replaced = false;
    const script = (): undefined => {
      if (replaced) return;
      replaced = true;
      if (how.includes('first file')) linkSync(at('outputs'), at('other'));
      else {
        rmSync(at('outputs'));
        linkSync(at('dist/a'), at('outputs'));
      }
    };
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { ...FILES, outputs: '' },
      service: { script },
    });
    const at = (name: string): string => join(scenario.workspace, name);
    const run = await scenario.run({ files: 'dist' }, { env: { [variable]: at('outputs') } });
    expect(replaced).toBe(true);
    expect(readFileSync(at('dist/a'), 'utf8')).toBe('aaa');
    expect(run.exitCode, run.log).toBe(exitCode);
    expect(run.log).toContain(`The file of ${variable} was replaced while this step ran.`);
  });

  test('is none when it lies beside them', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { ...FILES, outputs: '' } });
    await scenario.green({ files: 'dist' }, { env: { GITHUB_OUTPUT: join(scenario.workspace, 'outputs') } });
    expect(await scenario.read('outputs')).toContain('signed-count');
  });
});

test('a run that turns red at its very end, because its outputs cannot be written, leaves nothing about the release', async () => {
  let path = '';
  const breakOutputs = (): undefined => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
  };
  await using authority = await startAuthority();
  await using scenario = await createScenario({ files: FILES, service: { script: breakOutputs } });
  path = join(scenario.workspace, 'outputs');
  writeFileSync(path, '');
  const inputs = {
    'verify-key': scenario.service.credentials.verifyKeyPem,
    checksums: 'SHA256SUMS',
    'timestamp-url': authority.url,
    'timestamp-chain': authority.root,
    'verification-kit': 'kit',
    manifest: 'manifest.json',
  };
  const run = await scenario.run(inputs, { env: { GITHUB_OUTPUT: path } });
  expect([run.exitCode, run.log]).toEqual([1, expect.stringContaining('The file of GITHUB_OUTPUT')]);
  expect(scenario.service.counters.signed).toBe(6);
  const left = readdirSync(scenario.workspace, { recursive: true, encoding: 'utf8' });
  expect(left.map((name) => name.replaceAll('\\', '/')).sort()).toEqual([
    'dist',
    'dist/a',
    'dist/a.sign',
    'kit',
    'outputs',
  ]);
});

test.each([
  ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
  ['a directory', (path: string) => mkdirSync(path)],
])('a summary that is %s is a warning, and the step is green', async (_, make) => {
  await using scenario = await createScenario({ files: FILES });
  const path = join(scenario.workspace, 'planted');
  make(path);
  const run = await scenario.green(
    { 'cert-expiry-warning-days': '0' },
    { env: { GITHUB_STEP_SUMMARY: path }, timeoutMs: 20_000 },
  );
  const warnings = run.annotations.filter(({ type }) => type === 'warning');
  expect(warnings.map(({ message }) => message)).toEqual(['The file of GITHUB_STEP_SUMMARY is not a regular file.']);
});

test('an event payload that is a FIFO does not hang the step', async () => {
  await using scenario = await createScenario({ files: FILES });
  const path = join(scenario.workspace, 'planted');
  execFileSync('mkfifo', [path]);
  const env = { GITHUB_EVENT_PATH: path, GITHUB_EVENT_NAME: 'workflow_run' };
  const run = await scenario.run({}, { env, timeoutMs: 20_000 });
  expect(run.log).toContain('WORKFLOW_RUN_OF_FORK');
});

test('variables that are not set are not an error', async () => {
  await using scenario = await createScenario({ files: FILES });
  const env = { GITHUB_OUTPUT: undefined, GITHUB_STATE: undefined, GITHUB_STEP_SUMMARY: undefined };
  const run = await scenario.green({ upload: 'false' }, { env });
  expect(run.rawLog.toString()).not.toMatch(/::set-output|::save-state/);
});

test.each(['--tls-keylog=keys', '--inspect=0'])('a mode that holds a key does not run with %s', async (option) => {
  await using scenario = await createScenario({ files: FILES });
  const env = { NODE_OPTIONS: option };
  for (const mode of ['sign', 'preflight']) {
    const run = await scenario.red({ mode }, { env });
    expect(run.log).toContain('NODE_OPTIONS_REFUSED');
  }
  expect(scenario.service.counters.connections).toBe(0);
  const rehearsed = await scenario.green({ mode: 'rehearse', upload: 'false' }, { env });
  expect(rehearsed.log).toContain(`NODE_OPTIONS with ${option.split('=')[0]}`);
});

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not reach libraries that give no option of their own', async () => {
  await using scenario = await createScenario({ files: FILES });
  const spy = join(scenario.workspace, 'spy.cjs');
  const seen = join(scenario.workspace, 'seen');
  // At the exit of a process its log may be cut off, and a second thread has an environment of its own.
  writeFileSync(
    spy,
    `if (require('worker_threads').isMainThread) process.on('exit', () =>
      require('fs').appendFileSync(${JSON.stringify(seen)}, 'left: ' + process.env.NODE_TLS_REJECT_UNAUTHORIZED + ';'));`,
  );
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: `--require=${JSON.stringify(spy)}` };
  const run = await scenario.run({}, { env });
  // The post step, which connects to nothing, comes after.
  expect(readFileSync(seen, 'utf8'), run.log).toMatch(/^left: undefined;/);
  expect(run.log).toContain('NODE_OPTIONS with --require, NODE_TLS_REJECT_UNAUTHORIZED.');
});

test('a failure because of an option that changes Node itself is reported as such, not as a defect', async () => {
  await using scenario = await createScenario({ files: FILES });
  // The client of the artifact service does not load among frozen objects.
  const frozen = await scenario.red({}, { env: { NODE_OPTIONS: '--frozen-intrinsics' } });
  expect(frozen.log).toMatch(/NODE_CHANGED: Node runs with --frozen-intrinsics/);
  expect(frozen.log).not.toContain('This is a defect');
  const manifest = JSON.parse(readFileSync(frozen.outputs['manifest'] ?? '', 'utf8'));
  expect(manifest.failure.code).toBe('NODE_CHANGED');
  const { connections } = scenario.service.counters;
  const jitless = await scenario.run({}, { env: { NODE_OPTIONS: '--jitless' } });
  expect(jitless.log).toMatch(/NODE_CHANGED: Node runs with --jitless/);
  expect(scenario.service.counters.connections).toBe(connections);
});
