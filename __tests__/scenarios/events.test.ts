import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';

const FILES = { 'dist/a': 'aaa' };
const NO_SECRETS = { key: '', 'app-secret': '', cert: '', chain: '', 'app-key': '', 'server-url': '' };
const fork = { pull_request: { head: { repo: { full_name: 'stranger/hello-world' } } } };
const same = { pull_request: { head: { repo: { full_name: 'octocat/hello-world' } } } };
const deleted = { pull_request: { head: { repo: null } } };

describe('runs without credentials', { tags: ['fault-13'] }, () => {
  test.each([
    ['a pull request of a fork', 'pull_request', fork, {}, 'rehearse', 0, 'rehearse'],
    ['a pull request of a fork', 'pull_request', fork, {}, 'skip', 0, 'skipped'],
    ['a pull request of a fork', 'pull_request', fork, {}, 'error', 1, 'sign'],
    ['a pull request of a fork that was deleted', 'pull_request', deleted, {}, 'rehearse', 0, 'rehearse'],
    ['a review of one', 'pull_request_review', fork, {}, 'rehearse', 0, 'rehearse'],
    ['a pull request of the same repository', 'pull_request', same, {}, 'rehearse', 1, 'sign'],
    ['an event without its pull request', 'pull_request', {}, {}, 'rehearse', 1, 'sign'],
    ['a pull request without its head', 'pull_request', { pull_request: {} }, {}, 'rehearse', 1, 'sign'],
    ['a run of Dependabot', 'pull_request', same, { GITHUB_ACTOR: 'dependabot[bot]' }, 'rehearse', 0, 'rehearse'],
    ['a push of Dependabot', 'push', {}, { GITHUB_ACTOR: 'dependabot[bot]' }, 'skip', 0, 'skipped'],
    ['a schedule of Dependabot', 'schedule', {}, { GITHUB_ACTOR: 'dependabot[bot]' }, 'rehearse', 1, ''],
    ['a release of Dependabot', 'release', {}, { GITHUB_ACTOR: 'dependabot[bot]' }, 'skip', 1, ''],
    ['a dispatch by Dependabot', 'workflow_dispatch', {}, { GITHUB_ACTOR: 'dependabot[bot]' }, 'rehearse', 1, ''],
    ['a tag', 'push', {}, { GITHUB_REF: 'refs/tags/v1' }, 'rehearse', 1, 'sign'],
    ['a release', 'release', {}, {}, 'skip', 1, 'sign'],
    ['a schedule', 'schedule', {}, {}, 'rehearse', 1, 'sign'],
    ['pull_request_target of a fork', 'pull_request_target', fork, {}, 'rehearse', 1, 'sign'],
  ])('%s (%s), if-no-credentials', async (_, name, event, env, wish, exitCode, mode) => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    const inputs = { ...NO_SECRETS, 'if-no-credentials': wish, upload: 'false' };
    const run = await scenario.run(inputs, { env: { GITHUB_EVENT_NAME: name, ...env }, event });
    expect(run.exitCode, run.log).toBe(exitCode);
    if (exitCode === 0) expect(run.outputs['mode']).toBe(mode);
    else expect(run.log).toMatch(/Inputs [a-z, -]*key[a-z, -]* are empty/);
    expect(await scenario.signatures()).toEqual([]);
  });

  const vault = { protocol: 'vault', 'signing-key': 'release' };
  const http = { protocol: 'http', request: 'POST /sign\n\n{"hash":"{digest:hex}"}' };
  const bearer = 'POST /sign\nAuthorization: Bearer {token}\n\n{"hash":"{digest:hex}"}';
  const oidc = { ...vault, login: 'oidc', role: 'release' };
  const idToken = { ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:9/', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' };
  test.each([
    ['a certificate for vault', vault, {}, 'rehearse', ['key']],
    ['a token for vault', { ...vault, login: 'token' }, {}, 'skipped', ['token']],
    ['an OIDC token for vault', oidc, {}, 'rehearse', []],
    ['a certificate for http', http, {}, 'rehearse', ['key']],
    ['certificate and token for http', { ...http, request: bearer }, {}, 'skipped', ['key', 'token']],
    [
      'the key of a preset',
      { ...http, request: 'preset:codesign-secure', 'signing-key': 'a', 'signature-encoding': 'hex' },
      {},
      'rehearse',
      ['key', 'token'],
    ],
    // Whatever else is set does not count.
    ['a certificate, whatever the token', vault, idToken, 'rehearse', ['key']],
  ])('%s: the fork rehearses or skips, a release is an error', async (_, inputs, env, mode, names) => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    const wish = mode === 'skipped' ? 'skip' : mode;
    const all = { ...NO_SECRETS, ...inputs, 'if-no-credentials': wish, upload: 'false' };
    const forked = await scenario.green(all, { env: { GITHUB_EVENT_NAME: 'pull_request', ...env }, event: fork });
    expect(forked.outputs['mode']).toBe(mode);
    const release = await scenario.red(all, { env: { GITHUB_EVENT_NAME: 'push', ...env } });
    if (names.length === 0) expect(release.log).toContain('id-token: write');
    for (const name of names)
      expect(release.log).toMatch(new RegExp(`Inputs [a-z, -]*\\b${name}\\b[a-z, -]* are empty`));
    expect(await scenario.signatures()).toEqual([]);
  });

  test('a job without the permission for OIDC tokens is told so before any connection, also without if-no-credentials', async () => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    for (const mode of ['sign', 'preflight']) {
      const run = await scenario.red({ mode, ...oidc, 'app-key': '', 'app-secret': '', upload: 'false' });
      expect(run.log).toContain('id-token: write');
    }
    expect(scenario.service.counters.requests).toBe(0);
  });

  test.each([
    ['rehearse', 0, 'rehearse'],
    ['skip', 0, 'skipped'],
    ['error', 1, ''],
  ])('a fork whose certificate would be issued has no token: if-no-credentials %s', async (wish, exitCode, mode) => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    const issued = { 'certificate-from': 'step-ca', 'certificate-url': 'https://ca.example.com' };
    const inputs = { ...NO_SECRETS, ...issued, 'if-no-credentials': wish, upload: 'false' };
    const run = await scenario.run(inputs, { env: { GITHUB_EVENT_NAME: 'pull_request' }, event: fork });
    expect(run.exitCode, run.log).toBe(exitCode);
    expect(run.outputs['mode']).toBe(mode);
    if (exitCode !== 0) expect(run.log).toContain('OIDC token');
    const tag = await scenario.red(inputs, { env: { GITHUB_EVENT_NAME: 'push' } });
    expect(tag.log).toMatch(/cannot request an OIDC token[\s\S]*id-token: write/);
  });

  test('a single missing credential is reported as a mistake, not as a fork', async () => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    const inputs = { key: '', 'if-no-credentials': 'rehearse' };
    const run = await scenario.red(inputs, { env: { GITHUB_EVENT_NAME: 'pull_request' }, event: fork });
    expect(run.log).toMatch(/key/);
  });
});

const afterFork = { workflow_run: { event: 'pull_request', head_repository: { full_name: 'stranger/hello-world' } } };
const afterPush = { workflow_run: { event: 'push', head_repository: { full_name: 'octocat/hello-world' } } };

describe('a run that a stranger steers', () => {
  test.each([
    ['pull_request_target', fork, 'PULL_REQUEST_TARGET'],
    ['workflow_run', afterFork, 'WORKFLOW_RUN_OF_FORK'],
  ])('on %s is refused with all credentials there, before any connection', async (name, event, code) => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    for (const mode of ['sign', 'preflight']) {
      const run = await scenario.red({ mode }, { env: { GITHUB_EVENT_NAME: name }, event });
      expect(run.log).toContain(code);
    }
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('on workflow_run after a push is an ordinary one', async () => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    const env = { GITHUB_EVENT_NAME: 'workflow_run' };
    const run = await scenario.green({ upload: 'false' }, { env, event: afterPush });
    expect(run.annotations.filter(({ title }) => title === 'Who can start this run')).toEqual([]);
  });

  test('on issue_comment signs, and says who can start it and whose key may be in the checkout', async () => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    await writeFile(join(scenario.workspace, 'key.pem'), scenario.service.credentials.verifyKeyPem);
    const env = { GITHUB_EVENT_NAME: 'issue_comment' };
    const inputs = { upload: 'false', 'verify-key': 'key.pem', 'cert-expiry-warning-days': '0' };
    const run = await scenario.green(inputs, { env });
    const titles = run.annotations.filter(({ type }) => type === 'warning').map(({ title }) => title);
    expect(titles).toEqual(['Who can start this run', 'The key comes from the checkout']);
    expect(run.log).toContain(
      'Everyone who can comment on an issue or a pull request can start a run of issue_comment',
    );
  });

  test('is allowed with allow-pull-request-target: true', async () => {
    await using scenario = await createScenario({ files: FILES, runScript: runInProcess });
    const env = { GITHUB_EVENT_NAME: 'pull_request_target' };
    await scenario.green({ 'allow-pull-request-target': 'true', upload: 'false' }, { env, event: fork });
  });

  test('may verify existing signatures', async () => {
    await using scenario = await createScenario({ files: FILES });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    await scenario.run({ ...key, upload: 'false' });
    await scenario.green(
      { ...key, mode: 'verify' },
      { env: { GITHUB_EVENT_NAME: 'pull_request_target' }, event: fork },
    );
  });
});

describe('limits of a run', () => {
  test('deadline ends it and says so', async () => {
    await using scenario = await createScenario({ files: { ...FILES, 'dist/b': 'b' }, service: { delayMs: 5000 } });
    const run = await scenario.red({ deadline: '1' });
    expect(run.log).toMatch(
      /DEADLINE.*deadline of 1 s\. 2 requests were open; the oldest one: no answer within [\d.]+ s, though the request was sent whole\./,
    );
    expect(run.outputs).toMatchObject({ 'file-count': '2', 'signed-count': '0' });
  });

  test('on-failure: stop leaves the rest untried after the first lost file', async () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`dist/${i}`, 'x'.repeat(i + 1)]));
    const script = ({ index }: { index: number }): { kind: 'answer'; answer: { status: number } } | undefined =>
      index === 3 ? { kind: 'answer', answer: { status: 413 } } : undefined;
    await using scenario = await createScenario({ files, service: { script, delayMs: 20 } });
    const run = await scenario.red({ 'on-failure': 'stop', concurrency: '2' });
    expect(run.log).toContain('FILE_TOO_LARGE_FOR_SERVER');
    expect(scenario.service.counters.requests).toBeLessThan(10);
    expect(run.summary).toContain('not signed');
  });
});
