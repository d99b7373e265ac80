import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { type Service, startService } from '../../src/rehearsal/service.ts';
import { runAction } from '../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { expectDelivered } from './customer.ts';
import { callsOf, type Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { FLAT_BUILD, FORK, type NewUserOptions, openRepository, SAME_REPOSITORY, TAG } from './new-user.ts';
import { startProxy } from './proxy.ts';
import { pathsOf } from './release-run.ts';
import { startReleasesApi } from './releases-api.ts';

const SLICES = ['1-of-4', '2-of-4', '3-of-4', '4-of-4'];

/** Every example as it stands, with its secrets and variables and nothing else; only the address of the service is another. */
describe('an example', () => {
  let service: Service;
  const opened: Hub[] = [];

  beforeAll(async () => {
    service = await startService({ pki: await createPki({ extraHosts: ['sign.example.com'] }) });
  });

  afterAll(async () => {
    for (const hub of opened) await hub[Symbol.asyncDispose]();
    await service.close();
  });

  async function open(options: NewUserOptions = {}): Promise<Hub> {
    const hub = await openRepository(service, options);
    opened.push(hub);
    return hub;
  }

  async function run(hub: Hub, example: string): Promise<WorkflowResult> {
    return runWorkflow(hub, join(ACTION_DIRECTORY, 'examples', example));
  }

  const namesIn = async (hub: Hub, artifact: string): Promise<string[]> =>
    (await hub.artifacts.files(artifact)).map(({ path }) => path).sort();

  /** What a call of `gh release create` publishes, with the content that the artifacts of the run have. */
  async function published(hub: Hub): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    const args = (await callsOf(hub)).find((call) => call.startsWith('gh release create'))?.split(' ') ?? [];
    for (const artifact of ['build', 'signatures']) {
      if (!hub.artifacts.names.includes(artifact)) continue;
      for (const { path, bytes } of await hub.artifacts.files(artifact)) {
        const place = artifact === 'build' ? `dist/${path}` : path;
        if (args.includes(place)) files.set(basename(path), bytes);
      }
    }
    return files;
  }

  test.each(['release-on-tag.yml', 'pull-request-and-tag.yml'])(
    'what %s publishes passes every check of the guide for customers',
    async (example) => {
      const hub = await open(TAG);
      const result = await run(hub, example);
      expect(result.result, result.log).toBe('success');
      const files = await published(hub);
      expect([...files.keys()].sort()).toEqual(['app.bin', 'app.bin.sign', 'core.so', 'core.so.sign']);
      await expectDelivered(files, service.credentials.verifyKeyPem);
    },
  );

  test('release-on-tag.yml signs and publishes files and signatures', async () => {
    const hub = await open(TAG);
    const result = await run(hub, 'release-on-tag.yml');
    expect(result.result, result.log).toBe('success');
    expect(hub.asked).toEqual(['release']);
    expect(hub.runs[0]?.outputs).toMatchObject({ 'signed-count': '2', 'verified-count': '2' });
    const calls = await callsOf(hub);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toContain('gh release create v1.2.3 --verify-tag');
    for (const file of ['dist/app.bin', 'dist/app.bin.sign', 'dist/lib/core.so', 'dist/lib/core.so.sign']) {
      expect(calls[0]?.split(' ')).toContain(file);
    }
  });

  test('pull-request.yml proves that the service would sign, when it may', async () => {
    const hub = await open(SAME_REPOSITORY);
    const result = await run(hub, 'pull-request.yml');
    expect(result.result, result.log).toBe('success');
    expect(hub.runs.map(({ outputs }) => outputs['mode'])).toEqual(['preflight']);
  });

  test('pull-request.yml rehearses for a fork', async () => {
    const hub = await open(FORK);
    const result = await run(hub, 'pull-request.yml');
    expect(result.result, result.log).toBe('success');
    expect(hub.runs.map(({ outputs }) => outputs['mode'])).toEqual(['rehearse']);
    expect(hub.artifacts.names).toContain('rehearsal-signatures');
  });

  test.each([
    ['a fork', FORK, 'rehearse', 'skipped'],
    ['a tag', TAG, 'sign', 'success'],
  ])('pull-request-and-tag.yml for %s', async (_, options, mode, published) => {
    const hub = await open(options);
    const result = await run(hub, 'pull-request-and-tag.yml');
    expect(result.result, result.log).toBe('success');
    expect(result.jobs['sign']?.outputs).toMatchObject({ mode });
    expect(result.jobs['publish']?.result).toBe(published);
  });

  test('pull-request-and-tag.yml is red for a tag without its secrets', async () => {
    const hub = await open({ ...TAG, stored: 'nothing' });
    const result = await run(hub, 'pull-request-and-tag.yml');
    expect(result.result).toBe('failure');
    expect(result.jobs['publish']?.result).toBe('skipped');
  });

  test.each([
    ['a tag', TAG, 'sign', 'signatures'],
    ['a fork', FORK, 'rehearse', 'rehearsal-signatures'],
  ])('organisation.yml for %s', async (_, options, mode, artifact) => {
    const hub = await open(options);
    const { secrets = {} } = hub.settings;
    Object.assign(hub.environments, { release: { secrets } });
    const result = await run(hub, 'organisation.yml');
    expect(result.result, result.log).toBe('success');
    expect(result.jobs['sign']?.outputs).toMatchObject({ mode, 'file-count': '2', 'artifact-name': artifact });
    const receipts =
      mode === 'rehearse' ? ['signing-manifest.json'] : SLICES.map((slice) => `signing-manifest-${slice}.json`);
    const own = ['SHA256SUMS', 'SHA256SUMS.sign', 'verification.json', ...receipts];
    expect(await pathsOf(hub, artifact)).toEqual(['app.bin.sign', 'lib/core.so.sign', ...own].sort());
  });

  test('organisation.yml without its lines under secrets: is red, since the environment alone gives a called workflow nothing', async () => {
    const hub = await open(TAG);
    const { secrets = {} } = hub.settings;
    Object.assign(hub.environments, { release: { secrets } });
    const example = await readFile(join(ACTION_DIRECTORY, 'examples/organisation.yml'), 'utf8');
    const here = join(hub.directory, 'example.yml');
    await writeFile(here, example.replace(/^ {4}secrets:[\s\S]*/m, ''));
    const result = await runWorkflow(hub, here);
    expect(result.result).toBe('failure');
    expect(result.log).toMatch(/Inputs? .*app-secret.* (?:is|are) empty/);
  });

  test('matrix-of-systems.yml signs what all systems have built, each in a directory of its own', async () => {
    const hub = await open(TAG);
    const result = await run(hub, 'matrix-of-systems.yml');
    expect(result.result, result.log).toBe('success');
    const systems = ['macos-latest', 'ubuntu-latest', 'windows-latest'];
    const paths = systems.flatMap((system) => [`${system}/app.bin.sign`, `${system}/lib/core.so.sign`]);
    expect(await namesIn(hub, 'signatures')).toEqual(paths);
  });

  test('attach-to-release.yml attaches to the draft and publishes it afterwards', async () => {
    const api = await startReleasesApi([{ tag: 'v1.2.3', draft: true }]);
    try {
      const env = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'acme/app' };
      const hub = await open({ ...TAG, env, build: FLAT_BUILD });
      Object.assign(hub.environments, { release: { secrets: hub.settings.secrets ?? {} } });
      const result = await run(hub, 'attach-to-release.yml');
      expect(result.result, result.log).toBe('success');
      expect(api.releases[0]?.assets.map(({ name }) => name)).toContain('core.so.sign');
      expect((await callsOf(hub)).at(-1)).toBe('gh release edit v1.2.3 --draft=false');
      const files = await published(hub);
      for (const { name, bytes } of api.releases[0]?.assets ?? []) files.set(name, bytes);
      expect([...files.keys()]).toEqual(expect.arrayContaining(['app.bin', 'core.so', 'core.so.sign', 'SHA256SUMS']));
      await expectDelivered(files, service.credentials.verifyKeyPem);
    } finally {
      await api.close();
    }
  });

  test('attest.yml attests exactly what was signed', async () => {
    const hub = await open(TAG);
    const result = await run(hub, 'attest.yml');
    expect(result.result, result.log).toBe('success');
    const checksums = await readFile(hub.attested[0]?.['subject-checksums'] ?? '', 'utf8');
    expect(checksums).toMatch(/^[0-9a-f]{64} [ *]app\.bin\n[0-9a-f]{64} [ *]lib\/core\.so\n$/);
  });

  test('ghes.yml signs, and publishes from the workspace', async () => {
    const hub = await open(TAG);
    const result = await run(hub, 'ghes.yml');
    expect(result.result, result.log).toBe('success');
    expect(hub.runs[0]?.outputs).toMatchObject({ mode: 'sign', 'signed-count': '2', 'artifact-id': '' });
    expect((await callsOf(hub)).join()).toContain('dist/lib/core.so.sign');
  });

  test('self-hosted-proxy.yml signs through its proxy', async () => {
    await using proxy = await startProxy();
    // A loopback address is never reached through a proxy, so the service gets the name that the example gives it.
    const there = { 'server-url': `https://sign.example.com:${service.port}`, 'sign-path': service.signPath };
    const hub = await open({ ...TAG, service: there });
    const example = await readFile(join(ACTION_DIRECTORY, 'examples/self-hosted-proxy.yml'), 'utf8');
    const here = join(hub.directory, 'example.yml');
    await writeFile(here, example.replace('proxy.example.com:3128', proxy.address));
    const result = await runWorkflow(hub, here);
    expect(result.result, result.log).toBe('success');
    expect(hub.runs[0]?.outputs).toMatchObject({ mode: 'sign', 'signed-count': '2' });
    expect(new Set(proxy.tunnels)).toEqual(new Set([`sign.example.com:${service.port}`]));
  });

  test('verify-only.yml accepts what was signed with its key, and nothing else', async () => {
    const hub = await open(FORK);
    const release = join(hub.repository, 'release');
    await mkdir(release);
    await writeFile(join(release, 'app.bin'), 'app');
    const { credentials, url } = service;
    const inputs = { files: 'release/**', 'server-url': url, upload: 'false', 'app-key': credentials.appKey };
    const { appSecret, cert, key, chain } = credentials;
    const whole = { ...inputs, 'app-secret': appSecret, cert, key, chain };
    await runAction({ actionDirectory: ACTION_DIRECTORY, workspace: hub.repository, inputs: whole });

    const example = await readFile(join(ACTION_DIRECTORY, 'examples/verify-only.yml'), 'utf8');
    const pem = credentials.verifyKeyPem.trim().replaceAll('\n', '\n            ');
    const here = join(hub.directory, 'example.yml');
    await writeFile(here, example.replace(/-----BEGIN[\s\S]*-----END PUBLIC KEY-----/, pem));
    const accepted = await runWorkflow(hub, here);
    expect(accepted.result, accepted.log).toBe('success');
    await writeFile(join(release, 'app.bin'), 'another app');
    const refused = await runWorkflow(hub, here);
    expect(refused.result).toBe('failure');
    expect(refused.log).toContain('SIGNATURE_INVALID');
  });

  test('gate-deployment.yml deploys a file that was signed and is in the checksums, and no other', async () => {
    const hub = await open(FORK);
    const release = join(hub.directory, 'release');
    await mkdir(release);
    for (const name of ['product-linux-x64.tar.gz', 'product-windows.zip']) await writeFile(join(release, name), name);
    const { credentials, url } = service;
    const { appKey, appSecret, cert, key, chain } = credentials;
    const inputs = { root: 'release', files: '**', 'server-url': url, upload: 'false', checksums: 'SHA256SUMS' };
    const whole = { ...inputs, 'app-key': appKey, 'app-secret': appSecret, cert, key, chain };
    const signed = await runAction({ actionDirectory: ACTION_DIRECTORY, workspace: hub.directory, inputs: whole });
    expect(signed.exitCode, signed.log).toBe(0);

    const example = await readFile(join(ACTION_DIRECTORY, 'examples/gate-deployment.yml'), 'utf8');
    const pem = credentials.verifyKeyPem.trim().replaceAll('\n', '\n            ');
    const here = join(hub.directory, 'example.yml');
    // The supplier's release is a directory here.
    const fetched = `mkdir -p release && cp '${release}'/product-linux* '${release}'/SHA256SUMS* release/`;
    const local = example
      .replace(/-----BEGIN[\s\S]*-----END PUBLIC KEY-----/, pem)
      .replace(/gh release download[\s\S]*?'SHA256SUMS\*'/, fetched);
    await writeFile(here, local);
    const accepted = await runWorkflow(hub, here);
    expect(accepted.result, accepted.log).toBe('success');
    expect(accepted.log).toContain('Deploy product-linux-x64.tar.gz here');
    await writeFile(join(release, 'product-linux-x64.tar.gz'), 'another');
    const refused = await runWorkflow(hub, here);
    expect(refused.result).toBe('failure');
    expect(refused.log).toContain('SIGNATURE_INVALID');
    expect(refused.log).not.toContain('Deploy product-linux-x64.tar.gz here');
  });
});
