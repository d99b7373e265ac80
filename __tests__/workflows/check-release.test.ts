import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { addGh, callsOf, createHub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { type ReleaseOptions, type ReleasesApi, startReleasesApi } from './releases-api.ts';

const WORKFLOW = join(ACTION_DIRECTORY, '.github/workflows/check-release.yml');
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const VERIFY_KEY = publicKey.export({ type: 'spki', format: 'pem' }).toString();

type Assets = Record<string, string>;

const sign = (text: string): string => createSign('sha256').update(text).sign(privateKey, 'base64');
/** Files of a release and their signatures. */
const signed = (files: Assets): Assets =>
  Object.assign({}, ...Object.entries(files).map(([name, text]) => ({ [name]: text, [`${name}.sign`]: sign(text) })));
const sumsOf = (files: Assets): string =>
  Object.entries(files)
    .map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`)
    .join('');

const FILES = { 'app.bin': 'app', 'core.so': 'core' };
const RECEIPT = JSON.stringify({ version: 1, mode: 'sign', files: [] });
/** A release as a green signing leaves it. */
const whole = (files: Assets = FILES): Assets => ({
  ...signed({
    ...files,
    SHA256SUMS: sumsOf(files),
    'signing-manifest.json': RECEIPT,
    'SHA256SUMS.tsr': 'a time stamp',
  }),
});

interface Checked {
  readonly run: WorkflowResult;
  readonly api: ReleasesApi;
  readonly findings: readonly { readonly asset: string; readonly code: string; readonly message: string }[];
  readonly summary: string;
}

/** Checks a release whose tag is v1.2.3. */
async function check(
  options: Omit<ReleaseOptions, 'tag'>,
  { inputs = {}, before = () => {} }: { inputs?: object; before?: (api: ReleasesApi) => void } = {},
): Promise<Checked> {
  const api = await startReleasesApi([{ tag: 'v1.2.3', ...options }]);
  const env = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'acme/app', RETRY_SECONDS: '0' };
  await using hub = await createHub({ env });
  try {
    before(api);
    const run = await runWorkflow(hub, WORKFLOW, { inputs: { tag: 'v1.2.3', 'verify-key': VERIFY_KEY, ...inputs } });
    const steps = run.jobs['check']?.steps ?? [];
    const summary = steps.map((step) => (step.name === 'Judge every asset' ? (step.summary ?? '') : '')).join('');
    const findings = JSON.parse(run.outputs['findings'] || '[]');
    expect(api.requests.filter((request) => !request.startsWith('GET '))).toEqual([]);
    return { run, api, findings, summary };
  } finally {
    await api.close();
  }
}

test.each([
  ['by its tag', {}],
  ['as the latest', { tag: '' }],
])('a release that is as it was signed is green, and every asset is in the table: %s', async (_, inputs) => {
  const { run, summary } = await check({ assets: whole() }, { inputs });
  expect(run.result, run.log).toBe('success');
  const outputs = { tag: 'v1.2.3', 'checked-count': '5', findings: '[]', 'missing-count': '0', 'artifact-id': '' };
  expect(run.outputs).toMatchObject(outputs);
  const sha256 = createHash('sha256').update('app').digest('hex');
  expect(summary).toContain(`| \`app.bin\` | valid | ${sha256} | octocat | 2026-03-01T12:00:00Z |`);
});

test.each<[string, Assets, Readonly<Record<string, string>>]>([
  ['a replaced asset with its old signature', { ...whole(), 'app.bin': 'evil' }, { 'app.bin': 'SIGNATURE_INVALID' }],
  ['an asset without a signature', { ...whole(), 'new.bin': 'new' }, { 'new.bin': 'SIGNATURE_MISSING' }],
  [
    'a signature that is none',
    { ...whole(), 'app.bin.sign': 'no base64' },
    { 'app.bin': expect.stringMatching(/^SIGNATURE_/) },
  ],
  ['the signature of another asset', { ...whole(), 'app.bin.sign': sign('core') }, { 'app.bin': 'SIGNATURE_INVALID' }],
  [
    'an asset that is renamed together with its signature',
    { ...signed({ 'core.so': 'core', SHA256SUMS: sumsOf(FILES) }), ...signed({ 'setup.bin': 'app' }) },
    { 'setup.bin': 'RENAMED', 'app.bin': 'ASSET_MISSING' },
  ],
  [
    'two assets that changed their names',
    { ...signed({ 'app.bin': 'core', 'core.so': 'app', SHA256SUMS: sumsOf(FILES) }) },
    { 'app.bin': 'LISTED_OTHERWISE', 'core.so': 'LISTED_OTHERWISE' },
  ],
  ['an asset that is gone', signed({ 'core.so': 'core', SHA256SUMS: sumsOf(FILES) }), { 'app.bin': 'ASSET_MISSING' }],
  [
    'an asset that is gone, by a list of more than 128 KiB as Windows writes it',
    signed({ 'core.so': 'core', SHA256SUMS: sumsOf(FILES).repeat(900).replaceAll('\n', '\r\n') }),
    { 'app.bin': 'ASSET_MISSING' },
  ],
  ['checksums without their signature', { ...signed(FILES), SUMS: sumsOf(FILES) }, { SUMS: 'OWN_FILE_UNSIGNED' }],
  ['a receipt without its signature', { ...signed(FILES), 'm.json': RECEIPT }, { 'm.json': 'OWN_FILE_UNSIGNED' }],
  [
    'a page without its signature',
    { ...signed(FILES), 'verify.html': '<!doctype html><!-- mtls-release-signing verification kit -->' },
    { 'verify.html': 'OWN_FILE_UNSIGNED' },
  ],
  ['a time stamp without its signature', { ...signed(FILES), 'x.tsr': 'x' }, { 'x.tsr': 'OWN_FILE_UNSIGNED' }],
])('red: %s', async (_, assets, expected) => {
  const { run, findings, summary } = await check({ assets });
  expect(run.result, run.log).toBe('failure');
  expect(Object.fromEntries(findings.map(({ asset, code }) => [asset, code]))).toEqual(expected);
  expect(run.outputs).toMatchObject({ 'missing-count': '0', 'artifact-id': '' });
  for (const name of Object.keys(expected)) expect(summary).toMatch(new RegExp(`^\\| \`${name}\` \\| [A-Z]`, 'm'));
});

test('red: a signature whose file is gone', async () => {
  const { run, findings } = await check({ assets: { ...whole(), 'old.bin.sign': sign('old') } });
  expect(run.result).toBe('failure');
  expect(findings.map(({ asset }) => asset.replace(/\.sign$/, ''))).toEqual(['old.bin']);
});

test('red: signatures alone', async () => {
  const { run, findings } = await check({ assets: { 'old.bin.sign': sign('old') } });
  expect(run.result).toBe('failure');
  expect(findings).not.toEqual([]);
});

test('only what files means counts, with its signatures; excludes win', async () => {
  const assets = { ...whole(), 'notes.txt': 'unsigned', 'old-app.bin': 'unsigned', 'notes.txt.sign': 'none' };
  const { run } = await check({ assets }, { inputs: { files: '!old-*\n*.bin\n*.so\n' } });
  expect(run.result, run.log).toBe('success');
  expect(run.outputs['checked-count']).toBe('2');
});

test('450 files with their signatures, of which one is lost now and then', async () => {
  const files = Object.fromEntries(Array.from({ length: 448 }, (_, at) => [`file-${at}.bin`, `content ${at}`]));
  const assets = signed({ ...files, SHA256SUMS: sumsOf(files), 'signing-manifest.json': RECEIPT });
  const before = ({ limits }: ReleasesApi): void => {
    for (let at = 100; at < 1800; at += 200) limits.push({ at, status: 500, headers: {} });
  };
  const { run, api } = await check({ assets }, { before });
  expect(run.result, run.log).toBe('success');
  expect(run.outputs['checked-count']).toBe('450');
  // What was lost is asked for again, one request or two each time, and nothing else.
  expect(api.requests.length).toBeLessThanOrEqual(1 + 10 + 2 * 900 + 2 * 9);
});

test('after a lost network or a cut-off download, the request is repeated', async () => {
  const before = ({ downloadFaults, limits }: ReleasesApi): void => {
    downloadFaults.push('lost', 'cut', 'lost');
    // Nobody waits for two hours.
    limits.push({ at: 1, status: 502, headers: {} }, { at: 2, status: 503, headers: { 'retry-after': '7200' } });
  };
  const { run } = await check({ assets: whole() }, { before });
  expect(run.result, run.log).toBe('success');
});

test('a limit of requests is waited out as long as GitHub says, for questions and for downloads', async () => {
  const headers = { 'retry-after': '1' };
  const before = (api: ReleasesApi): void =>
    void api.limits.push({ at: 1, status: 403, headers }, { at: 5, status: 429, headers });
  const { run } = await check({ assets: whole() }, { before });
  expect(run.result, run.log).toBe('success');
  expect(run.log.match(/GitHub limits requests: waiting for 1 s/g)).toHaveLength(2);
});

test('a network that stays down makes the job red, without a finding about the release', async () => {
  const before = (api: ReleasesApi): void => void api.downloadFaults.push(...Array<'lost'>(60).fill('lost'));
  const { run } = await check({ assets: whole() }, { before });
  expect(run.result).toBe('failure');
  expect(run.log).toContain('::error title=Not downloaded::');
  expect(run.outputs['findings']).toBe('');
});

test('bytes that are not those GitHub lists are red', async () => {
  const { run } = await check({ assets: whole() }, { before: (api) => api.downloadFaults.push('altered') });
  expect(run.result).toBe('failure');
  expect(run.log).toContain('What GitHub handed out is not what it lists');
});

test.each([
  ['no such tag', { draft: false }, { tag: 'v9' }, 'No such release'],
  ['nothing that the patterns mean', { assets: { a: 'a' } }, { files: '*.zip' }, 'No such asset'],
  ['a name that GitHub does not make', { assets: { '<img src=x>': 'a' } }, {}, 'A name that is not read here'],
  ['a path', { assets: { '../../x': 'a' } }, {}, 'A name that is not read here'],
  ['an option', { assets: { '.x': 'a' } }, {}, 'A name that is not read here'],
  ['braces in files', { assets: { a: 'a' } }, { files: '{a,b}' }, 'Input files'],
])('%s is refused', async (_, options, inputs, title) => {
  const { run } = await check(options, { inputs });
  expect(run.result).toBe('failure');
  expect(run.log).toContain(`::error title=${title}::`);
  expect(run.log).not.toContain('<img');
});

test('the name of an uploader is shown as text in the summary', async () => {
  const before = ({ releases: [release] }: ReleasesApi): void => {
    if (release) release.assets = release.assets.map((asset) => ({ ...asset, uploader: '<h1>|::error::`x`' }));
  };
  const { run, summary } = await check({ assets: whole() }, { before });
  expect(run.result, run.log).toBe('success');
  expect(summary).toContain('?h1?');
  expect(summary).not.toMatch(/<h1>|`x`/);
});

test('watch-releases.yml opens an issue that names what changed, and none while all is well', async () => {
  const api = await startReleasesApi([{ tag: 'v1.2.3', assets: whole() }]);
  const env = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'acme/app' };
  await using hub = await createHub({ env, settings: { vars: { SIGNING_PUBLIC_KEY: VERIFY_KEY } } });
  try {
    await addGh(hub);
    const example = await readFile(join(ACTION_DIRECTORY, 'examples/watch-releases.yml'), 'utf8');
    const here = join(hub.directory, 'example.yml');
    await writeFile(here, example.replaceAll(/repository: your-org\/\w+/g, 'repository: acme/app'));
    const quiet = await runWorkflow(hub, here);
    expect(quiet.result, quiet.log).toBe('success');
    expect(quiet.jobs['report']?.result).toBe('skipped');

    const [release] = api.releases;
    if (release) {
      // More findings than one variable of the environment holds.
      const gone = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`gone-${at}.bin`, `${at}`]));
      const list = sumsOf({ ...FILES, ...gone });
      const changed = new Map([
        ['app.bin', 'evil'],
        ['SHA256SUMS', list],
        ['SHA256SUMS.sign', sign(list)],
      ]);
      release.assets = release.assets.map((one) => ({
        ...one,
        bytes: Buffer.from(changed.get(one.name) ?? one.bytes),
      }));
    }
    const run = await runWorkflow(hub, here);
    expect(run.jobs['report']?.result, run.log).toBe('success');
    const calls = (await callsOf(hub)).join('\n');
    expect(calls).toMatch(/gh issue list .*\ngh issue create --title Releases are not what was signed \(\w{12}\)/);
    expect(calls).toContain('### acme/app, release v1.2.3\n\n- `app.bin` SIGNATURE_INVALID');
    expect(calls).toContain('- `gone-999.bin` ASSET_MISSING\n');
    expect(calls.split('### acme/app, release v1.2.3')).toHaveLength(3);
  } finally {
    await api.close();
  }
});
