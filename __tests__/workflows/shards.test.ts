import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Service, startService } from '../../src/rehearsal/service.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { problemsOf } from '../report/schema.ts';
import { createHub, type Hub, type Settings } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';

const WORKFLOW = join(ACTION_DIRECTORY, '.github/workflows/sign-release.yml');

/** Sizes from nothing to 300 KiB, in directories of different depth, some hidden. */
const BUILD: Readonly<Record<string, Buffer>> = Object.fromEntries(
  Array.from({ length: 23 }, (_, at) => [
    `${'deep/'.repeat(at % 4)}${at % 5 === 0 ? '.' : ''}file-${at}.bin`,
    Buffer.alloc(at === 7 ? 300 * 1024 : at ** 3, `content ${at}`),
  ]),
);
const BYTES = Object.values(BUILD).reduce((sum, { length }) => sum + length, 0);

interface Release {
  readonly hub: Hub;
  sign(inputs?: Readonly<Record<string, unknown>>, onJob?: (id: string) => void): Promise<WorkflowResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A repository whose build is done, a signing service of its own, and the credentials for it in one of three places. */
async function createRelease(kept: 'repository' | 'environment' | 'nowhere' = 'repository'): Promise<Release> {
  const service: Service = await startService();
  const { credentials } = service;
  const settings: Settings = {
    secrets: { SIGNING_KEY: credentials.key, SIGNING_APP_SECRET: credentials.appSecret },
    vars: { SIGNING_CERT: credentials.cert, SIGNING_CHAIN: credentials.chain, SIGNING_APP_KEY: credentials.appKey },
  };
  const hub = await createHub({
    settings: kept === 'repository' ? settings : {},
    environments: kept === 'environment' ? { release: settings } : {},
  });
  hub.artifacts.add('build', BUILD);
  const base = {
    artifact: 'build',
    files: '**',
    'server-url': service.url,
    'sign-path': service.signPath,
    'verify-key': credentials.verifyKeyPem,
  };
  return {
    hub,
    sign: (inputs = {}, onJob = () => {}) => runWorkflow(hub, WORKFLOW, { inputs: { ...base, ...inputs }, onJob }),
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await service.close();
    },
  };
}

const pathsOf = async (hub: Hub, name: string): Promise<string[]> =>
  (await hub.artifacts.files(name)).map(({ path }) => path).sort();

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
    const own = ['SHA256SUMS', 'SHA256SUMS.sign', 'signing-manifest.json'];
    expect(await pathsOf(release.hub, 'signatures')).toEqual([...signatures, ...own].sort());

    const slices = release.hub.runs.filter(({ inputs }) => inputs['mode'] === 'sign').map(({ outputs }) => outputs);
    const sum = (output: string): number => slices.reduce((total, outputs) => total + Number(outputs[output]), 0);
    expect(slices).toHaveLength(shards);
    expect([sum('file-count'), sum('signed-count'), sum('total-bytes')]).toEqual([23, 23, BYTES]);
    const manifest = await manifestOf(release.hub, 'signatures');
    expect(manifest).toMatchObject({ version: 1, mode: 'sign', rehearsal: false, checked: true, shard: null });
    expect(manifest.files.map(({ path }) => path)).toEqual(Object.keys(BUILD).sort());
    expect(manifest.totals).toMatchObject({ files: 23, signed: 23, verified: 23, failed: 0, bytes: BYTES });
  });

  test('more shards than files: empty slices are green', async () => {
    await using release = await createRelease();
    release.hub.artifacts.add('build', { only: 'one', another: 'two' });
    const run = await release.sign({ shards: 3 });
    expect(run.result, run.log).toBe('success');
    expect(run.outputs).toMatchObject({ shards: '3', 'file-count': '2' });
  });

  test.each([
    [1, 'signatures-shard', '1/1'],
    [2, 'signatures-shard-2-of-2', '2/2'],
  ])('of %i shards, %s is lost: collect is red and nothing is uploaded', async (shards, lost, named) => {
    await using release = await createRelease();
    release.hub.artifacts.lost.add(lost);
    const run = await release.sign({ shards });
    expect(run.jobs['sign']?.result, run.log).toBe('success');
    expect(run.jobs['collect']?.result).toBe('failure');
    expect(run.log).toMatch(
      new RegExp(`::error title=Incomplete signatures::.*no signatures came from shard ${named}`),
    );
    expect(release.hub.artifacts.names).not.toContain('signatures');
    expect(run.outputs['artifact-id']).toBe('');
  });

  test('signatures of another split are not taken for ours', async () => {
    await using release = await createRelease();
    const run = await release.sign({}, (job) => {
      const manifest = JSON.stringify({ mode: 'sign', shard: '1/9', files: [], totals: {} });
      const others = { 'signing-manifest-1-of-9.json': manifest, 'deep/file-1.bin.sign': 'theirs' };
      if (job === 'collect') release.hub.artifacts.add('signatures-shard-1-of-9', others);
    });
    expect(run.result).toBe('failure');
    expect(run.log).toContain('2 manifests came from 1 shards');
  });

  test('a build that changes after signing makes collect red', async () => {
    await using release = await createRelease();
    const run = await release.sign({}, (job) => {
      const late = { ...BUILD, 'deep/file-1.bin': 'poison', 'late.bin': 'late' };
      if (job === 'collect') release.hub.artifacts.add('build', late);
    });
    expect(run.result).toBe('failure');
    expect(run.log).toContain('SIGNATURE_INVALID');
    expect(run.log).toContain('SIGNATURE_MISSING');
    expect(release.hub.artifacts.names).not.toContain('signatures');
  });

  test('a rehearsal takes one shard, no secret and no environment, and is verified with its own key', async () => {
    await using release = await createRelease('nowhere');
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
    expect(await manifestOf(release.hub, 'rehearsal-signatures')).toMatchObject({ mode: 'rehearse', rehearsal: true });
  });

  test('secrets and variables of the environment take the place of those that nobody passes', async () => {
    await using release = await createRelease('environment');
    const refused = await release.sign();
    expect(refused.log).toContain('app-secret is empty');
    expect(Object.values(refused.jobs).map(({ result }) => result)).toEqual(['success', 'failure', 'skipped']);
    const run = await release.sign({ environment: 'release' });
    expect(run.result, run.log).toBe('success');
    expect(release.hub.asked).toEqual(['release']);
  });

  test.each([
    ['mode', { mode: 'verify' }],
    ['shards', { shards: 0 }],
    ['shards', { shards: 257 }],
    ['shards', { shards: 2.5 }],
    ['verify-key', { 'verify-key': 'keys/release.pem' }],
    ['artifact', { artifact: '*' }],
    ['artifact', { artifact: 'sign*', shards: 2 }],
    ['artifact', { artifact: 'signatures' }],
  ])('a plan that cannot work is refused before anything signs: %s %o', async (input, inputs) => {
    await using release = await createRelease();
    const run = await release.sign(inputs);
    expect(run.log).toContain(`::error title=Input ${input}::`);
    expect(Object.values(run.jobs).map(({ result }) => result)).toEqual(['failure', 'skipped', 'skipped']);
  });
});

interface Manifest {
  readonly files: readonly { readonly path: string }[];
  readonly totals: Readonly<Record<string, number>>;
}

async function manifestOf(hub: Hub, artifact: string): Promise<Manifest> {
  const file = (await hub.artifacts.files(artifact)).find(({ path }) => path === 'signing-manifest.json');
  const manifest = JSON.parse(file?.bytes.toString() ?? '');
  expect(problemsOf(manifest)).toEqual([]);
  return manifest;
}
