import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReleaseData } from '../../src/page/data.ts';
import { entriesOf } from '../../tools/results/zip.ts';
import { runAlone } from '../docs/shell.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, opensslAccepts, type Scenario } from '../helpers/scenario.ts';

const FILES = { 'dist/app.zip': 'app', 'dist/docs/readme.txt': 'read me', "dist/it's & more.txt": 'more' };
const KIT = ['kit/verify.html', 'kit/VERIFY.md'];

function signing({ service }: Scenario): Record<string, string> {
  return { 'verify-key': service.credentials.verifyKeyPem, 'verification-kit': 'kit' };
}

function dataOf(html: string): ReleaseData {
  const [, json = ''] = /<script type="application\/json" id="data">(.*)<\/script>/.exec(html) ?? [];
  return JSON.parse(json) as ReleaseData;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

test('a kit lists the release, is signed and uploaded, and is part of no count', async () => {
  await using scenario = await createScenario({ files: FILES });
  const run = await scenario.green({ ...signing(scenario), checksums: 'SHA256SUMS' });
  expect(run.outputs).toMatchObject({ 'file-count': '3', 'signed-count': '3', 'verified-count': '3' });
  for (const path of KIT) {
    const location = join(scenario.workspace, path);
    expect(await opensslAccepts(scenario.service.credentials.verifyKeyPem, location, `${location}.sign`)).toBe(true);
  }
  const [artifact] = scenario.results.artifacts;
  const names = (await entriesOf(artifact?.zip ?? Buffer.alloc(0))).map(({ path }) => path).sort();
  expect(names).toEqual(
    [
      ...Object.keys(FILES).map((name) => `${name}.sign`),
      ...['SHA256SUMS', ...KIT].flatMap((path) => [path, `${path}.sign`]),
    ].sort(),
  );
  const data = dataOf(await scenario.read('kit/verify.html'));
  expect(data).toMatchObject({
    rehearsal: false,
    algorithm: 'ecdsa-sha256',
    encoding: 'base64',
    suffix: '.sign',
    companions: KIT,
  });
  const sorted = Object.entries(FILES).sort(([a], [b]) => (a < b ? -1 : 1));
  const list = await scenario.read('SHA256SUMS');
  const listed = [...sorted, ['SHA256SUMS', list] as const].map(([path, text]) => [path, text.length, sha256(text)]);
  expect(data.files).toEqual(listed);
  expect(await scenario.read('kit/VERIFY.md')).toContain('- Files: 3, listed in `SHA256SUMS`');
  expect(data.project).not.toBe('');
});

test('the commands of the kit accept the release, and the key is the one that signed', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  await scenario.green({ ...signing(scenario), checksums: 'SHA256SUMS', upload: 'false' });
  const guide = await scenario.read('kit/VERIFY.md');
  const blocks = [...guide.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, block = '']) => block);
  const key = await runAlone(blocks[0] ?? '', scenario.workspace);
  const { status, output } = await runAlone(blocks[1] ?? '', scenario.workspace);
  expect(output).toContain('Every file is signed with this key, and as the list says.');
  expect(status).toBe(0);
  const spki = Buffer.from(dataOf(await scenario.read('kit/verify.html')).key, 'base64');
  expect(key.output).toContain(createHash('sha256').update(spki).digest('hex'));
});

test('an existing kit for the same release costs no request; with another file the kit is written again', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...signing(scenario), upload: 'false' };
  const first = await scenario.run(inputs);
  expect(first.outputs['request-count']).toBe('5');
  const page = await scenario.read('kit/verify.html');
  const again = await scenario.run(inputs);
  expect([again.exitCode, again.outputs['request-count']]).toEqual([0, '0']);
  expect(await scenario.read('kit/verify.html')).toBe(page);
  await writeFile(join(scenario.workspace, 'dist', 'more.txt'), 'more');
  expect((await scenario.run(inputs)).outputs['request-count']).toBe('3');
  expect(dataOf(await scenario.read('kit/verify.html')).files).toHaveLength(4);
});

test('verify takes the kit for what it is, and checks its signatures when it is told of it', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...signing(scenario), files: 'dist/**\nkit/**', 'if-no-files-found': 'ignore' };
  await scenario.green({ ...inputs, upload: 'false' });
  const verify = { ...inputs, mode: 'verify' };
  const green = await scenario.run(verify);
  expect([green.exitCode, green.outputs['file-count']], green.log).toEqual([0, '3']);
  const page = join(scenario.workspace, 'kit', 'verify.html');
  await writeFile(page, (await readFile(page, 'utf8')).replace('Genuine', 'Wonderful'));
  const changed = await scenario.red(verify);
  expect(changed.log).toMatch(/SIGNATURE_INVALID[\s\S]*kit\/verify\.html/);
  await rm(page);
  expect((await scenario.run(verify)).log).toContain('KIT_MISSING');
});

test('a kit without verify-key is refused before any request', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const run = await scenario.run({ 'verification-kit': 'kit' });
  expect([run.exitCode, run.outputs['request-count']]).toEqual([1, '0']);
  expect(run.log).toContain('Input verification-kit needs verify-key');
});

test.each([
  ['../out', 'must be a directory inside output-dir'],
  ['kit.sign/../.git', 'must not lie in a .git directory'],
])('a kit at %s is refused', async (directory, sentence) => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const run = await scenario.red({ ...signing(scenario), 'verification-kit': directory });
  expect(run.log).toContain(sentence);
});

test('a kit may be beside the files, but not over the checksums', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const beside = { ...signing(scenario), 'verification-kit': '.', upload: 'false' };
  expect((await scenario.run({ ...beside, files: '**' })).outputs['file-count']).toBe('3');
  expect((await scenario.run({ ...beside, files: '**' })).outputs['file-count']).toBe('3');
  const clash = await scenario.run({ ...beside, checksums: 'verify.md' });
  expect(clash.log).toContain('Input verification-kit has a file at the path of manifest or checksums');
});

test('a file of somebody else at the place of the kit stops the run before its first request', async () => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: { ...FILES, 'kit/VERIFY.md': '# Our own guide\n' },
  });
  const run = await scenario.run(signing(scenario));
  expect([run.exitCode, run.outputs['request-count'] ?? '0']).toEqual([1, '0']);
  expect(run.log).toMatch(/OUTPUT_OCCUPIED[\s\S]*kit\/VERIFY\.md/);
  expect(await scenario.read('kit/VERIFY.md')).toBe('# Our own guide\n');
});

test('a run in which a file fails leaves no kit, not even an older one', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...signing(scenario), upload: 'false' };
  await scenario.green(inputs);
  await writeFile(join(scenario.workspace, 'dist', 'more.txt'), 'more');
  await scenario.red({ ...inputs, 'app-secret': 'wrong-secret' });
  for (const path of KIT.flatMap((each) => [each, `${each}.sign`])) {
    await expect(scenario.read(path)).rejects.toThrow('ENOENT');
  }
});

test('the first slice writes the kit over all files, the others none', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...signing(scenario), upload: 'false' };
  await scenario.green({ ...inputs, shard: '2/2' });
  await expect(scenario.read('kit/verify.html')).rejects.toThrow('ENOENT');
  await scenario.green({ ...inputs, shard: '1/2' });
  expect(dataOf(await scenario.read('kit/verify.html')).files).toHaveLength(3);
});

test('a rehearsal writes its kit into its own directory, and the kit says so', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const run = await scenario.green({ mode: 'rehearse', 'verification-kit': 'kit', upload: 'false' });
  const directory = join(run.outputs['manifest'] ?? '', '..');
  expect(dataOf(await readFile(join(directory, 'kit', 'verify.html'), 'utf8')).rehearsal).toBe(true);
  expect(await readFile(join(directory, 'kit', 'VERIFY.md'), 'utf8')).toContain('**This is a rehearsal.**');
  await expect(scenario.read('kit/verify.html')).rejects.toThrow('ENOENT');
});

test('a part of a release is checked against its full checksums, and every file that is there must agree', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const key = { 'verify-key': scenario.service.credentials.verifyKeyPem, checksums: 'SHA256SUMS' };
  await scenario.green({ ...key, upload: 'false' });
  await rm(join(scenario.workspace, 'dist', 'docs'), { recursive: true });
  const verify = { ...key, mode: 'verify' };
  expect((await scenario.run(verify)).log).toContain('CHECKSUMS_DIFFER');
  const partial = await scenario.run({ ...verify, partial: 'true' });
  expect([partial.exitCode, partial.outputs['file-count']], partial.log).toEqual([0, '2']);
  await mkdir(join(scenario.workspace, 'dist', 'docs'));
  await writeFile(join(scenario.workspace, 'dist', 'docs', 'readme.txt'), 'another text');
  await scenario.red({ ...verify, partial: 'true' });
  expect((await scenario.run({ 'verify-key': key['verify-key'], mode: 'verify', partial: 'true' })).log).toContain(
    'Input partial needs checksums, manifest or verification-kit',
  );
});

test('the date of a kit that is there and not signed is not taken over', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...signing(scenario), upload: 'false' };
  await scenario.green(inputs);
  const signed = dataOf(await scenario.read(KIT[0] ?? '')).createdAt;
  await scenario.green(inputs);
  expect(dataOf(await scenario.read(KIT[0] ?? '')).createdAt, 'a repeated run costs no request').toBe(signed);
  for (const path of KIT) {
    await writeFile(
      join(scenario.workspace, path),
      (await scenario.read(path)).replace(signed, '2001-01-01T00:00:00.000Z'),
    );
    await rm(join(scenario.workspace, `${path}.sign`));
  }
  await scenario.green(inputs);
  for (const path of KIT) expect(await scenario.read(path)).not.toContain('2001-01-01');
});

describe('verify refuses what is signed and is not of this release', () => {
  test('a page, a guide or a receipt of an older release, and any other signed file in their place', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const inputs = { ...signing(scenario), manifest: 'receipt.json', upload: 'false' };
    const at = (path: string): string => join(scenario.workspace, path);
    const own = [...KIT, 'receipt.json'];
    const keep = async (to: string): Promise<void> => {
      for (const path of own.flatMap((each) => [each, `${each}.sign`])) await cp(at(path), at(join(to, path)));
    };
    const put = async (from: string, path: string, to = path): Promise<void> => {
      for (const end of ['', '.sign']) await cp(at(join(from, path + end)), at(to + end));
    };
    await scenario.green(inputs);
    await keep('old');
    await writeFile(at('dist/app.zip'), 'another app');
    await scenario.green(inputs);
    await keep('new');
    const verify = { ...inputs, mode: 'verify' };
    await scenario.green(verify);
    for (const path of own) {
      await put('old', path);
      const red = await scenario.run(verify);
      expect(red.log).toMatch(path === 'receipt.json' ? 'MANIFEST_DIFFERS' : 'KIT_DIFFERS');
      expect(red.outputs['mode']).toBe('');
      await put('new', path);
    }
    await put('dist', 'app.zip', KIT[0]);
    expect((await scenario.run(verify)).log).toContain('KIT_DIFFERS');
  });

  test('a kit or a receipt of a release that had more files, unless a part of the release is checked', async () => {
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { ...FILES, 'dist/old.zip': 'old' },
    });
    const inputs = { ...signing(scenario), manifest: 'receipt.json', checksums: 'SHA256SUMS', upload: 'false' };
    const at = (path: string): string => join(scenario.workspace, path);
    const own = [...KIT, 'receipt.json', 'SHA256SUMS'].flatMap((path) => [path, `${path}.sign`]);
    const copy = async (from: string, to: string, paths = own): Promise<void> => {
      for (const path of paths) await cp(at(join(from, path)), at(join(to, path)));
    };
    await scenario.green(inputs);
    await copy('', 'before');
    for (const path of ['dist/old.zip', 'dist/old.zip.sign']) await rm(at(path));
    await scenario.green(inputs);
    await copy('', 'now');
    const verify = { ...inputs, mode: 'verify' };
    const codesOf = async (more: Readonly<Record<string, string>> = {}): Promise<string[]> => {
      const { log } = await scenario.run({ ...verify, ...more });
      return [...new Set(log.match(/[A-Z]+_DIFFERS?(?=: )/g))];
    };
    expect(await codesOf()).toEqual([]);
    for (const [code, paths] of [
      ['KIT_DIFFERS', own.slice(0, 4)],
      ['MANIFEST_DIFFERS', own.slice(4, 6)],
    ] as const) {
      await copy('before', '', [...paths]);
      expect(await codesOf()).toEqual([code]);
      // The kit lists the checksums of its own release, and so binds itself to them also where files may be missing.
      expect(await codesOf({ partial: 'true' })).toEqual(code === 'KIT_DIFFERS' ? [code] : []);
      await copy('now', '');
    }
    // A part of the files, of the release as it was.
    await copy('before', '');
    expect(await codesOf({ checksums: '' })).toEqual(['KIT_DIFFERS']);
    for (const checksums of ['SHA256SUMS', '']) expect(await codesOf({ checksums, partial: 'true' })).toEqual([]);
    // All files are there, and the patterns mean some of them.
    await copy('now', '');
    expect(await codesOf({ files: 'dist/*.zip', checksums: '' })).toEqual([]);
  });
});

test.each(['SHA256SUMS', ''])(
  'names that the commands of a guide use are files of the release, with checksums “%s”',
  async (checksums) => {
    const files = { '-': 'dash', 'public-key.pem': 'our own', 'public-key-2.pem/x': 'below', 'sub/-': 'another' };
    const named = Object.fromEntries(Object.entries(files).map(([name, text]) => [`dist/${name}`, text]));
    await using scenario = await createScenario({ runScript: runInProcess, files: named });
    const inputs = { ...signing(scenario), root: 'dist', files: '**', checksums, upload: 'false' };
    await scenario.green(inputs);
    await scenario.green({ ...inputs, mode: 'verify' });
    const guide = await scenario.read('dist/kit/VERIFY.md');
    const blocks = [...guide.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, block = '']) => block);
    await runAlone(blocks[0] ?? '', join(scenario.workspace, 'dist'));
    const { status, output } = await runAlone(blocks[1] ?? '', join(scenario.workspace, 'dist'));
    expect(output).toContain('Every file is signed with this key, and as the list says.');
    expect(status).toBe(0);
    expect(await scenario.read('dist/public-key.pem')).toBe('our own');
  },
);
