import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { createHub, type Hub } from './engine/hub.ts';
import { runWorkflow, type Start, type WorkflowResult } from './engine/run.ts';
import { type ReleaseOptions, type ReleasesApi, startReleasesApi } from './releases-api.ts';

const WORKFLOW = join(ACTION_DIRECTORY, '.github/workflows/reconcile-release.yml');
const FILES = { 'app.bin': 'app', 'core.so': 'core' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** A list as sha256sum writes it, which escapes backslashes and says so in front of the line. */
const sumsOf = (files: Readonly<Record<string, string>>): string =>
  Object.entries(files)
    .map(([path, text]) => `${path.includes('\\') ? '\\' : ''}${sha256(text)}  ${path.replaceAll('\\', '\\\\')}\n`)
    .join('');

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

interface Case extends AsyncDisposable {
  readonly api: ReleasesApi;
  readonly hub: Hub;
  /** Reconciles the release with a list of these files, or without one. */
  reconcile(
    list: Readonly<Record<string, string>> | undefined,
    inputs?: Readonly<Record<string, unknown>>,
    onJob?: Start['onJob'],
  ): Promise<WorkflowResult>;
  names(): string[];
  /** Gives an asset other bytes, as somebody does who replaces it. */
  replace(name: string, text: string): void;
  /** Requests that change anything. */
  changes(): string[];
}

/** A run of a repository whose secrets are kept in the environment `release`, with reviewers. */
async function createRun(api: ReleasesApi): Promise<Pick<Case, 'hub' | 'reconcile'>> {
  const { credentials } = service;
  const env = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'acme/app', RETRY_SECONDS: '0' };
  const secrets = { SIGNING_KEY: credentials.key, SIGNING_APP_SECRET: credentials.appSecret };
  const vars = {
    SIGNING_CERT: credentials.cert,
    SIGNING_CHAIN: credentials.chain,
    SIGNING_APP_KEY: credentials.appKey,
  };
  const hub = await createHub({ env, environments: { release: { secrets, vars } } });
  const passed = { SIGNING_KEY: '', SIGNING_APP_SECRET: '' };
  let lists = 0;
  return {
    hub,
    reconcile(list, inputs = {}, onJob = () => {}) {
      const id = list && hub.artifacts.add(`list-${++lists}`, { SHA256SUMS: sumsOf(list) });
      const whole = {
        tag: 'v1.2.3',
        environment: 'release',
        'server-url': service.url,
        'sign-path': service.signPath,
        'verify-key': credentials.verifyKeyPem,
        ...(id && { 'checksums-artifact-id': id }),
        ...inputs,
      };
      return runWorkflow(hub, WORKFLOW, { inputs: whole, secrets: passed, onJob });
    },
  };
}

async function createCase(options: Omit<ReleaseOptions, 'tag'> = {}): Promise<Case> {
  const api = await startReleasesApi([{ tag: 'v1.2.3', assets: FILES, ...options }]);
  const run = await createRun(api);
  const [release] = api.releases;
  if (release === undefined) throw new Error('no release');
  return {
    api,
    ...run,
    names: () => release.assets.map(({ name }) => name).sort(),
    replace(name, text) {
      release.assets = release.assets.map((one) => (one.name === name ? { ...one, bytes: Buffer.from(text) } : one));
    },
    changes: () => api.requests.filter((request) => !request.startsWith('GET ')),
    async [Symbol.asyncDispose]() {
      await run.hub[Symbol.asyncDispose]();
      await api.close();
    },
  };
}

const codesIn = ({ outputs }: WorkflowResult): string[] =>
  JSON.parse(outputs['findings'] || '[]').map(({ asset, code }: Record<string, string>) => `${asset} ${code}`);

test('what the list has is signed and attached, and checked as attached; a second run has nothing to do; a replaced asset is accused', async () => {
  await using one = await createCase();
  const first = await one.reconcile(FILES);
  expect(first.result, first.log).toBe('success');
  expect(first.outputs).toEqual({ 'added-count': '2', 'checked-count': '2', findings: '[]' });
  expect(one.names()).toEqual(['app.bin', 'app.bin.sign', 'core.so', 'core.so.sign']);
  expect(one.hub.asked).toEqual(['release']);
  for (const change of one.changes()) expect(change).toMatch(/^POST \/uploads\/.*name=(app\.bin|core\.so)\.sign$/);
  expect(first.jobs['done']?.steps.map(({ summary }) => summary).join('')).toContain('| 0 | 2 | 2 | 2 |');

  const [requests, changes] = [service.counters.requests, one.changes().length];
  const second = await one.reconcile(FILES);
  expect(second.result, second.log).toBe('success');
  expect(second.outputs).toEqual({ 'added-count': '0', 'checked-count': '2', findings: '[]' });

  const other = await one.reconcile({ ...FILES, 'app.bin': 'the app of this release' });
  expect(codesIn(other), 'a signed asset may be one of an older release').toEqual(['app.bin LISTED_OTHERWISE']);

  one.replace('app.bin', 'evil');
  const third = await one.reconcile({ ...FILES, 'app.bin': 'evil' });
  expect(third.result).toBe('failure');
  expect(codesIn(third)).toEqual(['app.bin SIGNATURE_INVALID']);
  expect(third.jobs['sign']?.result).toBe('skipped');
  expect([service.counters.requests, one.changes().length]).toEqual([requests, changes]);
});

test.each<[string, Omit<ReleaseOptions, 'tag'>, Readonly<Record<string, string>> | undefined, string[]]>([
  ['no list', {}, undefined, ['app.bin SIGNATURE_MISSING', 'core.so SIGNATURE_MISSING']],
  ['one asset is not in the list', {}, { 'app.bin': 'app' }, ['core.so NOT_LISTED']],
  [
    'one asset is not in a list of more than 128 KiB, where a directory has a backslash in its name',
    {},
    {
      ...Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`lib/${at}`, `${at}`])),
      'we\\ird/app.bin': 'app',
    },
    ['core.so NOT_LISTED'],
  ],
  ['the list has other bytes', {}, { ...FILES, 'app.bin': 'other' }, ['app.bin NOT_LISTED']],
  ['an asset is renamed', {}, { 'setup.bin': 'app', 'core.so': 'core' }, ['app.bin LISTED_OTHERWISE']],
  ['immutable', { immutable: true }, FILES, ['app.bin SIGNATURE_MISSING', 'core.so SIGNATURE_MISSING']],
  [
    'a wrong signature beside what could be signed',
    { assets: { ...FILES, 'old.bin': 'old', 'old.bin.sign': 'MEUCIQ' } },
    FILES,
    ['old.bin SIGNATURE_INVALID'],
  ],
  [
    'more assets than a release should have with their signatures',
    { assets: { ...FILES, ...Object.fromEntries(Array.from({ length: 897 }, (_, at) => [`note-${at}.txt`, 'x'])) } },
    FILES,
    [' TOO_MANY_ASSETS'],
  ],
  [
    'a list of checksums, also when the list has it',
    { assets: { ...FILES, SUMS: sumsOf(FILES) } },
    { ...FILES, SUMS: sumsOf(FILES) },
    ['SUMS OWN_FILE_UNSIGNED'],
  ],
])('red, and nothing is signed: %s', async (_, options, list, findings) => {
  await using one = await createCase(options);
  const before = service.counters.requests;
  const run = await one.reconcile(list, { files: '*\n!note-*' });
  expect(run.result, run.log).toBe('failure');
  expect(codesIn(run)).toEqual(findings);
  expect(service.counters.requests).toBe(before);
  expect(one.changes()).toEqual([]);
  expect(run.outputs).toMatchObject({ 'added-count': '0' });
});

test('trust-assets, a draft: the summary of a job before the environment shows each asset, and its reviewers agree to these bytes', async () => {
  await using one = await createCase({ draft: true });
  one.api.environments['release'] = ['octocat'];
  const seen: string[] = [];
  const run = await one.reconcile(undefined, { 'trust-assets': true }, (job) => {
    if (job === 'sign') seen.push(...one.hub.asked);
  });
  expect(run.result, run.log).toBe('success');
  expect(run.outputs).toMatchObject({ 'added-count': '2', 'checked-count': '2' });
  expect(seen).toEqual([]);
  expect(one.hub.asked).toEqual(['release']);
  const summary = run.jobs['check']?.steps.map((step) => step.summary ?? '').join('');
  expect(summary).toContain(`| \`app.bin\` | to be signed | ${sha256('app')} | octocat | 2026-03-01T12:00:00Z |`);
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['without an environment', { environment: '' }, 'Input environment'],
  ['in an environment without reviewers', { environment: 'empty' }, 'No reviewers'],
  ['in an environment that GitHub does not show', { environment: 'unknown' }, 'Environment not seen'],
  ['with a list as well', { 'checksums-artifact-id': '7' }, 'Input trust-assets'],
])('trust-assets %s is refused before anything is read', async (_, inputs, title) => {
  await using one = await createCase();
  Object.assign(one.api.environments, { release: ['octocat'], empty: [] });
  const run = await one.reconcile(undefined, { 'trust-assets': true, ...inputs });
  expect(run.result).toBe('failure');
  expect(run.log).toContain(`::error title=${title}::`);
  expect(one.api.requests.filter((request) => request.includes('/releases'))).toEqual([]);
});

test('two at once: both are green, and every asset has one valid signature', async () => {
  await using one = await createCase();
  const other = await createRun(one.api);
  try {
    const runs = await Promise.all([one.reconcile(FILES), other.reconcile(FILES)]);
    for (const run of runs) expect(run.result, run.log).toBe('success');
    expect(one.names()).toEqual(['app.bin', 'app.bin.sign', 'core.so', 'core.so.sign']);
    expect(runs.reduce((sum, { outputs }) => sum + Number(outputs['added-count']), 0)).toBe(2);
  } finally {
    await other.hub[Symbol.asyncDispose]();
  }
});

test.each<[string, string, (one: Case) => void, string]>([
  ['replaced while it is signed', 'attach', (one) => one.replace('app.bin', 'evil'), 'app.bin SIGNATURE_INVALID'],
  ['spoilt when it is attached', 'attach', ({ api }) => void api.faults.push('altered'), 'app.bin SIGNATURE_INVALID'],
])('what is attached is checked as it is: %s', async (_, at, act, finding) => {
  await using one = await createCase();
  const run = await one.reconcile(FILES, {}, (job) => (job === at ? act(one) : undefined));
  expect(run.result).toBe('failure');
  expect(codesIn(run).map((text) => text.replace('SIGNATURE_UNREADABLE', 'SIGNATURE_INVALID'))).toEqual([finding]);
});

test('another job puts its files under the name of what may be signed: red, and nothing is signed', async () => {
  await using one = await createCase();
  const before = service.counters.requests;
  const run = await one.reconcile(FILES, {}, (job) => {
    if (job !== 'sign') return;
    const { artifacts } = one.hub;
    const name = artifacts.names.find((one) => one.startsWith('unsigned-assets-')) ?? '';
    artifacts.remove(name);
    artifacts.add(name, { 'app.bin': 'evil' });
  });
  expect(run.result).toBe('failure');
  expect(run.log).toContain('None of the provided artifact IDs were found');
  expect(service.counters.requests).toBe(before);
  expect(one.changes()).toEqual([]);
});

test('assets that vanish meanwhile are reported as missing', async () => {
  await using one = await createCase();
  const run = await one.reconcile(FILES, {}, (job) => {
    const [release] = one.api.releases;
    if (job === 'attach' && release) release.assets = release.assets.filter(({ name }) => name !== 'core.so');
  });
  expect(run.result).toBe('failure');
  expect(codesIn(run).join()).toContain('core.so');
});
