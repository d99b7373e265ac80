import { describe, expect, test } from 'vitest';
import { startAuthority } from '../timestamp/authority.ts';
import { BUILD, BYTES, createRelease, manifestOf, pathsOf } from './release-run.ts';

describe('sign-release.yml, its own steps run as they stand', () => {
  test.each([1, 3, 7])('%i shards sign every file once, and come together as one artifact', async (shards) => {
    await using release = await createRelease();
    const run = await release.sign({ shards, checksums: 'SHA256SUMS' });
    expect(run.result, run.log).toBe('success');
    expect(run.outputs).toMatchObject({
      mode: 'sign',
      shards: String(shards),
      'artifact-name': 'signatures',
      'file-count': '23',
      'verified-count': '23',
      'total-bytes': String(BYTES),
    });
    const signatures = Object.keys(BUILD).map((path) => `${path}.sign`);
    const receipts = Array.from({ length: shards }, (_, at) =>
      shards === 1 ? 'signing-manifest.json' : `signing-manifest-${at + 1}-of-${shards}.json`,
    );
    const own = ['SHA256SUMS', 'SHA256SUMS.sign', 'verification.json', ...receipts];
    expect(await pathsOf(release.hub, 'signatures')).toEqual([...signatures, ...own].sort());

    const slices = release.hub.runs.filter(({ inputs }) => inputs['mode'] === 'sign').map(({ outputs }) => outputs);
    const sum = (output: string): number => slices.reduce((total, outputs) => total + Number(outputs[output]), 0);
    expect(slices).toHaveLength(shards);
    expect([sum('file-count'), sum('signed-count'), sum('total-bytes')]).toEqual([23, 23, BYTES]);
    const manifest = await manifestOf(release.hub, 'signatures', 'verification.json');
    expect(manifest).toMatchObject({ version: 1, mode: 'verify', rehearsal: false, checked: true, shard: null });
    expect(manifest.files.map(({ path }) => path)).toEqual(Object.keys(BUILD).sort());
    expect(manifest.totals).toMatchObject({ files: 23, verified: 23, failed: 0, bytes: BYTES });
    const listed = await Promise.all(receipts.map((name) => manifestOf(release.hub, 'signatures', name)));
    expect(listed.flatMap(({ files }) => files.map(({ path }) => path)).sort()).toEqual(Object.keys(BUILD).sort());
  });

  test('more shards than files: empty slices are green', async () => {
    await using release = await createRelease({ build: { only: 'one', another: 'two' } });
    const run = await release.sign({ shards: 3 });
    expect(run.result, run.log).toBe('success');
    expect(run.outputs).toMatchObject({ shards: '3', 'file-count': '2' });
  });

  test('a kit at the top is signed by the first shard, and knows the receipts of all shards', async () => {
    await using release = await createRelease({ build: { only: 'one', another: 'two' } });
    const run = await release.sign({ shards: 2, 'verification-kit': '.' });
    expect(run.result, run.log).toBe('success');
    const files = await release.hub.artifacts.files('signatures');
    const page = files.find(({ path }) => path === 'verify.html')?.bytes.toString();
    for (const name of ['verify.html.sign', 'VERIFY.md', 'VERIFY.md.sign']) {
      expect(files.map(({ path }) => path)).toContain(name);
    }
    for (const receipt of ['signing-manifest-1-of-2.json', 'signing-manifest-2-of-2.json']) {
      expect(page).toContain(`"${receipt}"`);
    }
  });

  test('the checksums get a time stamp, which is signed, verified again and attached; a rehearsal gets none', async () => {
    await using authority = await startAuthority();
    await using release = await createRelease({ build: { only: 'one', another: 'two' } });
    const stamp = { 'timestamp-url': authority.url, 'timestamp-chain': authority.root };
    const run = await release.sign({ shards: 2, checksums: 'SHA256SUMS', ...stamp });
    expect(run.result, run.log).toBe('success');
    const paths = await pathsOf(release.hub, 'signatures');
    expect(paths).toEqual(expect.arrayContaining(['SHA256SUMS.tsr', 'SHA256SUMS.tsr.sign']));
    expect(run.log).toContain('Time stamp SHA256SUMS.tsr: ');
    const rehearsal = await release.sign({ mode: 'rehearse', checksums: 'SHA256SUMS', ...stamp });
    expect(rehearsal.result, rehearsal.log).toBe('success');
    expect(await pathsOf(release.hub, 'rehearsal-signatures')).not.toContain('SHA256SUMS.tsr');
  });

  test('the build may come by a name, of which the run warns, or by a pattern', async () => {
    await using release = await createRelease();
    const run = await release.sign({ 'artifact-id': '', artifact: 'b?il*' });
    expect(run.result, run.log).toBe('success');
    expect(run.log).toContain('::warning title=The build comes by a name::');
  });

  test('a rehearsal takes one shard, no secret and no environment, and is verified with its own key', async () => {
    await using release = await createRelease({ kept: 'nowhere' });
    const inputs = { mode: 'rehearse', shards: 5, environment: 'release', 'signature-algorithm': 'ed25519' };
    const run = await release.sign(inputs);
    expect(run.result, run.log).toBe('success');
    expect(run.outputs).toMatchObject({
      mode: 'rehearse',
      shards: '1',
      'artifact-name': 'rehearsal-signatures',
      'verified-count': '23',
    });
    expect(release.hub.asked).toEqual([]);
    const manifest = await manifestOf(release.hub, 'rehearsal-signatures', 'signing-manifest.json');
    expect(manifest).toMatchObject({ mode: 'rehearse', rehearsal: true });
  });

  test('the secrets of an environment reach the signing jobs under the names that the caller passes', async () => {
    await using release = await createRelease({ kept: 'environment' });
    const refused = await release.sign();
    expect(refused.log).toMatch(/Inputs? .*app-secret.* (?:is|are) empty/);
    expect(Object.values(refused.jobs).map(({ result }) => result)).toEqual(['success', 'failure', 'skipped']);
    expect(refused.outputs['mode']).toBe('');
    const run = await release.sign({ environment: 'release' });
    expect(run.result, run.log).toBe('success');
    expect(release.hub.asked).toEqual(['release']);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['mode', { mode: 'verify' }],
    ['shards', { shards: 0 }],
    ['shards', { shards: 257 }],
    ['shards', { shards: 2.5 }],
    ['verify-key', { 'verify-key': 'keys/release.pem' }],
    ['artifact-id', { 'artifact-id': '' }],
    ['artifact-id', { artifact: 'build' }],
    ['artifact-id', { 'artifact-id': '1,2' }],
    ['artifact-id', { 'artifact-id': '1\nmatrix=[1]' }],
    ['artifact-name', { 'artifact-name': 'signatures\nmatrix=[1]' }],
    ['artifact-name', { 'artifact-name': 'signatures\rmatrix=[1]' }],
    ['artifact-name', { 'artifact-name': '{signatures,build}' }],
    ['artifact-name', { 'artifact-name': 'signatures ' }],
    ['checksums', { checksums: '../SHA256SUMS' }],
    ['checksums', { checksums: './SHA256SUMS' }],
    ['checksums', { checksums: '/SHA256SUMS' }],
    ['checksums', { checksums: 'SHA256SUMS\nx=1' }],
    ['checksums', { checksums: 'verification.json' }],
    ['checksums', { checksums: 'Signing-Manifest-1-of-2.json' }],
    ['verification-kit', { 'verification-kit': '../kit' }],
    ['verification-kit', { 'verification-kit': 'kit\nx=1' }],
    ...[
      '*',
      'sign*',
      'signatures',
      'signatures-shard-1-of-2',
      'signatures-shard-2-of-2-retry-2',
      '{build,signatures-shard*}',
      '!docs',
      '#build',
      ' !docs',
      'signatures ',
      '[bc]uild',
      '@(build|signatures-shard)',
      'buil\\d',
      'build/x',
      'build\nmatrix=[1]',
    ].map((artifact): [string, Readonly<Record<string, unknown>>] => [
      'artifact',
      { 'artifact-id': '', artifact, shards: 2 },
    ]),
  ])('a plan that cannot work is refused before anything signs: %s %o', async (input, inputs) => {
    await using release = await createRelease();
    const run = await release.sign(inputs);
    expect(run.log).toContain(`::error title=Input ${input}::`);
    expect(Object.values(run.jobs).map(({ result }) => result)).toEqual(['failure', 'skipped', 'skipped']);
  });
});
