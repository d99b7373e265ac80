import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, linkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { link, lstat, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { expectInvariants, meet } from './meeting.ts';

const run = promisify(execFile);
const at = (scenario: Scenario, name: string): string => join(scenario.workspace, 'dist', name);

test.concurrent('a file that vanishes, changes, grows or is replaced while it is signed fails alone', {
  tags: ['fault-58', 'fault-59'],
}, async () => {
  const names = ['vanishes', 'grows', 'changes', 'replaced'] as const;
  const { run, receipts, signed, errors } = await meet({
    files: { ...Object.fromEntries(names.map((name) => [name, undefined])), stays: undefined },
    inputs: { concurrency: '1' },
    onRequest(name, _, scenario) {
      const path = at(scenario, name);
      // The first goes before it is opened, the others while their answer is awaited.
      if (name === 'canary') rmSync(at(scenario, 'vanishes'));
      if (name === 'grows') appendFileSync(path, 'y');
      if (name === 'changes') writeFileSync(path, 'y'.repeat(12));
      if (name === 'replaced') {
        writeFileSync(`${scenario.workspace}/other`, 'y'.repeat(15));
        renameSync(`${scenario.workspace}/other`, path);
      }
    },
  });
  expect(run.exitCode).toBe(1);
  expect(signed).toEqual(['canary', 'stays']);
  expect(errors.toSorted()).toEqual(['FILE_CHANGED', 'FILE_VANISHED']);
  for (const name of names) {
    const code = name === 'vanishes' ? 'FILE_VANISHED' : 'FILE_CHANGED';
    expect(receipts[name], name).toMatchObject({ status: 'failed', error: { code } });
  }
  expect(run.log).toContain('Make sure that nothing writes to the build outputs while this step runs.');
});

test.concurrent('a file that is replaced by a link while it is signed fails alone', {
  tags: ['fault-58'],
}, async () => {
  const { receipts, signed, errors } = await meet({
    files: { linked: undefined, stays: undefined },
    inputs: { concurrency: '1' },
    onRequest(name, _, scenario) {
      if (name !== 'linked') return;
      rmSync(at(scenario, name));
      symlinkSync(at(scenario, 'stays'), at(scenario, name));
    },
  });
  expect(signed).toEqual(['canary', 'stays']);
  expect(errors).toEqual(['FILE_NOT_REGULAR']);
  expect(receipts['linked']).toMatchObject({ status: 'failed', error: { code: 'FILE_NOT_REGULAR' } });
});

test.concurrent('a name too long to take the suffix is found before the first request', {
  tags: ['fault-58'],
}, async () => {
  const long = 'n'.repeat(251);
  await using scenario = await createScenario({
    files: { 'dist/a': 'a', [`dist/${long}`]: 'b', [`dist/${long.slice(1)}`]: 'c' },
  });
  const result = await scenario.run();
  await expectInvariants(scenario, result);
  expect(result.exitCode).toBe(1);
  expect(result.log).toContain('FILE_NAME_TOO_LONG');
  expect(result.outputs).toMatchObject({ 'signed-count': '2', 'failed-count': '1' });
});

test.concurrent('FIFOs, sockets and bad links are refused by name, hard links and empty files are signed', {
  tags: ['fault-60', 'fault-61'],
}, async () => {
  await using scenario = await createScenario({ files: { 'dist/a': 'a', 'dist/empty': '', 'dist/deep/b': 'b' } });
  await run('mkfifo', [at(scenario, 'fifo')]);
  const server = createServer().listen(at(scenario, 'socket'));
  await once(server, 'listening');
  await link(at(scenario, 'a'), at(scenario, 'hard-link'));
  await symlink('nowhere', at(scenario, 'broken'));
  await symlink('loop', at(scenario, 'loop'));
  await symlink('/etc/hostname', at(scenario, 'outside'));
  await symlink('a', at(scenario, 'inside'));
  const result = await scenario.run();
  server.close();
  await expectInvariants(scenario, result);
  expect(result.exitCode).toBe(1);
  expect(await scenario.signatures()).toEqual([
    'dist/a.sign',
    'dist/deep/b.sign',
    'dist/empty.sign',
    'dist/hard-link.sign',
  ]);
  const { files } = JSON.parse(await readFile(result.outputs['manifest'] ?? '', 'utf8'));
  const codes = Object.fromEntries(
    files.map((file: { path: string; error?: { code: string } }) => [file.path, file.error?.code]),
  );
  expect(codes).toMatchObject({
    'dist/fifo': 'FILE_NOT_REGULAR',
    'dist/socket': 'FILE_NOT_REGULAR',
    'dist/broken': 'LINK_BROKEN',
    'dist/loop': 'LINK_BROKEN',
    'dist/outside': 'LINK_OUTSIDE',
  });
  // A link to what is signed under its own name is left out quietly.
  expect(codes).not.toHaveProperty('dist/inside');
  const warnings = result.annotations.filter(({ type }) => type === 'warning').map(({ title }) => title);
  expect(warnings).toContain('Empty files');
});

describe.concurrent('names', { tags: ['fault-62'] }, () => {
  test('that are not UTF-8 are refused with their bytes, before any connection', async () => {
    await using scenario = await createScenario({ files: { 'dist/a': 'a' } });
    await writeFile(Buffer.concat([Buffer.from(`${scenario.workspace}/dist/n`), Buffer.from([0xff, 0xfe])]), 'x');
    const result = await scenario.red();
    expect(result.log).toMatch(/FILE_NAME_NOT_UTF8.*bytes 6efffe/);
    expect(scenario.service.counters.connections).toBe(0);
    await expectInvariants(scenario, result);
  });

  test('that other systems take for one name, and unusual names, are each signed under their own name', async () => {
    const names = [
      'Read.me',
      'read.me',
      'caf\u00e9',
      'cafe\u0301',
      '-rf',
      '#x',
      '!y',
      'blank ',
      "qu'ote",
      '%2e',
      '$(id)',
      '~',
    ];
    await using scenario = await createScenario({
      files: Object.fromEntries(names.map((name) => [`dist/${name}`, name])),
    });
    const result = await scenario.run();
    await expectInvariants(scenario, result);
    expect(result.exitCode, result.log).toBe(0);
    expect(await scenario.signatures()).toHaveLength(names.length);
    const twins = result.annotations.find(({ title }) => title === 'Names that differ little')?.message ?? '';
    for (const name of names.slice(0, 4)) expect(twins).toContain(name);
  });
});

describe.concurrent('a path where a signature will be written', { tags: ['fault-63'] }, () => {
  test('with an older signature or a hard link is replaced; a .sign file is never signed', async () => {
    const files = { 'dist/b': 'b', 'dist/c': 'c', 'dist/c.sign': 'old', twin: 'precious' };
    await using scenario = await createScenario({ files });
    linkSync(join(scenario.workspace, 'twin'), at(scenario, 'b.sign'));
    const result = await scenario.green();
    await expectInvariants(scenario, result);
    expect(await scenario.read('twin')).toBe('precious');
    for (const name of ['b.sign', 'c.sign']) {
      const stat = await lstat(at(scenario, name));
      expect([stat.isFile(), stat.nlink], name).toEqual([true, 1]);
    }
    expect(scenario.service.counters.requests).toBe(2);
  });

  test('with a link or a directory stops the run before the first request', async () => {
    await using scenario = await createScenario({
      files: { 'dist/a': 'a', 'dist/b': 'b', 'dist/c': 'c', victim: 'precious' },
    });
    await mkdir(at(scenario, 'a.sign'));
    await symlink(join(scenario.workspace, 'victim'), at(scenario, 'b.sign'));
    const result = await scenario.red();
    expect(result.log).toContain(
      'OUTPUT_OCCUPIED: 2 paths to be written hold what this action did not write: dist/a.sign, dist/b.sign.',
    );
    expect(scenario.service.counters.requests).toBe(0);
    expect(await scenario.read('victim')).toBe('precious');
    for (const name of ['a.sign', 'b.sign']) await rm(at(scenario, name), { recursive: true });
    await expectInvariants(scenario, result);
  });

  test('a directory in the path that is a link to another place is not written through', async () => {
    await using scenario = await createScenario({ files: { 'dist/sub/a': 'a', 'elsewhere/x': 'x' } });
    await mkdir(join(scenario.workspace, 'out/dist'), { recursive: true });
    await symlink(join(scenario.workspace, 'elsewhere'), join(scenario.workspace, 'out/dist/sub'));
    const result = await scenario.red({ 'output-dir': 'out' });
    expect(result.log).toContain('OUTPUT_OUTSIDE');
    expect(await scenario.signatures()).toEqual([]);
  });
});

test.concurrent('a low limit of open files costs time and loses no file', async () => {
  const files = Object.fromEntries(Array.from({ length: 120 }, (_, number) => [`dist/f${number}`, `${number}`]));
  await using scenario = await createScenario({ files, service: { delayMs: 50 } });
  const { verifyKeyPem } = scenario.service.credentials;
  const result = await scenario.green(
    { 'verify-key': verifyKeyPem, upload: 'false' },
    { onStart: ({ pid }) => void execFileSync('prlimit', ['--pid', String(pid), '--nofile=40:40']) },
  );
  expect(result.outputs).toMatchObject({ 'signed-count': '120', 'failed-count': '0' });
  expect(result.log).toContain('This system allows no more open files and connections (EMFILE).');
  expect(result.log).not.toMatch(/INTERNAL|The service is in trouble/);
});

describe.concurrent('files that another program holds for a moment', () => {
  const held = { nodeArgs: ['--import', new URL('preload-held.ts', import.meta.url).href] };
  const files = { 'dist/a': 'a', 'dist/b': 'b', 'dist/b.sign': 'AAAA' };
  const more = { upload: 'false', checksums: 'sums', manifest: 'receipt.json', 'verification-kit': 'kit' };

  test('are signed, with everything that is written about the release, and verified', async () => {
    await using scenario = await createScenario({ files });
    const own = { ...more, 'verify-key': scenario.service.credentials.verifyKeyPem };
    const signing = await scenario.green(own, held);
    expect(signing.outputs).toMatchObject({ 'signed-count': '2', 'failed-count': '0' });
    // Nothing is asked of the service a second time.
    expect(scenario.service.counters.requests).toBe(6);
    await scenario.green({ ...own, mode: 'verify' }, held);
    const again = await scenario.run(own, held);
    expect(again.outputs, again.log).toMatchObject({ mode: 'sign', 'reused-count': '2', 'request-count': '1' });
    await expectInvariants(scenario, again);
  });
});
