import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { runAction } from '../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import type { Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { FORK, type NewUserOptions, openRepository, SAME_REPOSITORY, TAG } from './new-user.ts';
import { pathsOf } from './release-run.ts';

/** What examples do besides what delivery.test.ts publishes by each, as they stand; only the address of the service is another. */
describe('an example', () => {
  let service: Service;
  const opened: Hub[] = [];

  beforeAll(async () => {
    service = await startService({ pki: await createPki() });
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

  test('organisation.yml rehearses for a fork', async () => {
    const hub = await open(FORK);
    const artifact = 'rehearsal-signatures';
    const result = await run(hub, 'organisation.yml');
    expect(result.result, result.log).toBe('success');
    expect(result.jobs['sign']?.outputs).toMatchObject({ mode: 'rehearse', 'artifact-name': artifact });
    const own = ['SHA256SUMS', 'SHA256SUMS.sign', 'verification.json', 'signing-manifest.json'];
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
