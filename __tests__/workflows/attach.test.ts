import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { createHub, type Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { type ReleaseOptions, type ReleasesApi, startReleasesApi } from './releases-api.ts';

const WORKFLOW = join(ACTION_DIRECTORY, '.github/workflows/attach-signatures.yml');

/** SHA-256 that stands for the content of a file. */
const shaOf = (path: string): string => createHash('sha256').update(path).digest('hex');

/** A manifest of a green signing of these files. */
function manifestOf(paths: readonly string[], more: object = {}): string {
  const files = paths.map((path) => ({ path, sha256: shaOf(path), signature: `${path}.sign`, status: 'signed' }));
  return JSON.stringify({ version: 1, mode: 'sign', rehearsal: false, shard: null, files, ...more });
}

const sumsOf = (paths: readonly string[]): string => paths.map((path) => `${shaOf(path)}  ${path}\n`).join('');

const PATHS = ['app.bin', 'core.so'];
const SIGNATURES = {
  'app.bin.sign': 'MEUCIQ',
  'core.so.sign': 'MEQCIA',
  SHA256SUMS: sumsOf(PATHS),
  'SHA256SUMS.sign': 'MEYCIQ',
  'signing-manifest.json': manifestOf(PATHS),
  'signing-manifest.json.sign': 'MEUCIA',
};
const BASE_NAMES = Object.keys(SIGNATURES).sort();

/** An artifact with a signature for each of these files, and a manifest of them that is not signed. */
function artifactOf(paths: readonly string[], more: object = {}): Record<string, string> {
  const signatures = paths.map((path) => [`${path}.sign`, 'MEUCIQ']);
  return { ...Object.fromEntries(signatures), 'm.json': manifestOf(paths, more) };
}

interface Case {
  readonly api: ReleasesApi;
  readonly hub: Hub;
  attach(files?: Readonly<Record<string, string>>, inputs?: Readonly<Record<string, unknown>>): Promise<WorkflowResult>;
  names(): string[];
  /** Requests that change anything. */
  changes(): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

async function createCase(...releases: ReleaseOptions[]): Promise<Case> {
  const api = await startReleasesApi(releases);
  const env = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'acme/app', RETRY_SECONDS: '0' };
  const hub = await createHub({ env });
  let count = 0;
  return {
    api,
    hub,
    attach(files = SIGNATURES, inputs = {}) {
      const id = hub.artifacts.add(`signatures-${++count}`, files);
      return runWorkflow(hub, WORKFLOW, { inputs: { 'artifact-id': id, tag: 'v1.2.3', ...inputs } });
    },
    names: () => api.releases[0]?.assets.map(({ name }) => name).sort() ?? [],
    changes: () => api.requests.filter((request) => !request.startsWith('GET ')),
    async [Symbol.asyncDispose]() {
      await api.close();
      await hub[Symbol.asyncDispose]();
    },
  };
}

const many = (count: number, prefix = 'file'): string[] => Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
const assetsOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'x']));

describe('attach-signatures.yml, against a stand-in for GitHub that speaks HTTP', () => {
  test.each([
    ['a published release', {}],
    ['a draft that will be immutable', { draft: true, immutable: true }],
  ])(
    'attaches everything to %s, changes nothing else, and has nothing to do when it runs again',
    async (_, options) => {
      await using one = await createCase({ tag: 'v1.2.3', assets: { 'app.bin': 'app' }, ...options });
      const run = await one.attach();
      expect(run.result, run.log).toBe('success');
      expect(run.outputs).toEqual({ 'asset-count': '6', 'added-count': '6' });
      expect(one.names()).toEqual([...BASE_NAMES, 'app.bin'].sort());
      const core = one.api.releases[0]?.assets.find(({ name }) => name === 'core.so.sign');
      expect(core?.bytes.toString()).toBe('MEQCIA');
      expect(one.changes()).toHaveLength(6);
      for (const change of one.changes())
        expect(change).toMatch(/^POST \/uploads\/acme\/app\/releases\/1\/assets\?name=/);
    },
  );

  test('bundle: one zip with all directories, the same on every run', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    for (let time = 0; time < 2; time++) {
      const run = await one.attach(SIGNATURES, { bundle: true });
      expect(run.result, run.log).toBe('success');
    }
    expect(one.names()).toEqual(['signatures.zip']);
    expect(one.changes()).toHaveLength(1);
    const entries = await entriesOf(one.api.releases[0]?.assets[0]?.bytes ?? Buffer.alloc(0));
    expect(Object.fromEntries(entries.map(({ path, bytes }) => [path, bytes.toString()]))).toEqual(SIGNATURES);
  });

  test('bundle: takes what single assets cannot', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const files = artifactOf([...many(901), 'a/x', 'b/x', 'with blank/ü~']);
    const run = await one.attach(files, { bundle: true, 'bundle-name': 'app-1.2.3-signatures.zip' });
    expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual(['app-1.2.3-signatures.zip']);
    expect(await entriesOf(one.api.releases[0]?.assets[0]?.bytes ?? Buffer.alloc(0))).toHaveLength(904);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['base names that occur twice', artifactOf(['a/x', 'b/x']), 'Names that occur twice'],
    ['a blank in a name', artifactOf(['my app']), 'Names that GitHub alters'],
    ['a letter beyond ASCII', artifactOf(['ü']), 'Names that GitHub alters'],
    ['a dot in front', artifactOf(['.hidden']), 'Names that GitHub alters'],
    ['two dots', artifactOf(['a..b']), 'Names that GitHub alters'],
    ['a #, behind which gh reads a label', artifactOf(['a#b']), 'Names that GitHub alters'],
    ['more than 900', artifactOf(many(901)), 'Too many assets'],
    [
      'a list of files in directories',
      { ...artifactOf(['a/x']), S: sumsOf(['a/x']), 'S.sign': 'x' },
      'A list that nobody could check',
    ],
    ['a rehearsal', artifactOf(['a'], { mode: 'rehearse', rehearsal: true }), 'A rehearsal'],
    ['a rehearsal beside', { ...artifactOf(['a']), 'm-2.json': manifestOf([], { rehearsal: true }) }, 'A rehearsal'],
    [
      'a run that failed as a whole',
      artifactOf(['a'], { failure: { code: 'DEADLINE', message: 'x' } }),
      'A run that failed',
    ],
    [
      'a file that failed',
      { 'a.sign': 'x', 'm.json': manifestOf(['a']).replace('"signed"', '"failed"') },
      'A run that failed',
    ],
    [
      'a file that was not tried',
      { 'a.sign': 'x', 'm.json': manifestOf(['a']).replace('"signed"', '"not-tried"') },
      'A run that failed',
    ],
    ['one shard of three', artifactOf(['a'], { shard: '2/3' }), 'A part of a release'],
    ['a signature that is not there', { 'm.json': manifestOf(['a']) }, 'A signature is missing'],
    ['a manifest without files', { 'm.json': manifestOf([]) }, 'Nothing to attach'],
    ['an empty manifest', { 'a.sign': 'x', 'm.json': '' }, 'No manifest'],
    ['another JSON than a manifest', { 'a.sign': 'x', 'm.json': '{"version":1}' }, 'No manifest'],
    ['what verify wrote alone', artifactOf(['a'], { mode: 'verify' }), 'No manifest'],
    ['a list', { 'a.sign': 'x', 'm.json': '[1]' }, 'No manifest'],
    ['a manifest that is cut off', { 'a.sign': 'x', 'm.json': manifestOf(['a']).slice(0, -9) }, 'No manifest'],
  ])('%s: refused before GitHub is asked anything', async (_, files, title) => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const run = await one.attach(files);
    expect(run.result).toBe('failure');
    expect(run.log).toContain(`::error title=${title}::`);
    expect(run.log).toContain('Nothing was attached.');
    expect(one.api.requests).toEqual([]);
  });

  test('exactly what the manifests of all shards list is attached; anything else is named and left out', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const others = { 'setup.exe': 'MZ', 'setup.exe.sign': 'MEUCIQ', 'install.sh': 'evil', 'a-b.sign': 'x' };
    const receipts = {
      's-1-of-2.json': manifestOf(['app.bin'], { shard: '1/2' }),
      's-1-of-2.json.sign': 'MEUCIQ',
      's-2-of-2.json': manifestOf(['core.so'], { shard: '2/2' }),
      'verification.json': manifestOf(PATHS, { mode: 'verify' }),
    };
    const signatures = { 'app.bin.sign': 'MEUCIQ', 'core.so.sign': 'MEQCIA', SUMS: sumsOf(PATHS), 'SUMS.sign': 'x' };
    const run = await one.attach({ ...signatures, ...receipts, ...others });
    expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual([...Object.keys(signatures), 's-1-of-2.json', 's-1-of-2.json.sign'].sort());
    expect(run.log).toContain('::warning title=Left out::');
    for (const name of Object.keys(others)) expect(run.log).toContain(name);
    expect(run.log).not.toContain('verification.json');
  });

  test('a kit is attached with its signatures when it is one, and a time stamp of the checksums', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const mark = '<!-- mtls-release-signing verification kit -->';
    const kit = { 'kit/verify.html': `<!doctype html>${mark}\n<html>`, 'kit/VERIFY.md': `${mark}\n# Check` };
    const signed = Object.fromEntries(
      Object.entries(kit).flatMap(([path, text]) => [
        [path, text],
        [`${path}.sign`, 'x'],
      ]),
    );
    const others = {
      'old/verify.html': `<!-- ${mark}`,
      'old/verify.html.sign': 'x',
      'x/VERIFY.md': `${mark}\n`,
      'y.tsr': 'y',
    };
    const run = await one.attach({ ...SIGNATURES, ...signed, 'SHA256SUMS.tsr': 'stamp', ...others });
    expect(run.result, run.log).toBe('success');
    const names = ['VERIFY.md', 'VERIFY.md.sign', 'verify.html', 'verify.html.sign', 'SHA256SUMS.tsr'];
    expect(one.names()).toEqual([...BASE_NAMES, ...names].sort());
    for (const path of Object.keys(others)) expect(run.log).toContain(path.replace('/', '?'));
  });

  test('a list that says something else than the manifests is no list of checksums', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const run = await one.attach({ ...SIGNATURES, SHA256SUMS: sumsOf(PATHS).replace(/^\w/, 'g') });
    expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual(BASE_NAMES.filter((name) => !name.startsWith('SHA256SUMS')));
  });

  test('an artifact without any JSON: refused, since it may be of a rehearsal', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const run = await one.attach({ 'a.sign': 'MEUCIQ' });
    expect(run.result).toBe('failure');
    expect(run.log).toContain('::error title=No manifest::');
    expect(one.api.requests).toEqual([]);
  });

  test.each<[string, ReleaseOptions[], string]>([
    ['a published immutable release', [{ tag: 'v1.2.3', immutable: true }], 'An immutable release'],
    ['another file of that name', [{ tag: 'v1.2.3', assets: { 'app.bin.sign': 'other' } }], 'An asset is in the way'],
    ['no such release', [{ tag: 'v1.2.4' }], 'No such release'],
    [
      'two drafts of one tag',
      [
        { tag: 'v1.2.3', draft: true },
        { tag: 'v1.2.3', draft: true },
      ],
      'Two drafts',
    ],
    [
      'more than 900 with those that are there',
      [{ tag: 'v1.2.3', assets: assetsOf(many(896, 'old')) }],
      'Too many assets',
    ],
  ])('%s: refused before anything is uploaded', async (_, releases, title) => {
    await using one = await createCase(...releases);
    const run = await one.attach();
    expect(run.result).toBe('failure');
    expect(run.log).toContain(`::error title=${title}::`);
    expect(one.changes()).toEqual([]);
  });

  test('finds a draft behind hundreds of releases, and its assets behind hundreds of others', async () => {
    const others = Array.from({ length: 101 }, (_, at) => ({ tag: `v0.${at}` }));
    await using one = await createCase(...others, { tag: 'v1.2.3', draft: true, assets: assetsOf(many(101, 'old')) });
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(one.api.releases.at(-1)?.assets).toHaveLength(107);
  });

  test('an unfinished upload of another name stays, also one that a pattern of our name would match', async () => {
    await using one = await createCase({ tag: 'v1.2.3', unfinished: ['app-bin.sign', 'app.bin.sign'] });
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(one.changes().filter((request) => request.startsWith('DELETE'))).toHaveLength(1);
    expect(one.names()).toContain('app-bin.sign');
  });

  test.each([
    ['Retry-After', { 'retry-after': '1' }],
    ['the time at which a used-up limit is reset', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '0' }],
  ])('waits as GitHub says by %s, for questions and for uploads', async (_, headers) => {
    await using one = await createCase({ tag: 'v1.2.3' });
    one.api.limits.push({ at: 2, status: 403, headers }, { at: 4, status: 429, headers });
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(run.log.match(/GitHub limits requests: waiting for \d s/g)).toHaveLength(2);
    expect(one.names()).toEqual(BASE_NAMES);
  });

  test('two drafts of one tag: both are named, with what to do', async () => {
    await using one = await createCase({ tag: 'v1.2.3', draft: true }, { tag: 'v1.2.3', draft: true });
    const run = await one.attach();
    expect(run.log).toMatch(/Two drafts::.*: 1, 2\. .*gh api --method DELETE repos\/acme\/app\/releases\/ID/);
  });

  test('a lost upload is cleared away and done again', async () => {
    await using one = await createCase({ tag: 'v1.2.3', unfinished: ['app.bin.sign'] });
    one.api.faults.push('lost', 'refused');
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual(BASE_NAMES);
    expect(one.api.releases[0]?.assets.every(({ state }) => state === 'uploaded')).toBe(true);
  });

  test('an upload that arrived and whose answer was lost counts as added', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    one.api.faults.push('unanswered');
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(run.outputs).toEqual({ 'asset-count': '6', 'added-count': '6' });
    expect(one.changes()).toHaveLength(6);
  });

  test('without receipts, and with what the release has kept: only new signatures are attached', async () => {
    await using one = await createCase({ tag: 'v1.2.3', assets: { 'app.bin.sign': 'another signature' } });
    const run = await one.attach(SIGNATURES, { receipts: false, existing: 'keep' });
    expect(run.result, run.log).toBe('success');
    expect(run.outputs).toEqual({ 'asset-count': '3', 'added-count': '3' });
    expect(one.names()).toEqual(BASE_NAMES.filter((name) => !name.startsWith('signing-manifest')));
    expect(one.api.releases[0]?.assets[0]?.bytes.toString()).toBe('another signature');
    expect(run.log).toContain('has it still: app.bin.sign');
    expect(run.log).not.toContain('::warning title=Left out');
  });

  test('an upload that never succeeds is red and says how to go on', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    one.api.faults.push('refused', 'refused', 'refused');
    const run = await one.attach();
    expect(run.result).toBe('failure');
    expect(run.log).toContain('::error title=Not attached::GitHub did not take SHA256SUMS (status 500)');
    const again = await one.attach();
    expect(again.result, again.log).toBe('success');
  });

  test('what GitHub stored with other bytes is red', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    one.api.faults.push('altered');
    const run = await one.attach();
    expect(run.result).toBe('failure');
    expect(run.log).toContain('::error title=Attached, but differs::');
  });

  test('names are data: none becomes a command or leaves the log', async () => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const run = await one.attach(artifactOf(['::warning::x', '##[error]y', '$(touch pwned)']));
    expect(run.result).toBe('failure');
    expect(run.log.match(/::(warning|debug|\w+ title)/g)).toEqual(['::error title']);
    expect(run.log).not.toContain('##[');
    expect(run.log).toContain('?warning??x.sign');
  });
});
