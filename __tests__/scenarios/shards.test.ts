import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SHARDS, pathOfShard, pathsOfShards, sliceOf, wholeSetOfShards } from '../../src/files/finding/shard.ts';
import { parseChecksums, renderChecksums } from '../../src/files/writing/checksums.ts';
import { entriesOf } from '../../tools/results/zip.ts';
import { anyCharacter } from '../helpers/characters.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, opensslAccepts } from '../helpers/scenario.ts';

const FILES = Object.fromEntries(
  Array.from({ length: 12 }, (_, i) => [`dist/${i % 3}/file ${i}`, 'x'.repeat((i * i * 37) % 900)]),
);

describe('slices', () => {
  test('are disjoint, complete, stable and balanced by bytes', () => {
    const files = fc.uniqueArray(fc.record({ path: fc.string({ minLength: 1 }), size: fc.nat(1_000_000) }), {
      selector: ({ path }) => path,
      maxLength: 60,
    });
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 9 }), fc.nat(), (list, count, seed) => {
        const slices = Array.from({ length: count }, (_, at) => sliceOf(list, { index: at + 1, count }));
        expect(
          slices
            .flat()
            .map(({ path }) => path)
            .sort(),
        ).toEqual(list.map(({ path }) => path).sort());
        const loads = slices.map((slice) => slice.reduce((sum, { size }) => sum + size, 0));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(
          Math.max(0, ...list.map(({ size }) => size)),
        );
        const shuffled = [...list].sort((a, b) => ((a.size * 31 + seed) % 7) - ((b.size * 31 + seed) % 7));
        expect(new Set(sliceOf(shuffled, { index: 1, count }))).toEqual(new Set(slices[0]));
      }),
    );
  });
});

test('the largest file goes first, equal ones by their names, and empty files to the slice with the fewest', () => {
  const slices = (count: number, files: Record<string, number>) =>
    Array.from({ length: count }, (_, at) =>
      sliceOf(
        Object.entries(files).map(([path, size]) => ({ path, size })),
        { index: at + 1, count },
      ).map(({ path }) => path),
    );
  expect(slices(2, { a: 1, b: 5, c: 3 })).toEqual([['b'], ['a', 'c']]);
  expect(slices(2, { b: 0, a: 0, c: 0, e: 0, d: 0 })).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd'],
  ]);
  expect(slices(1, { b: 1, a: 2 })).toEqual([['b', 'a']]);
});

test('the number of a slice stands before the extension', () => {
  const second = (path: string) => pathOfShard(path, { index: 2, count: 5 });
  expect(['a.b/r.json', 'a.b/r', 'a/.env', '.env'].map(second)).toEqual([
    'a.b/r-2-of-5.json',
    'a.b/r-2-of-5',
    'a/.env-2-of-5',
    '.env-2-of-5',
  ]);
  expect(pathOfShard('r.json', { index: 1, count: 1 })).toBe('r.json');
});

describe('checksums', () => {
  test('read back as they were written, whatever the names are', () => {
    const entry = fc.record({
      path: fc.string({ minLength: 1, unit: anyCharacter }),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ path }) => path }), (entries) => {
        expect([...parseChecksums(renderChecksums(entries))]).toEqual(
          entries.map(({ path, sha256 }) => [path, sha256]),
        );
      }),
    );
  });

  test('are accepted by sha256sum, signed, uploaded, and counted nowhere', async () => {
    await using scenario = await createScenario({
      files: { ...FILES, 'dist/odd\\name': 'odd', 'dist/li\nne': 'line' },
    });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    const run = await scenario.green({ ...key, checksums: 'SHA256SUMS', upload: 'false' });
    expect(run.outputs).toMatchObject({
      'file-count': '14',
      'signed-count': '14',
      'verified-count': '14',
      checksums: join(scenario.workspace, 'SHA256SUMS'),
    });
    execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: scenario.workspace });
    const sums = join(scenario.workspace, 'SHA256SUMS');
    expect(await opensslAccepts(scenario.service.credentials.verifyKeyPem, sums, `${sums}.sign`)).toBe(true);

    const verify = { ...key, mode: 'verify', checksums: 'SHA256SUMS' };
    await scenario.green(verify);
    await rm(join(scenario.workspace, 'dist/0/file 0'));
    await rm(join(scenario.workspace, 'dist/0/file 0.sign'));
    const removed = await scenario.red(verify);
    expect(removed.log).toMatch(/CHECKSUMS_DIFFER[\s\S]*dist\/0\/file 0/);
    await writeFile(sums, `${await scenario.read('SHA256SUMS')}\n`);
    expect((await scenario.run(verify)).log).toContain('SIGNATURE_INVALID');
    await rm(sums);
    expect((await scenario.run(verify)).log).toContain('CHECKSUMS_MISSING');
  });

  test('of an earlier run are no part of a slice that writes none, are refused by verify, and go when the first slice fails', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a', 'dist/b': 'bb' } });
    const inputs = { 'verify-key': scenario.service.credentials.verifyKeyPem, checksums: 'SHA256SUMS', files: 'dist' };
    await scenario.green(inputs);
    await writeFile(join(scenario.workspace, 'dist/b'), 'another');
    const { outputs } = await scenario.green({ ...inputs, shard: '2/2' });
    expect([outputs['checksums'], outputs['reused-count']]).toEqual(['', '1']);
    const uploaded = await entriesOf(scenario.results.artifacts.at(-1)?.zip ?? Buffer.alloc(0));
    expect(uploaded.map(({ path }) => path)).toEqual(['dist/a.sign']);
    const verify = { ...inputs, mode: 'verify', partial: 'true', shard: '1/2' };
    expect((await scenario.red(verify)).log).toContain('CHECKSUMS_DIFFER');
    await scenario.red({ ...inputs, shard: '1/2', 'app-secret': 'another' });
    await expect(scenario.read('SHA256SUMS')).rejects.toThrow('ENOENT');
    await expect(scenario.read('SHA256SUMS.sign')).rejects.toThrow('ENOENT');
  });
});

describe.each([1, 3, 7])('%i shards', (count) => {
  test('sign everything once, and their artifacts together verify', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    const merged = await mkdtemp(join(tmpdir(), 'merged-'));
    try {
      let [files, bytes] = [0, 0];
      for (let index = 1; index <= count; index++) {
        const run = await scenario.green({
          ...key,
          shard: `${index}/${count}`,
          manifest: 'release.json',
          checksums: 'SHA256SUMS',
          'output-dir': `out-${index}`,
          files: 'dist',
        });
        files += Number(run.outputs['signed-count']);
        bytes += Number(run.outputs['total-bytes']);
        expect(run.outputs['artifact-name']).toBe(count === 1 ? 'signatures' : `signatures-${index}-of-${count}`);
      }
      expect(files).toBe(12);
      expect(bytes).toBe(Object.values(FILES).reduce((sum, text) => sum + text.length, 0));
      const manifests: string[] = [];
      for (const { path, bytes: content } of (
        await Promise.all(scenario.results.artifacts.map(({ zip }) => entriesOf(zip)))
      ).flat()) {
        if (path.endsWith('.json')) manifests.push(path);
        await mkdir(dirname(join(merged, path)), { recursive: true });
        await writeFile(join(merged, path), content, { flag: 'wx' });
      }
      expect(manifests).toHaveLength(count);
      for (const [name, text] of Object.entries(FILES)) {
        await mkdir(dirname(join(merged, name)), { recursive: true });
        await writeFile(join(merged, name), text);
      }
      const verified = await scenario.green(
        { ...key, mode: 'verify', files: 'dist', checksums: 'SHA256SUMS' },
        { workspace: merged },
      );
      expect(verified.outputs['verified-count']).toBe('12');
    } finally {
      await rm(merged, { recursive: true, force: true });
    }
  });
});

describe('a tree that was signed in slices', () => {
  const OWN = { files: 'dist', manifest: 'dist/release.json', checksums: 'dist/SHA256SUMS', upload: 'false' };

  test('is verified as a whole with the same inputs, and its receipts are checked and in no count', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const key = scenario.service.credentials.verifyKeyPem;
    const inputs = { ...OWN, 'verify-key': key, 'verification-kit': 'dist/kit' };
    for (const shard of ['1/2', '2/2']) await scenario.green({ ...inputs, shard });
    const verify = { ...inputs, mode: 'verify' };
    // The second verification finds what the first one wrote at the path of the receipt.
    for (let times = 0; times < 2; times++)
      expect((await scenario.green(verify)).outputs).toMatchObject({ 'file-count': '12', 'verified-count': '12' });
    const receipt = join(scenario.workspace, 'dist/release-2-of-2.json');
    await writeFile(receipt, (await scenario.read('dist/release-2-of-2.json')).replace('"signed"', '"reused"'));
    expect((await scenario.red(verify)).log).toContain('SIGNATURE_INVALID: The signature of dist/release-2-of-2.json');
    // Any signed file has a valid signature.
    for (const path of ['dist/0/file 0', 'dist/SHA256SUMS'])
      for (const suffix of ['', '.sign']) {
        await writeFile(`${receipt}${suffix}`, await scenario.read(`${path}${suffix}`));
        if (suffix === '') continue;
        expect((await scenario.red(verify)).log).toContain('MANIFEST_DIFFERS: dist/release-2-of-2.json');
      }
    // Without all of them they are files like any other, which the checksums must list.
    await rm(receipt);
    await rm(`${receipt}.sign`);
    expect((await scenario.red(verify)).log).toMatch(/CHECKSUMS_DIFFER: .*dist\/release-1-of-2\.json/);
  });

  test('and then signed as a whole has the old receipts among its files', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const inputs = { ...OWN, 'verify-key': scenario.service.credentials.verifyKeyPem };
    for (const shard of ['1/2', '2/2']) await scenario.green({ ...inputs, shard });
    await writeFile(join(scenario.workspace, 'dist/0/file 0'), 'another build');
    expect((await scenario.green(inputs)).outputs).toMatchObject({ 'file-count': '14' });
    expect((await scenario.green({ ...inputs, mode: 'verify' })).outputs).toMatchObject({ 'verified-count': '14' });
  });

  test('takes no other name for that of a receipt', () => {
    const names = ['r-1-of-2.json', 'r-2-of-2.json'];
    expect(wholeSetOfShards('a/r.json', names)).toEqual(names.map((name) => `a/${name}`));
    expect(wholeSetOfShards('r', ['r-1-of-2', 'r-2-of-2'])).toEqual(['r-1-of-2', 'r-2-of-2']);
    const three = ['r-1-of-3.json', 'r-2-of-3.json', 'r-3-of-3.json'];
    for (const others of [
      names.slice(0, 1),
      ['r-01-of-02.json', 'r-02-of-02.json'],
      ['r-1-of-2.json.x', 'r-2-of-2.json.x'],
      ['R-1-of-2.json', 'R-2-of-2.json'],
      ['r-1-of-1.json'],
      [...names, ...three],
    ])
      expect(wholeSetOfShards('a/r.json', others)).toEqual([]);
    expect(wholeSetOfShards('r.json', [...names, ...three.slice(1)])).toEqual(names);
    expect(wholeSetOfShards('r.json', ['r.json', 'r-1-of-1.json'])).toEqual([]);
    for (const count of [12, MAX_SHARDS]) {
      const many = pathsOfShards('r.json', count).slice(1);
      expect(wholeSetOfShards('r.json', many)).toEqual(many);
    }
    expect(wholeSetOfShards('r.json', pathsOfShards('r.json', MAX_SHARDS + 1))).toEqual([]);
  });
});

test('a verification counts the files that no receipt lists', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a', 'dist/b': 'b' } });
  const inputs = { 'verify-key': scenario.service.credentials.verifyKeyPem, upload: 'false' };
  await scenario.green({ ...inputs, files: 'dist/a', manifest: 'release.json' });
  const one = await scenario.green({ ...inputs, mode: 'verify', files: 'dist/a', manifest: 'release.json' });
  expect(one.log + one.summary).not.toContain('in no receipt');
  await scenario.green({ ...inputs, files: 'dist/b' });
  const both = await scenario.green({ ...inputs, mode: 'verify', files: 'dist', manifest: 'release.json' });
  for (const text of [both.log, both.summary]) expect(text).toContain('1 file is listed in no receipt of this release');
});

test('an empty slice is green and still leaves its signed manifest', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
  const run = await scenario.green({ shard: '2/2', manifest: 'release.json' });
  expect(run.outputs).toMatchObject({ 'file-count': '0', 'artifact-name': 'signatures-2-of-2' });
  const entries = await entriesOf(scenario.results.artifacts[0]?.zip ?? Buffer.alloc(0));
  expect(entries.map(({ path }) => path).sort()).toEqual(['release-2-of-2.json', 'release-2-of-2.json.sign']);
  expect(scenario.service.counters.requests).toBe(1);
});

test.each(['0/2', '3/2', '1', 'a/b', '1/999'])('shard: %s is refused', async (shard) => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
  const run = await scenario.red({ shard });
  expect(run.log).toContain('Input shard ');
});
