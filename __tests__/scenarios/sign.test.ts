import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { demonstrate } from '../../tools/demo/demonstrate.ts';
import { entriesOf } from '../../tools/results/zip.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { ACTION_DIRECTORY, createScenario, opensslAccepts } from '../helpers/scenario.ts';

const FILES = {
  'dist/app.bin': 'the application',
  'dist/sub/lib.so': 'the library',
  'dist/empty': '',
  'other.txt': 'not matched',
};

describe('signing a release with a real service', () => {
  test('every matched file gets its signature, and all of them are uploaded', async () => {
    await using scenario = await createScenario({ files: FILES });
    const { verifyKeyPem } = scenario.service.credentials;
    const run = await scenario.green({ 'verify-key': verifyKeyPem, manifest: 'release.json' });
    const signed = ['dist/app.bin', 'dist/empty', 'dist/sub/lib.so', 'release.json'];
    expect(await scenario.signatures()).toEqual(signed.map((name) => `${name}.sign`));
    for (const name of signed) {
      const file = join(scenario.workspace, name);
      expect(await opensslAccepts(verifyKeyPem, file, `${file}.sign`), name).toBe(true);
    }
    expect(run.outputs).toMatchObject({
      mode: 'sign',
      'file-count': '3',
      'signed-count': '3',
      'reused-count': '0',
      'failed-count': '0',
      'verified-count': '3',
      'total-bytes': String('the application'.length + 'the library'.length),
      'request-count': '4',
      'artifact-name': 'signatures',
      'artifact-id': '1',
      manifest: join(scenario.workspace, 'release.json'),
    });
    expect(scenario.service.counters.requests).toBe(4);

    const [artifact] = scenario.results.artifacts;
    const entries = await entriesOf(artifact?.zip ?? Buffer.alloc(0));
    expect(entries.map(({ path }) => path).sort()).toEqual([
      'dist/app.bin.sign',
      'dist/empty.sign',
      'dist/sub/lib.so.sign',
      'release.json',
      'release.json.sign',
    ]);
    for (const { path, bytes } of entries) expect(await scenario.read(path)).toBe(bytes.toString());
  });

  test('the file holds exactly what the service answered, without a newline', async () => {
    const signData = 'line one\r\nline two';
    const script = [{ kind: 'answer', answer: { status: 200, body: JSON.stringify({ signData }) } }] as const;
    await using scenario = await createScenario({ files: { 'dist/a': 'a' }, service: { script } });
    const run = await scenario.green();
    expect(await scenario.read('dist/a.sign')).toBe(signData);
    expect(run.annotations.map(({ message }) => message).join()).toContain('Signatures were not checked');
    expect(run.summary).toContain('Signatures were not checked');
  });

  test('each request is fresh and its signature is right for the service', async () => {
    await using scenario = await createScenario({
      files: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`dist/${i}`, `${i}`])),
    });
    await scenario.green({ upload: 'false' });
    const nonces = scenario.service.log.map(({ nonce }) => nonce);
    expect(new Set(nonces).size).toBe(40);
    expect(scenario.service.counters.replays).toBe(0);
    expect(scenario.results.artifacts).toEqual([]);
  });

  test('a second run signs only what has changed', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    await scenario.run(key);
    const before = await scenario.read('dist/app.bin.sign');
    await writeFile(join(scenario.workspace, 'dist/sub/lib.so'), 'another library');
    const run = await scenario.green({ ...key, overwrite: 'true' });
    expect(run.outputs).toMatchObject({
      'signed-count': '1',
      'reused-count': '2',
      'verified-count': '3',
      'request-count': '1',
    });
    expect(await scenario.read('dist/app.bin.sign')).toBe(before);
    const lib = join(scenario.workspace, 'dist/sub/lib.so');
    expect(await opensslAccepts(scenario.service.credentials.verifyKeyPem, lib, `${lib}.sign`)).toBe(true);
  });

  test('without a key, or with reuse: false, every file is signed again', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await scenario.run();
    expect((await scenario.run({ overwrite: 'true' })).outputs['signed-count']).toBe('3');
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem, reuse: 'false', overwrite: 'true' };
    expect((await scenario.run(key)).outputs['signed-count']).toBe('3');
  });

  test('output-dir takes everything that is written and leaves the tree as it was', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.green({ 'output-dir': 'signed', manifest: 'meta/release.json' });
    expect(await scenario.signatures()).toEqual([
      'signed/dist/app.bin.sign',
      'signed/dist/empty.sign',
      'signed/dist/sub/lib.so.sign',
      'signed/meta/release.json.sign',
    ]);
    expect(run.outputs['manifest']).toBe(join(scenario.workspace, 'signed/meta/release.json'));
    const paths = (await entriesOf(scenario.results.artifacts[0]?.zip ?? Buffer.alloc(0))).map(({ path }) => path);
    expect(paths.sort()).toEqual([
      'dist/app.bin.sign',
      'dist/empty.sign',
      'dist/sub/lib.so.sign',
      'meta/release.json',
      'meta/release.json.sign',
    ]);
  });

  test('root changes what patterns and paths are relative to', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await scenario.green({ root: 'dist', files: 'sub', manifest: 'release.json' });
    expect(JSON.parse(await scenario.read('dist/release.json'))).toMatchObject({
      version: 1,
      mode: 'sign',
      rehearsal: false,
      checked: false,
      service: scenario.service.url.replace(/\/$/, ''),
      files: [{ path: 'sub/lib.so', signature: 'sub/lib.so.sign', status: 'signed', attempts: 1, size: 11 }],
      totals: { files: 1, signed: 1, failed: 0 },
    });
  });
});

describe('rehearsing without any secret', () => {
  test('the bundle signs its own files, openssl accepts each signature, and the artifact is byte-equal', async () => {
    const printed: string[] = [];
    const problems = await demonstrate({
      actionDirectory: ACTION_DIRECTORY,
      workspace: ACTION_DIRECTORY,
      patterns: ['dist/**'],
      detail: 'short',
      print: (text) => printed.push(text),
    });
    expect(problems).toEqual([]);
    expect(printed.join('')).toMatch(
      /^(\d+) of \1 signatures accepted by openssl\n\d+ files in the uploaded artifact, 0 differences/m,
    );
  });

  test('it leaves the workspace as it was and says that it was a rehearsal', async () => {
    await using scenario = await createScenario({ files: FILES });
    const run = await scenario.green({
      mode: 'rehearse',
      cert: '',
      key: '',
      chain: '',
      'app-key': '',
      'app-secret': '',
      'server-url': '',
    });
    expect(await scenario.signatures()).toEqual([]);
    expect(scenario.service.counters.connections).toBe(0);
    expect(run.outputs).toMatchObject({
      mode: 'rehearse',
      'signed-count': '3',
      'verified-count': '3',
      'artifact-name': 'rehearsal-signatures',
    });
    const manifest = JSON.parse(await readFile(run.outputs['manifest'] ?? '', 'utf8'));
    expect(manifest).toMatchObject({ mode: 'rehearse', rehearsal: true, checked: true });
    expect(run.summary).toContain('Rehearsal only');
    expect(await readdir(join(run.outputs['manifest'] ?? '', '..'))).toContain('rehearsal-key.pem');
  });

  test('it never goes through a proxy', async () => {
    await using scenario = await createScenario({ files: FILES });
    const env = { https_proxy: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' };
    await scenario.green({ mode: 'rehearse', upload: 'false' }, { env });
  });
});
