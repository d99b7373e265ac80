import { symlinkSync, unlinkSync } from 'node:fs';
import { link, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ActionRun } from '../../tools/runner/runner.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';

const OFFLINE = { cert: '', key: '', chain: '', 'app-key': '', 'app-secret': '', 'server-url': '', mode: 'verify' };

async function plant(scenario: Scenario, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const location = join(scenario.workspace, path);
    await mkdir(dirname(location), { recursive: true });
    await writeFile(location, content);
  }
}

const warningsOf = (run: ActionRun): string[] =>
  run.annotations
    .filter(({ type, title }) => type === 'warning' && title !== 'Credentials')
    .map(({ message }) => message);
const errorsOf = (run: ActionRun): string[] =>
  run.annotations.filter(({ type }) => type === 'error').map(({ title }) => title ?? '');

describe('verify accepts nothing that it has not checked', () => {
  test.each([
    ['a signature of a signature', {}, 'dist/a.sign.sign'],
    ['a path with characters of patterns', {}, 'dist/[x] {y},!/.mtls-release-signing-1-0.tmp'],
    ['the name of a temporary file', {}, 'dist/.mtls-release-signing-1-0.tmp'],
    ['a program in output-dir', { 'output-dir': 'sigs' }, 'sigs/install.sh'],
    ['a name in root that ends as the signatures in output-dir do', { 'output-dir': 'sigs' }, 'dist/a.sign'],
  ])('%s', async (_, more, path) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa' } });
    const inputs = { files: '**', upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem, ...more };
    await scenario.green(inputs);
    await scenario.green({ ...inputs, ...OFFLINE });
    await plant(scenario, { [path]: 'evil' });
    const run = await scenario.red({ ...inputs, ...OFFLINE, manifest: 'receipt.json' });
    expect(run.outputs).toMatchObject({ 'file-count': '1', 'verified-count': '1', 'failed-count': '1' });
    const { files } = JSON.parse(await readFile(run.outputs['manifest'] ?? '', 'utf8'));
    expect(files).toContainEqual(
      expect.objectContaining({ path, status: 'failed', error: expect.objectContaining({ code: 'FILE_NOT_COVERED' }) }),
    );
    expect(run.log).toMatch(/no signature covers it: it is a path [^,.:]+[a-z]\./);
    // The error gives the line that leaves it out.
    const line = /add the line “(!.*?)” to files/.exec(run.log)?.[1] ?? '';
    await scenario.green({ ...inputs, ...OFFLINE, files: `**\n${line}`, manifest: 'receipt.json' });
  });

  const own = { checksums: 'SUMS', manifest: 'receipt.json' };
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['a file below a directory at the path of the time stamp', { 'SUMS.tsr/evil.sh': 'evil' }, 'SUMS.tsr/evil.sh'],
    [
      'a file below a directory at the path of a signature of ours',
      { 'receipt.json.sign.sign/evil.sh': 'evil' },
      'receipt.json.sign.sign/evil.sh',
    ],
    [
      'a file below a directory at the path of a signature that is not there',
      { 'SUMS.tsr.sign/evil.sh': 'evil' },
      'SUMS.tsr.sign/evil.sh',
    ],
    ['a signature of a time stamp that is not there', { 'SUMS.tsr.sign': 'evil' }, 'SUMS.tsr.sign'],
  ])('%s', async (_, planted, path) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa' } });
    const { verifyKeyPem } = scenario.service.credentials;
    const inputs = { files: '**', upload: 'false', 'verify-key': verifyKeyPem, ...own };
    await scenario.green(inputs);
    await scenario.green({ ...inputs, ...OFFLINE });
    await plant(scenario, planted);
    const run = await scenario.red({ ...inputs, ...OFFLINE });
    expect(run.log).toContain(path);
  });

  test.each<[string, (receipt: string) => Promise<unknown>]>([
    ['changed', async (receipt) => writeFile(receipt, (await readFile(receipt, 'utf8')).replace('dist/a', 'dist/b'))],
    ['without its signature', (receipt) => rm(`${receipt}.sign`)],
  ])('a receipt of the signing that is %s', async (_, change) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa' } });
    const { verifyKeyPem } = scenario.service.credentials;
    const inputs = { files: '**', upload: 'false', 'verify-key': verifyKeyPem, ...own };
    await scenario.green(inputs);
    await change(join(scenario.workspace, 'receipt.json'));
    const run = await scenario.red({ ...inputs, ...OFFLINE });
    expect(run.log).toMatch(/SIGNATURE_(?:INVALID|MISSING): .*receipt\.json/);
  });

  test('a hard link to the checksums in another case is a file of the release, which has no signature', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa' } });
    const inputs = {
      files: 'dist/**',
      upload: 'false',
      checksums: 'dist/SUMS',
      'verify-key': scenario.service.credentials.verifyKeyPem,
    };
    await scenario.green(inputs);
    await link(join(scenario.workspace, 'dist/SUMS'), join(scenario.workspace, 'dist/sums'));
    const run = await scenario.run({ ...inputs, ...OFFLINE });
    expect([run.exitCode, run.log]).toEqual([1, expect.stringContaining('SIGNATURE_MISSING: dist/sums')]);
    const again = await scenario.run(inputs);
    expect([again.exitCode, again.outputs['file-count']], again.log).toEqual([0, '2']);
    expect(await scenario.signatures()).toContain('dist/sums.sign');
  });

  test('files in .git and RUNNER_TEMP are named, and are not a failure', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa' } });
    const inputs = { files: '**', upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem };
    await scenario.green(inputs);
    await plant(scenario, { 'dist/.git/hooks/post-checkout': '#!/bin/sh' });
    const run = await scenario.green({ ...inputs, ...OFFLINE });
    expect(warningsOf(run)).toEqual([expect.stringContaining('dist/.git/hooks/post-checkout')]);
  });
});

describe('a green signing is followed by a green verification, or has warned', () => {
  const odd = {
    'dist/a': 'aaa',
    'dist/.mtls-release-signing-core.so': 'a build output',
    'dist/lib.mtls-release-signing-1-1.tmp': '',
  };

  test('names that begin like ours are build outputs', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: odd });
    const inputs = { files: '**', upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem };
    expect((await scenario.run(inputs)).outputs['signed-count']).toBe('3');
    expect((await scenario.run({ ...inputs, ...OFFLINE })).outputs['verified-count']).toBe('3');
  });

  test('build outputs below a directory at a path that this run does not write are signed', async () => {
    const files = { 'dist/a': 'aaa', 'SUMS.tsr/b': 'bbb', 'SUMS.tsr.sign/c': 'ccc' };
    await using scenario = await createScenario({ runScript: runInProcess, files });
    const { verifyKeyPem } = scenario.service.credentials;
    const inputs = { files: '**', upload: 'false', 'verify-key': verifyKeyPem, checksums: 'SUMS' };
    expect((await scenario.run(inputs)).outputs['signed-count']).toBe('3');
    const run = await scenario.green({ ...inputs, ...OFFLINE });
    expect(run.outputs['verified-count']).toBe('3');
  });

  test.each(['SUMS.tsr', 'SUMS.tsr.sign'])('a build output %s is left unsigned with a warning', async (name) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa', [name]: 'x' } });
    const run = await scenario.run({ files: '**', upload: 'false', checksums: 'SUMS' });
    expect(warningsOf(run)).toEqual([expect.stringContaining(`${name} stays as it is and unsigned`)]);
  });

  test.each([
    ['a build output with the suffix', { 'dist/road.txt.sign': 'x' }, {}, 'dist/road.txt.sign'],
    [
      'an orphan that the patterns mean only without its suffix',
      { 'dist/gone.zip.sign': 'x' },
      { files: 'dist/*.zip\ndist/a' },
      'dist/gone.zip.sign',
    ],
    [
      'an orphan in output-dir',
      { 'sigs/dist/gone.sign': 'x' },
      { files: 'dist', 'output-dir': 'sigs' },
      'dist/gone.sign',
    ],
    ['a file in output-dir', { 'sigs/install.sh': 'x' }, { 'output-dir': 'sigs' }, 'sigs/install.sh'],
  ])('%s', async (_, files, more, name) => {
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { 'dist/a': 'aaa', 'dist/b.zip': 'b', ...files },
    });
    const inputs = { files: '**', upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem, ...more };
    const run = await scenario.green(inputs);
    expect(warningsOf(run)).toEqual([expect.stringContaining(name)]);
    await scenario.red({ ...inputs, ...OFFLINE });
  });

  test('what a killed run left is removed, in every directory', async () => {
    const left = 'other/.mtls-release-signing-999999999-0.tmp';
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { 'dist/a': 'aaa', [left]: 'half' },
    });
    const inputs = { files: '**', upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem };
    const run = await scenario.run(inputs);
    expect([run.exitCode, warningsOf(run)]).toEqual([0, []]);
    await scenario.green({ ...inputs, ...OFFLINE });
  });

  test('what is left out is counted in log, summary and receipt', async () => {
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { 'dist/a': 'aaa', '.git/config': '', 'SHA256SUMS.old': '' },
    });
    const inputs = { files: '**', upload: 'false', checksums: 'SHA256SUMS', manifest: 'receipt.json' };
    await scenario.green(inputs);
    const run = await scenario.run(inputs);
    expect(run.log).toContain('left out, written by this action (2): SHA256SUMS, SHA256SUMS.sign');
    expect(run.summary).toMatch(/in .*git .*1/);
    const { leftOut } = JSON.parse(await readFile(join(scenario.workspace, 'receipt.json'), 'utf8'));
    expect(leftOut).toEqual({
      git: { count: 1, first: ['.git/config'] },
      signature: { count: 2, first: ['SHA256SUMS.old.sign', 'dist/a.sign'] },
      written: { count: 2, first: ['SHA256SUMS', 'SHA256SUMS.sign'] },
    });
  });
});

test('an earlier signature beside a refused file is removed, because this run did not make it', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa', 'dist/b': 'bbb' } });
  const inputs = { files: '**', upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem };
  await scenario.green(inputs);
  await rm(join(scenario.workspace, 'dist/b'));
  await symlink('/etc/hostname', join(scenario.workspace, 'dist/b'));
  const run = await scenario.run(inputs);
  expect(errorsOf(run)).toEqual(['LINK_OUTSIDE']);
  expect(await scenario.signatures()).toEqual(['dist/a.sign']);
});

describe('a line in files that does nothing is told', () => {
  test('a link to a directory of which an exclude leaves a file out', async () => {
    const files = { 'dist/d/x.bin': 'x', 'dist/d/y': 'y' };
    await using scenario = await createScenario({ runScript: runInProcess, files });
    await symlink('d', join(scenario.workspace, 'dist/pub'));
    const inputs = {
      files: 'dist/**\n!dist/d/*.bin',
      upload: 'false',
      'verify-key': scenario.service.credentials.verifyKeyPem,
    };
    for (const more of [{}, OFFLINE]) {
      const run = await scenario.green({ ...inputs, ...more });
      const text = '1 link to directories of which an exclude leaves files out: dist/pub. By way of the link';
      expect(warningsOf(run)).toEqual([expect.stringContaining(text)]);
    }
    const told = await scenario.run({ ...inputs, files: `${inputs.files}\n!dist/pub/*.bin` });
    expect([told.exitCode, warningsOf(told)], told.log).toEqual([0, []]);
  });

  test('an exclude that leaves nothing out, and brackets that were meant as a name', async () => {
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { 'dist/[id].js': 'meant', 'dist/i.js': 'other' },
    });
    const run = await scenario.run({ files: 'dist/**\n!dist/[id].js\n!dist/secrets.txt', upload: 'false' });
    const warnings = warningsOf(run).join('\n');
    expect(warnings).toContain('1 exclude in files left nothing out: “!dist/secrets.txt”.');
    expect(warnings).toContain('“!dist/[id].js” does not mean dist/[id].js');
    expect(warnings).toContain('write !dist/[[]id].js.');
    await rm(join(scenario.workspace, 'dist/[id].js.sign'));
    const repaired = await scenario.run({ files: 'dist/**\n!dist/[[]id].js', upload: 'false' });
    expect([warningsOf(repaired), repaired.outputs['file-count']]).toEqual([[], '1']);
  });
});

test('pointers of Git LFS get a warning', async () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { 'dist/model.bin': pointer, 'dist/text': 'x'.repeat(130) },
  });
  const run = await scenario.run({ upload: 'false' });
  expect(warningsOf(run)).toEqual([expect.stringContaining('1 file holds only the pointer of Git LFS')]);
});

test('a run that kept every signature says that the service was not asked', async () => {
  await using scenario = await createScenario({ files: { 'dist/a': 'aaa' } });
  const inputs = { upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem };
  expect((await scenario.run(inputs)).log).not.toContain('the service was not asked');
  const again = await scenario.run(inputs);
  expect(again.annotations.filter(({ type }) => type === 'notice').map(({ title }) => title)).toEqual([
    'Nothing new to sign',
  ]);
  expect(again.summary).toContain('the service was not asked');
});

describe('with follow-symbolic-links', () => {
  const following = { 'follow-symbolic-links': 'true', files: 'dist/**', upload: 'false' };
  test.each([
    ['into output-dir', 'sigs/evil', { 'output-dir': 'sigs' }],
    ['to a directory in output-dir', 'sigs', { 'output-dir': 'sigs' }],
    ['to a temporary name', '.mtls-release-signing-1-0.tmp', {}],
    ['to a place of this action', 'SUMS', { checksums: 'SUMS' }],
  ])('a link %s is never covered: verify refuses it, sign warns', async (_, target, more) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'aaa' } });
    const inputs = { ...following, ...more, 'verify-key': scenario.service.credentials.verifyKeyPem };
    await scenario.green(inputs);
    await plant(scenario, target === 'sigs' || target === 'SUMS' ? {} : { [target]: 'evil' });
    await symlink(`../${target}`, join(scenario.workspace, 'dist/tool'));
    const run = await scenario.red({ ...inputs, ...OFFLINE });
    expect(errorsOf(run).join()).toContain('FILE_NOT_COVERED');
    const again = await scenario.green(inputs);
    expect(warningsOf(again).join()).toContain('dist/tool');
  });

  test.each(['link', 'directory'])(
    'a %s that leads elsewhere at the end of the run is a changed file',
    async (kind) => {
      const files = { 'dist/a': 'aaa', 'store/one/tool': 'one', 'store/two/tool': 'two' };
      const script = ({ lengthBytes }: { lengthBytes: number }) => {
        if (lengthBytes > 0) swap();
        return undefined;
      };
      await using scenario = await createScenario({ runScript: runInProcess, files, service: { script } });
      const link = join(scenario.workspace, 'dist/tool');
      const target = (which: string): string => (kind === 'link' ? `../store/${which}/tool` : `../store/${which}`);
      await symlink(target('one'), link);
      let isSwapped = false;
      const swap = (): void => {
        if (isSwapped) return;
        isSwapped = true;
        unlinkSync(link);
        symlinkSync(target('two'), link);
      };
      const run = await scenario.red({ ...following, 'verify-key': scenario.service.credentials.verifyKeyPem });
      expect(run.log).toContain('FILE_CHANGED');
    },
  );
});
