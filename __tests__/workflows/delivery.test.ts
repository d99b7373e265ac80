import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { IN_HOUSE_API, StandInServer, TOKEN } from '../protocols/http/stand-ins.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { type Delivery, expectDelivered } from './customer.ts';
import { callsOf, type Hub, publishedIn } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { FLAT_BUILD, type NewUserOptions, openRepository, TAG } from './new-user.ts';
import { startProxy } from './proxy.ts';
import { startReleasesApi } from './releases-api.ts';
import { filesIn } from './sources.ts';

/** How an example is run up to what its customers get. */
interface Run {
  readonly open: (options?: NewUserOptions) => Promise<Hub>;
  /** Runs the example as it stands, or with a change that leads to what stands in here; it must be green. */
  readonly run: (hub: Hub, change?: (text: string) => string) => Promise<WorkflowResult>;
  readonly service: Service;
}

/** What customers get, and the public key they have. */
interface Delivered {
  readonly files: Delivery;
  readonly publicKey: string;
}

type Deliver = (run: Run) => Promise<Delivered>;

/** Every example: how it delivers, or why it has nothing that a customer could check. */
const EXAMPLES: Readonly<Record<string, Deliver | string>> = {
  'release-on-tag.yml': (run) => byGh(run, ['app.bin', 'core.so']),
  'pull-request-and-tag.yml': (run) => byGh(run, ['app.bin', 'core.so']),
  'ghes.yml': (run) => byGh(run, ['app.bin', 'core.so']),
  'in-house-api.yml': byInHouseApi,
  'attach-to-release.yml': byAttaching,
  'attest.yml': async (run) => {
    const hub = await run.open();
    await run.run(hub);
    const checksums = await readFile(hub.attested[0]?.['subject-checksums'] ?? '', 'utf8');
    expect(checksums).toMatch(/^[0-9a-f]{64} [ *]app\.bin\n[0-9a-f]{64} [ *]lib\/core\.so\n$/);
    return byArtifacts(run, hub, { '': 'build' });
  },
  'matrix-of-systems.yml': async (run) => {
    const hub = await run.open();
    await run.run(hub);
    const systems = ['macos-latest', 'ubuntu-latest', 'windows-latest'];
    return byArtifacts(run, hub, Object.fromEntries(systems.map((system) => [`${system}/`, `build-${system}`])));
  },
  'organisation.yml': async (run) => {
    const hub = await run.open();
    Object.assign(hub.environments, { release: { secrets: hub.settings.secrets ?? {} } });
    const { jobs } = await run.run(hub);
    expect(jobs['sign']?.outputs).toMatchObject({ mode: 'sign', 'file-count': '2', shards: '1' });
    return byArtifacts(run, hub, { '': 'build' });
  },
  'self-hosted-proxy.yml': byProxy,
  'openbao.yml': 'in __tests__/peers/openbao, which has a real server',
  'keyless.yml': 'in __tests__/peers/keyless, which has a real server',
  'pull-request.yml': 'nothing: it proves only that the release would be signed',
  'verify-only.yml': 'nothing: it checks what others have signed',
  'gate-deployment.yml': 'nothing: it is the customer',
  'watch-releases.yml': 'nothing: it checks what others have published',
};

/** What `gh release create` published. */
async function byGh({ open, run, service }: Run, names: readonly string[]): Promise<Delivered> {
  const hub = await open();
  await run(hub);
  expect((await callsOf(hub))[0]).toContain('gh release create v1.2.3 --verify-tag');
  const files = await publishedIn(hub);
  expect([...files.keys()].sort()).toEqual(names.flatMap((name) => [name, `${name}.sign`]));
  return { files, publicKey: service.credentials.verifyKeyPem };
}

/** Artifacts of the run, laid out as the example does: builds below their prefixes, and the signatures beside them. */
async function byArtifacts({ service }: Run, hub: Hub, builds: Readonly<Record<string, string>>): Promise<Delivered> {
  const files = new Map<string, Buffer>();
  for (const [prefix, artifact] of [...Object.entries(builds), ['', 'signatures'] as const]) {
    for (const { path, bytes } of await hub.artifacts.files(artifact)) {
      // What the last job found is for those who publish; nobody can sign it without a secret.
      if (path !== 'verification.json') files.set(prefix + path, bytes);
    }
  }
  return { files, publicKey: service.credentials.verifyKeyPem };
}

/** The assets of a release that was a draft while they were attached. */
async function byAttaching({ open, run, service }: Run): Promise<Delivered> {
  const api = await startReleasesApi([{ tag: 'v1.2.3', draft: true }]);
  try {
    const env = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'acme/app' };
    const hub = await open({ env, build: FLAT_BUILD });
    Object.assign(hub.environments, { release: { secrets: hub.settings.secrets ?? {} } });
    await run(hub);
    expect((await callsOf(hub)).at(-1)).toBe('gh release edit v1.2.3 --draft=false');
    const files = await publishedIn(hub);
    for (const { name, bytes } of api.releases[0]?.assets ?? []) files.set(name, bytes);
    const all = ['SHA256SUMS', 'VERIFY.md', 'app.bin', 'core.so', 'signing-manifest.json', 'verify.html'];
    expect([...files.keys()].sort()).toEqual(all.flatMap((name) => [name, `${name}.sign`]).sort());
    return { files, publicKey: service.credentials.verifyKeyPem };
  } finally {
    await api.close();
  }
}

/** Signs with another service; everything else is as in the others. */
async function byInHouseApi({ open, run }: Run): Promise<Delivered> {
  const server = new StandInServer(IN_HOUSE_API);
  try {
    await server.start();
    const { cert = '', key = '', chain = '', 'server-url': url = '' } = server.inputs;
    const settings = {
      secrets: { SIGNING_KEY: key, SIGNING_TOKEN: TOKEN },
      vars: { SIGNING_CERT: cert, SIGNING_CHAIN: chain, SIGNING_PUBLIC_KEY: server.publicKey },
    };
    const hub = await open({ settings, service: { 'server-url': url } });
    await run(hub);
    expect(server.refusals).toEqual([]);
    return { files: await publishedIn(hub), publicKey: server.publicKey };
  } finally {
    await server.close();
  }
}

async function byProxy(run: Run): Promise<Delivered> {
  const { open, service } = run;
  await using proxy = await startProxy();
  // A loopback address is never reached through a proxy, so the service gets the name that the example gives it.
  const there = { 'server-url': `https://sign.example.com:${service.port}`, 'sign-path': service.signPath };
  const hub = await open({ service: there });
  await run.run(hub, (text) => text.replace('proxy.example.com:3128', proxy.address));
  expect(new Set(proxy.tunnels)).toEqual(new Set([`sign.example.com:${service.port}`]));
  const built = { 'dist/app.bin': Buffer.from('app'), 'dist/lib/core.so': Buffer.from('core') };
  const { files, publicKey } = await byArtifacts(run, hub, {});
  return { files: new Map([...Object.entries(built), ...files]), publicKey };
}

describe('what a customer gets by', () => {
  let service: Service;
  const opened: Hub[] = [];

  beforeAll(async () => {
    service = await startService({ pki: await createPki({ extraHosts: ['sign.example.com'] }) });
  });

  afterAll(async () => {
    for (const hub of opened) await hub[Symbol.asyncDispose]();
    await service.close();
  });

  const delivering = Object.entries(EXAMPLES).flatMap(([name, deliver]) =>
    typeof deliver === 'string' ? [] : [[name, deliver] as const],
  );

  test.each(delivering)('%s passes every check of the guide for customers', async (name, deliver) => {
    const run: Run = {
      service,
      async open(options = {}) {
        const hub = await openRepository(service, { ...TAG, ...options });
        opened.push(hub);
        return hub;
      },
      async run(hub, change = (text) => text) {
        const here = join(hub.directory, 'example.yml');
        await writeFile(here, change(await readFile(join(ACTION_DIRECTORY, 'examples', name), 'utf8')));
        const result = await runWorkflow(hub, here);
        expect(result.result, result.log).toBe('success');
        return result;
      },
    };
    const { files, publicKey } = await deliver(run);
    await expectDelivered(files, publicKey);
  });

  test('no example is forgotten', () => {
    expect(
      Object.keys(EXAMPLES)
        .map((name) => `examples/${name}`)
        .sort(),
    ).toEqual(filesIn('examples', '.yml').sort());
  });
});
