import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTokenService } from '../../../tools/oidc/token-service.ts';
import { STAND_INS, StandInServer } from '../../protocols/http/stand-ins.ts';
import { KeylessWorld, refusal, setRole } from './world.ts';

let world: KeylessWorld;

beforeAll(async () => {
  world = await KeylessWorld.start();
});

afterAll(() => world.stop());

describe('signs over mTLS without any stored key', () => {
  test('over es-auth; the receipt names the job, and holds no part of the token', async () => {
    const { run, manifest } = await world.sign(world.inputs);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'signed-count': '3', 'verified-count': '3' });
    const { certificate, identity } = manifest.signer ?? {};
    expect(certificate).toMatchObject({ subject: 'CN=acme/app', issuer: 'CN=Keyless CA', source: 'vault' });
    expect(identity).toEqual({
      issuer: world.tokens.issuer,
      repository: 'acme/app',
      ref: 'refs/tags/v1.0.0',
      sha: '0123456789abcdef0123456789abcdef01234567',
      jobWorkflowRef: 'acme/app/.github/workflows/release.yml@refs/tags/v1.0.0',
      runId: '1',
    });
    expect(run.outputs['cert-expires']).toBe(certificate?.['notAfter']);
    const lifeMs = Date.parse(certificate?.['notAfter'] ?? '') - Date.now();
    expect(lifeMs).toBeGreaterThan(13 * 60_000);
    expect(lifeMs).toBeLessThanOrEqual(15 * 60_000);
    const serials = new Set(world.seen().map(({ serial }) => serial));
    expect(serials).toEqual(new Set([certificate?.['serial']]));
    expect(world.tokens.audiences).toEqual([world.bao.url]);
    expect(run.summary).toContain('for this run alone');
    expect(run.log + run.summary + JSON.stringify(manifest)).not.toMatch(/eyJ|PRIVATE KEY/);
  });

  test('over the transit engine, whose cert login trusts the certificate that its own pki engine issued', async () => {
    const { bao } = world;
    await bao.set('POST', 'auth/cert/certs/issued', {
      certificate: (await bao.set('GET', 'pki/cert/ca')).read('data.certificate'),
      allowed_common_names: 'acme/app',
      token_policies: ['signer'],
    });
    const { run, manifest } = await world.sign({
      ...bao.inputs,
      'certificate-from': 'vault',
      'certificate-role': 'release/ci',
      protocol: 'vault',
      'signing-key': 'rel-ecdsa-p256',
      'verify-key': await bao.publicKey('rel-ecdsa-p256'),
      role: 'issued',
    });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'verified-count': '3' });
    expect(manifest.signer?.certificate).toMatchObject({ source: 'vault' });
  });

  test('over http, to a service that knows the authority', async () => {
    const authority = String((await world.bao.set('GET', 'pki/cert/ca')).read('data.certificate'));
    const standIn = STAND_INS['OCM signing server'];
    if (standIn === undefined) throw new Error('no such stand-in');
    const server = new StandInServer(standIn, [authority]);
    await server.start();
    const { cert: _, key: __, ...inputs } = server.inputs;
    const { run } = await world.sign({ ...inputs, ...world.authority, protocol: 'http', request: 'preset:ocm' });
    await server.close();
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'verified-count': '3' });
  });

  test('a role can see to it that the name in the certificate is the repository of the token', async () => {
    const { bao } = world;
    const accessor = String((await bao.set('GET', 'sys/auth')).read('data.jwt/.accessor'));
    const named = {
      role_type: 'jwt',
      user_claim: 'job_workflow_ref',
      bound_audiences: [bao.url],
      token_policies: ['signer-named'],
    };
    await bao.set('PUT', 'sys/policies/acl/signer-named', {
      policy: 'path "pki/sign/named" { capabilities = ["update"] }',
    });
    await bao.set('POST', 'auth/jwt/role/named', {
      ...named,
      bound_claims: { repository_id: '74' },
      claim_mappings: { repository: 'repository' },
    });
    const owner = `{{identity.entity.aliases.${accessor}.metadata.repository}}`;
    const strict = { allow_any_name: false, allow_bare_domains: true, allowed_domains_template: true };
    await setRole(bao, 'named', { ...strict, allowed_domains: [owner] });
    const good = await world.sign({ ...world.inputs, 'certificate-role': 'named' });
    expect(good.run.exitCode, good.run.log).toBe(0);
    await setRole(bao, 'named', { ...strict, allowed_domains: ['acme/other'] });
    const { error } = refusal(await world.sign({ ...world.inputs, 'certificate-role': 'named' }));
    expect(error).toMatch(/CERTIFICATE_NOT_ISSUED.*not allowed by this role/s);
  });

  test('no request is sent, and no certificate issued, when every signature is there', async () => {
    const { run, workspace } = await world.sign(world.inputs);
    expect(run.exitCode).toBe(0);
    const before = world.tokens.audiences.length;
    const again = await world.sign(world.inputs, { workspace });
    expect(again.run.exitCode, again.run.log).toBe(0);
    expect(again.run.outputs['reused-count']).toBe('3');
    expect(world.tokens.audiences.length).toBe(before);
  });
});

describe('a refusal ends the run before the first request, with the cause and the way out', () => {
  const cases: readonly (readonly [string, Record<string, string>, string, RegExp])[] = [
    [
      'another audience',
      { 'oidc-audience': 'https://else.example' },
      'ID_TOKEN_REFUSED',
      /audience.*aud https:\/\/else\.example.*bound_audiences/s,
    ],
    [
      'a login role that does not exist',
      { 'certificate-role': 'nope/ci' },
      'LOGIN_REFUSED',
      /role .?nope.*certificate-role/s,
    ],
    [
      'a login mount that does not exist',
      { 'certificate-role': 'release@auth/nowhere/ci' },
      'LOGIN_REFUSED',
      /auth\/nowhere/,
    ],
    [
      'a pki role that does not exist',
      { 'certificate-role': 'release/nope' },
      'CERTIFICATE_NOT_ISSUED',
      /answered 403.*pki\/sign\/nope/s,
    ],
    [
      'a pki mount that does not exist',
      { 'certificate-url': '' },
      'CERTIFICATE_NOT_ISSUED',
      /answered 403.*nowhere\/sign\/ci/s,
    ],
  ];
  test.each(cases)('%s', async (_, inputs, code, sentence) => {
    const url = 'certificate-url' in inputs ? { 'certificate-url': `${world.bao.url}/v1/nowhere` } : {};
    const before = world.seen().length;
    const { exitCode, error } = refusal(await world.sign({ ...world.inputs, ...inputs, ...url }));
    expect(exitCode).toBe(1);
    expect(error).toContain(code);
    expect(error).toMatch(sentence);
    expect(world.seen().length).toBe(before);
  });

  test('claims of another repository', async () => {
    world.claims['repository_id'] = '75';
    const { error } = refusal(await world.sign(world.inputs));
    delete world.claims['repository_id'];
    expect(error).toMatch(/ID_TOKEN_REFUSED.*repository_id.*the token that was sent says.*repository_id 75/is);
  });

  test('a role of the pki engine that wants RSA keys, and one whose certificates live for eight seconds', async () => {
    await setRole(world.bao, 'ci', { key_type: 'rsa', key_bits: 2048 });
    const rsa = refusal(await world.sign(world.inputs));
    await setRole(world.bao, 'ci', { max_ttl: '8s' });
    const short = refusal(await world.sign(world.inputs));
    await setRole(world.bao, 'ci', {});
    expect(rsa.error).toMatch(/CERTIFICATE_NOT_ISSUED.*keys of type rsa.*type ec/s);
    expect(short.error).toMatch(/CERTIFICATE_NOT_ISSUED.*fewer than 10 s.*max_ttl/s);
  });

  test('a chain that does not belong to the authority', async () => {
    const inputs = { ...world.inputs, 'certificate-chain': world.service.credentials.chain };
    expect(refusal(await world.sign(inputs)).error).toMatch(
      /CERTIFICATE_NOT_ISSUED.*TLS_SERVER_UNTRUSTED.*certificate-chain/s,
    );
  });

  test.each([403, 500])('a token service that answers %d', async (status) => {
    const service = await startTokenService({ status: () => status });
    const { error } = refusal(await world.sign(world.inputs, { env: service.env }));
    await service.close();
    expect(error).toContain('ID_TOKEN_REFUSED');
    expect(error).toContain(`it answered ${status}`);
    expect(service.audiences.length).toBeLessThanOrEqual(5);
  });

  test('a job that may not request tokens, before any connection', async () => {
    const { error } = refusal(await world.sign(world.inputs, { env: {} }));
    expect(error).toMatch(/ID_TOKEN_MISSING.*id-token: write/s);
  });

  test('a stored key beside it, or an authority that nobody named', async () => {
    const { bao } = world;
    const { run } = await world.sign({ ...world.inputs, 'certificate-url': '', ...bao.certificate });
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/Input cert is given, but certificate-from: vault/);
    expect(run.log).toMatch(/Input certificate-url is empty/);
  });
});

test('preflight shows each step, and the step that failed', async () => {
  const good = await world.sign({ ...world.inputs, mode: 'preflight' });
  expect(good.run.exitCode, good.run.log).toBe(0);
  const order = ['OIDC token', 'token claims', 'login', 'certificate', 'TCP', 'canary request'];
  const lines = good.run.log.split('\n').map((line) => line.trim());
  const at = order.map((check) => lines.findIndex((line) => line.includes(` ${check}: `)));
  expect(at, good.run.log).toEqual([...at].sort((a, b) => a - b));
  expect(at).not.toContain(-1);
  expect(good.run.log).toMatch(/sub repo:acme\/app/);
  const bad = await world.sign({ ...world.inputs, mode: 'preflight', 'certificate-role': 'nope/ci' });
  expect(bad.run.exitCode).toBe(1);
  expect(bad.run.log).toMatch(/login: LOGIN_REFUSED/);
  expect(bad.run.log).toMatch(/certificate: not checked/);
});
