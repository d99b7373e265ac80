import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { createHub, type Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { type ReleaseOptions, type ReleasesApi, startReleasesApi } from './releases-api.ts';

const WORKFLOW = join(ACTION_DIRECTORY, '.github/workflows/attach-signatures.yml');
const MANIFEST = JSON.stringify({ version: 1, mode: 'sign', rehearsal: false, files: [] });
const SIGNATURES = {
  'app.bin.sign': 'MEUCIQ',
  'lib/core.so.sign': 'MEQCIA',
  SHA256SUMS: 'sums',
  'SHA256SUMS.sign': 'MEYCIQ',
  'signing-manifest.json': MANIFEST,
};
const BASE_NAMES = ['SHA256SUMS', 'SHA256SUMS.sign', 'app.bin.sign', 'core.so.sign', 'signing-manifest.json'];

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
  return {
    api,
    hub,
    attach(files = SIGNATURES, inputs = {}) {
      const id = hub.artifacts.add('signatures', files);
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

const many = (count: number, prefix = 'file'): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}-${at}.sign`, 'MEUCIQ']));

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
      expect(run.outputs).toEqual({ 'asset-count': '5' });
      expect(one.names()).toEqual([...BASE_NAMES, 'app.bin'].sort());
      const core = one.api.releases[0]?.assets.find(({ name }) => name === 'core.so.sign');
      expect(core?.bytes.toString()).toBe('MEQCIA');
      expect(one.changes()).toHaveLength(5);
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
    const files = {
      'm.json': MANIFEST,
      ...many(901),
      'a/x.sign': 'one',
      'b/x.sign': 'two',
      'with blank/ü~.sign': 'three',
    };
    const run = await one.attach(files, { bundle: true, 'bundle-name': 'app-1.2.3-signatures.zip' });
    expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual(['app-1.2.3-signatures.zip']);
    expect(await entriesOf(one.api.releases[0]?.assets[0]?.bytes ?? Buffer.alloc(0))).toHaveLength(905);
  });

  test.each([
    ['base names that occur twice', { 'a/x.sign': '1', 'b/x.sign': '2' }, 'Names that occur twice'],
    ['a blank in a name', { 'my app.sign': '1' }, 'Names that GitHub alters'],
    ['a letter beyond ASCII', { 'ü.sign': '1' }, 'Names that GitHub alters'],
    ['a dot in front', { '.hidden.sign': '1' }, 'Names that GitHub alters'],
    ['two dots', { 'a..b.sign': '1' }, 'Names that GitHub alters'],
    ['more than 900', many(901), 'Too many assets'],
    ['a rehearsal', { 'm.json': '{"version":1,"mode":"rehearse","rehearsal":true}' }, 'A rehearsal'],
    ['a rehearsal among shards', { 'm-2.json': '{"version":1,"mode":"rehearse","rehearsal":true}' }, 'A rehearsal'],
    ['no manifest, as a rehearsal may have none', { 'm.json': '' }, 'No manifest'],
    ['another JSON than a manifest', { 'm.json': '{"version":1}' }, 'No manifest'],
    ['a list', { 'm.json': '[1]' }, 'No manifest'],
    ['a manifest that is cut off', { 'm.json': MANIFEST.slice(0, -9) }, 'No manifest'],
  ])('%s: refused before GitHub is asked anything', async (_, files, title) => {
    await using one = await createCase({ tag: 'v1.2.3' });
    const run = await one.attach({ 'a.sign': 'MEUCIQ', 'm.json': MANIFEST, ...files });
    expect(run.result).toBe('failure');
    expect(run.log).toContain(`::error title=${title}::`);
    expect(run.log).toContain('Nothing was attached.');
    expect(one.api.requests).toEqual([]);
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
      'No such release',
    ],
    ['more than 900 with those that are there', [{ tag: 'v1.2.3', assets: many(896, 'old') }], 'Too many assets'],
  ])('%s: refused before anything is uploaded', async (_, releases, title) => {
    await using one = await createCase(...releases);
    const run = await one.attach();
    expect(run.result).toBe('failure');
    expect(run.log).toContain(`::error title=${title}::`);
    expect(one.changes()).toEqual([]);
  });

  test('finds a draft behind hundreds of releases, and its assets behind hundreds of others', async () => {
    const others = Array.from({ length: 101 }, (_, at) => ({ tag: `v0.${at}` }));
    await using one = await createCase(...others, { tag: 'v1.2.3', draft: true, assets: many(101, 'old') });
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(one.api.releases.at(-1)?.assets).toHaveLength(106);
  });

  test('a lost upload is cleared away and done again', async () => {
    await using one = await createCase({ tag: 'v1.2.3', unfinished: ['app.bin.sign'] });
    one.api.faults.push('lost', 'refused');
    const run = await one.attach();
    expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual(BASE_NAMES);
    expect(one.api.releases[0]?.assets.every(({ state }) => state === 'uploaded')).toBe(true);
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
    const names = { '::warning::x.sign': '1', '##[error]y.sign': '2', '$(touch pwned).sign': '3' };
    const run = await one.attach({ 'm.json': MANIFEST, ...names });
    expect(run.result).toBe('failure');
    expect(run.log.match(/::(warning|debug|\w+ title)/g)).toEqual(['::error title']);
    expect(run.log).not.toContain('##[');
    expect(run.log).toContain('?warning??x.sign');
  });
});
