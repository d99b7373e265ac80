import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDocument } from '../docs/document.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { CA, Pki } from '../identity/pki.ts';
import { startNginx } from '../peers/http/fronts.ts';
import { freePort } from '../peers/http/process.ts';
import { KeylessWorld, refusal, setRole } from '../peers/keyless/world.ts';

let world: KeylessWorld;

beforeAll(async () => {
  world = await KeylessWorld.start({}, { delayMs: 900 });
});

afterAll(() => world.stop());

test('certificates of 30 s in a run of 90 s: no file is lost, and none is shown after its end', async () => {
  await setRole(world.bao, 'ci', { max_ttl: '30s' });
  const { run } = await world.sign({ ...world.inputs, concurrency: '10' }, { files: 1000, timeoutMs: 300_000 });
  await setRole(world.bao, 'ci', {});
  expect(run.exitCode, run.log).toBe(0);
  expect(run.durationMs).toBeGreaterThan(85_000);
  expect(run.outputs).toMatchObject({ 'verified-count': '1000', 'failed-count': '0' });
  const seen = world.seen();
  expect(new Set(seen.map(({ serial }) => serial)).size).toBeGreaterThanOrEqual(4);
  expect(seen.filter(({ at, end }) => Date.parse(at) > Date.parse(end))).toEqual([]);
});

test('a token service that never answers is waited for 20 s', async () => {
  const server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?v=1`;
  const env = { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'job' };
  const signing = await world.sign(world.inputs, { env });
  server.closeAllConnections();
  server.close();
  const { exitCode, error } = refusal(signing);
  expect(exitCode).toBe(1);
  expect(error).toMatch(/ID_TOKEN_REFUSED.*no answer within 20 s/s);
  expect(signing.run.durationMs).toBeLessThan(25_000);
});

const VERSION = 'v0.30.2';

/** The real step-ca, built once; it takes some minutes of CPU time. */
function stepCaBinary(): string {
  const directory = join(ACTION_DIRECTORY, 'node_modules/.cache/step-ca');
  const binary = join(directory, 'step-ca');
  // Without cgo it needs no library for smart cards.
  const env = { ...process.env, GOBIN: directory, CGO_ENABLED: '0' };
  if (!existsSync(binary))
    execFileSync('go', ['install', `github.com/smallstep/certificates/cmd/step-ca@${VERSION}`], {
      env,
      stdio: 'inherit',
    });
  return binary;
}

interface RealStepCa extends AsyncDisposable {
  readonly url: string;
  readonly pki: Pki;
}

/** Starts a step-ca with the provisioner and the template of the guide; only addresses, names and numbers are others. */
async function startRealStepCa(): Promise<RealStepCa> {
  const binary = stepCaBinary();
  const pki = new Pki();
  const file = (name: string): string => join(pki.directory, name);
  pki.issue('root', { extensions: CA });
  pki.issue('intermediate', { issuer: 'root', extensions: CA });
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const here = (text: string): string =>
    text
      .replaceAll('https://ca.example.com', url)
      .replaceAll('https://token.actions.githubusercontent.com', world.tokens.issuer)
      .replaceAll('your-org/your-repository', 'acme/app')
      .replaceAll('/etc/step-ca/templates/release.tpl', file('release.tpl'));
  const { blocks } = readDocument('docs/keyless.md');
  const template = blocks.find(({ text }) => text.includes('.Token.repository_id'))?.text ?? '';
  writeFileSync(file('release.tpl'), here(template));
  const provisioner: unknown = JSON.parse(here(blocks.find(({ language }) => language === 'json')?.text ?? ''));
  const configuration = {
    root: file('root.pem'),
    crt: file('intermediate.pem'),
    key: file('intermediate.key'),
    address: `127.0.0.1:${port}`,
    dnsNames: ['localhost'],
    db: { type: 'badgerv2', dataSource: file('db') },
    authority: { provisioners: [provisioner] },
  };
  writeFileSync(file('ca.json'), JSON.stringify(configuration));
  const child = spawn(binary, [file('ca.json')], { stdio: process.env['PEER_LOG'] ? 'inherit' : 'ignore' });
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    const isUp = await fetch(`http://127.0.0.1:${port}/health`).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  return {
    url,
    pki,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      pki.remove();
    },
  };
}

test('a real step-ca with the provisioner and template of docs/keyless.md', async () => {
  await using ca = await startRealStepCa();
  const { pki, port: backendPort } = world.service;
  const front = await startNginx({ pki, backendPort, clientAuthority: ca.pki.text('root.pem') });
  const { 'certificate-role': _, ...inputs }: Readonly<Record<string, string>> = {
    ...world.inputs,
    'server-url': `https://localhost:${front.port}`,
    'certificate-from': 'step-ca',
    'certificate-url': ca.url,
    'certificate-chain': ca.pki.text('root.pem'),
  };
  const good = await world.sign(inputs);
  expect(good.run.exitCode, good.run.log).toBe(0);
  expect(good.manifest.signer?.certificate).toMatchObject({ subject: 'CN=acme/app', source: 'step-ca' });
  const audience = refusal(await world.sign({ ...inputs, 'oidc-audience': 'https://else.example' }));
  expect(audience.error).toMatch(/ID_TOKEN_REFUSED.*answered 401.*aud https:\/\/else\.example/s);
  world.claims['repository_id'] = '75';
  const other = refusal(await world.sign(inputs));
  delete world.claims['repository_id'];
  expect(other.error).toMatch(/CERTIFICATE_NOT_ISSUED.*answered 400.*may not sign releases/s);
  world.claims['job_workflow_ref'] = 'acme/app/.github/workflows/other.yml@refs/tags/v1';
  const workflow = refusal(await world.sign(inputs));
  delete world.claims['job_workflow_ref'];
  expect(workflow.error).toMatch(/CERTIFICATE_NOT_ISSUED.*this workflow may not sign releases/s);
  await front.close();
});
