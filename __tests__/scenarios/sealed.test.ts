import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { redirect } from '../rehearsal/fault-samples.ts';
import type { Fault } from '../rehearsal/faulty-service.ts';

const FILES = { 'dist/a': 'a', 'dist/b': 'bb', 'dist/c': 'ccc' };

/** Prepares a release of three files, where something happens when the last one is being signed: the others have their signatures. */
async function prepare(act: (workspace: string) => void): Promise<Scenario> {
  let workspace = '';
  const script = ({ index }: { readonly index: number }): Fault | undefined => {
    if (index === 2) act(workspace);
    return undefined;
  };
  const scenario = await createScenario({ files: FILES, service: { script } });
  ({ workspace } = scenario);
  return scenario;
}

test('a run that an error ends early keeps no signature of a file that changed after it was signed', async () => {
  let workspace = '';
  const script = ({ index }: { readonly index: number }): Fault | undefined => {
    if (index < 2) return undefined;
    const signed = Object.keys(FILES).filter((path) => existsSync(join(workspace, `${path}.sign`)));
    for (const path of signed) writeFileSync(join(workspace, path), 'changed');
    return redirect(302, 'https://else.example/');
  };
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES, service: { script } });
  ({ workspace } = scenario);
  const run = await scenario.red({ concurrency: '1' });
  expect(run.log).toMatch(/HTTP_REDIRECT[\s\S]*FILE_CHANGED: dist/);
  expect(await scenario.signatures()).toEqual([]);
});

const SWAP = 'c3dhcHBlZA==';

describe('what changes after it was signed, while others are signed, makes the run red', () => {
  test.each<[string, string, (workspace: string) => void]>([
    ['a file', 'dist/a', (workspace) => writeFileSync(join(workspace, 'dist/a'), 'x')],
    ['a file that is gone', 'dist/a', (workspace) => rmSync(join(workspace, 'dist/a'))],
    ['a signature', 'dist/a', (workspace) => writeFileSync(join(workspace, 'dist/a.sign'), SWAP)],
    [
      'a signature, for one of the same length',
      'dist/a',
      (workspace) => {
        const path = join(workspace, 'dist/a.sign');
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace(/^./, (first) => (first === 'M' ? 'N' : 'M')),
        );
      },
    ],
    [
      'a signature, for a link to its copy',
      'dist/a',
      (workspace) => {
        renameSync(join(workspace, 'dist/a.sign'), join(workspace, 'copy'));
        symlinkSync('../copy', join(workspace, 'dist/a.sign'));
      },
    ],
  ])('%s', async (_, path, act) => {
    await using scenario = await prepare(act);
    const run = await scenario.red({
      concurrency: '1',
      manifest: 'release.json',
      checksums: 'SUMS',
      'verify-key': scenario.service.credentials.verifyKeyPem,
    });
    expect(run.log).toMatch(/FILE_CHANGED|FILE_VANISHED|SIGNATURE_UNREADABLE/);
    expect(run.outputs).toMatchObject({ mode: '', 'failed-count': '1', 'artifact-id': '', checksums: '' });
    expect(scenario.results.artifacts).toEqual([]);
    // Nothing is left that says the run was green, and no signature of what changed.
    expect(await scenario.signatures()).toEqual(['dist/b.sign', 'dist/c.sign']);
    const manifest = JSON.parse(await scenario.read('release.json'));
    expect(manifest.files.find((file: { path: string }) => file.path === path)).toMatchObject({ status: 'failed' });
  });

  test('a directory that was moved away and replaced by a link', async () => {
    await using scenario = await prepare((workspace) => {
      renameSync(join(workspace, 'dist'), join(workspace, 'moved'));
      symlinkSync('moved', join(workspace, 'dist'));
    });
    const run = await scenario.red({ concurrency: '1' });
    expect(run.log).toContain('DIRECTORY_MOVED');
    expect(scenario.results.artifacts).toEqual([]);
  });
});

test('a change of only the metadata of a file leaves the run green', async () => {
  await using scenario = await prepare((workspace) => {
    chmodSync(join(workspace, 'dist/a'), 0o600);
    utimesSync(join(workspace, 'dist/a.sign'), 1, 1);
    linkSync(join(workspace, 'dist/b'), join(workspace, 'another-name'));
    writeFileSync(join(workspace, 'copy'), 'bb');
    renameSync(join(workspace, 'copy'), join(workspace, 'dist/b'));
  });
  await scenario.green({ concurrency: '1', upload: 'false' });
});

test('of many files, which the second thread helps to compare, each that changed is named and no other', async () => {
  const names = Array.from({ length: 300 }, (_, at) => `dist/f${at}`);
  let workspace = '';
  // Every other signature that is there when the last files are signed, so that both threads meet some.
  const swapped: string[] = [];
  const script = ({ index }: { readonly index: number }): undefined => {
    if (index !== 290) return;
    for (const name of names.filter((_, at) => at % 2 === 0)) {
      const path = join(workspace, `${name}.sign`);
      if (!existsSync(path)) continue;
      writeFileSync(path, SWAP);
      swapped.push(name);
    }
  };
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: Object.fromEntries(names.map((name) => [name, name])),
    service: { script },
  });
  ({ workspace } = scenario);
  await scenario.red({ concurrency: '2', manifest: 'release.json' });
  const manifest = JSON.parse(await scenario.read('release.json'));
  const failed = manifest.files.filter((file: { status: string }) => file.status === 'failed');
  expect(swapped.length).toBeGreaterThan(50);
  expect(failed.map((file: { path: string }) => file.path)).toEqual(swapped.toSorted());
});

test('a signature that was kept is checked again like a new one', async () => {
  let act = (): void => {};
  const script = (): undefined => {
    act();
    return undefined;
  };
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES, service: { script } });
  const inputs = { upload: 'false', 'verify-key': scenario.service.credentials.verifyKeyPem };
  await scenario.green(inputs);
  rmSync(join(scenario.workspace, 'dist/c.sign'));
  act = () => writeFileSync(join(scenario.workspace, 'dist/a.sign'), SWAP);
  const run = await scenario.red(inputs);
  expect(run.outputs).toMatchObject({ 'signed-count': '1', 'reused-count': '1', 'failed-count': '1' });
  expect(run.log).toContain('FILE_CHANGED: dist/a.sign changed after it was signed or checked');
  expect(await scenario.signatures()).toEqual(['dist/b.sign', 'dist/c.sign']);
});

test('an artifact of files that change during the upload is deleted', async () => {
  let workspace = '';
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: FILES,
    results: {
      onCall: (point) => {
        if (point === 'finalize') writeFileSync(join(workspace, 'dist/c.sign'), SWAP);
      },
    },
  });
  ({ workspace } = scenario);
  const run = await scenario.red({ 'verify-key': scenario.service.credentials.verifyKeyPem });
  expect(run.log).toContain('FILE_CHANGED');
  expect(run.log).toMatch(/Artifact signatures, id \d+, was uploaded before the run failed, and was deleted\./);
  expect(run.outputs).toMatchObject({ mode: '', 'artifact-id': '', 'artifact-name': '' });
  expect(scenario.results.artifacts).toEqual([]);
});

describe('a file that appears after the listing, and that the patterns mean', () => {
  const appear = (workspace: string): void => {
    mkdirSync(join(workspace, 'dist/new/below'), { recursive: true });
    for (const path of ['dist/late', 'dist/new/below/late', 'dist/left-out.map', 'dist/late.sign', 'late'])
      writeFileSync(join(workspace, path), 'late');
    symlinkSync('a', join(workspace, 'dist/link'));
    symlinkSync('nothing', join(workspace, 'dist/broken'));
  };
  const LATE = ['dist/broken', 'dist/late', 'dist/new/below/late'];
  const inputs = { files: 'dist/**\n!**/*.map', manifest: 'release.json', 'if-no-files-found': 'error' };

  test.each([
    ['sign', ''],
    ['sign', 'signatures'],
    ['rehearse', ''],
  ])('makes the run red in mode %s with output-dir “%s”, and nothing is uploaded', async (mode, directory) => {
    let workspace = '';
    // Beside its file a signature is one of that file, but not where signatures have a directory of their own.
    const late = directory === '' ? LATE : [...LATE, 'dist/late.sign'].sort();
    const act = (): undefined => {
      if (!existsSync(join(workspace, 'dist/late'))) appear(workspace);
    };
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { ...FILES, 'dist/known.map': 'x' },
      service: { script: act },
    });
    ({ workspace } = scenario);
    // A rehearsal asks a service of its own.
    const onLogLine = (line: string): void => void (mode === 'rehearse' && line.includes('Signing') && act());
    const run = await scenario.red({ ...inputs, mode, 'output-dir': directory }, { onLogLine });
    expect(run.outputs).toMatchObject({
      mode: '',
      'file-count': '3',
      'signed-count': '3',
      'failed-count': `${late.length}`,
    });
    expect(run.log).toContain('FILE_APPEARED: ');
    expect(run.log).toContain('appeared after the files were listed: it was neither signed nor checked.');
    expect([...run.log.matchAll(/^ +- (.*)$/gm)].map(([, path]) => path)).toEqual(late);
    expect(scenario.results.artifacts).toEqual([]);
  });

  test('is none where links are followed and everything is known', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { ...FILES, 'lib/x': 'x' } });
    symlinkSync('a', join(scenario.workspace, 'dist/link'));
    symlinkSync('../lib', join(scenario.workspace, 'dist/lib'));
    const run = await scenario.run({ ...inputs, 'follow-symbolic-links': 'true' });
    expect([run.exitCode, run.outputs['file-count']], run.log).toEqual([0, '5']);
  });

  test.each([
    ['beside no file', 'dist/gone.sign', {}],
    ['beside a file that is left out', 'dist/known.map.sign', {}],
    ['of an own name', 'dist/.mtls-release-signing-999999999-1.tmp', {}],
    ['in output-dir below root', 'dist/out/dist/gone.sign', { 'output-dir': 'dist/out' }, 'dist/gone.sign'],
    ['in output-dir that no pattern matches', 'out/dist/gone.sign', { 'output-dir': 'out' }, 'dist/gone.sign'],
    ['at a path of this action', 'dist/SUMS.tsr', { checksums: 'dist/SUMS' }],
    ['beside a file whose signature is in output-dir', 'dist/a.sign', { 'output-dir': 'out' }],
  ])(
    'and that is a signature or the like for no listed file, %s, makes the run red',
    async (_, path, given, name = path) => {
      let workspace = '';
      const write = (): undefined => {
        mkdirSync(join(workspace, dirname(path)), { recursive: true });
        writeFileSync(join(workspace, path), 'c2lnbmVk');
      };
      await using scenario = await createScenario({
        runScript: runInProcess,
        files: { ...FILES, 'dist/known.map': 'x', 'dist/old.sign': 'c2lnbmVk', 'dist/known.map.old.sign': 'x' },
        service: { script: write },
      });
      ({ workspace } = scenario);
      const run = await scenario.red({ ...inputs, ...given });
      expect(run.outputs).toMatchObject({ mode: '', 'file-count': '3', 'signed-count': '3', 'failed-count': '1' });
      expect(run.log).toContain(
        `FILE_APPEARED: ${name} appeared after the files were listed: no listed file accounts for it`,
      );
      expect(scenario.results.artifacts).toEqual([]);
    },
  );

  test('and that has the name of a temporary file of a living process is told in a warning', async () => {
    let workspace = '';
    const name = `dist/.mtls-release-signing-${process.ppid}-1.tmp`;
    const script = (): undefined => {
      writeFileSync(join(workspace, name), '');
    };
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, service: { script } });
    ({ workspace } = scenario);
    const run = await scenario.green(inputs);
    expect(run.annotations.map(({ message }) => message)).toContainEqual(expect.stringContaining(`appeared: ${name}.`));
  });

  test('during the upload deletes the artifact', async () => {
    let workspace = '';
    const onCall = (point: string): void => void (point === 'finalize' && appear(workspace));
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES, results: { onCall } });
    ({ workspace } = scenario);
    const run = await scenario.run(inputs);
    expect([run.exitCode, run.log]).toEqual([1, expect.stringContaining('FILE_APPEARED: dist/late')]);
    expect(scenario.results.artifacts).toEqual([]);
  });
});

test('an artifact that cannot be deleted is named with its id', async () => {
  let workspace = '';
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: FILES,
    results: {
      faults: [{ at: 'delete', kind: 'status', status: 400, times: Number.POSITIVE_INFINITY }],
      onCall: (point) => {
        if (point === 'finalize') writeFileSync(join(workspace, 'dist/c'), 'other');
      },
    },
  });
  ({ workspace } = scenario);
  const run = await scenario.red();
  expect(run.log).toMatch(/Artifact signatures, id 1, was uploaded before the run failed, and was not deleted \(/);
});
