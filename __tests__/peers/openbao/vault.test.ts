import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTokenService, type TokenService } from '../../../tools/oidc/token-service.ts';
import { opensslAccepts } from '../../helpers/scenario.ts';
import { KEY_TYPES, OpenBao } from './openbao.ts';
import { refusal, type Signing, type SigningOptions, signFiles } from './signing.ts';

let bao: OpenBao;
let tokens: TokenService;

beforeAll(async () => {
  tokens = await startTokenService();
  bao = await OpenBao.start();
  await bao.set('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [tokens.publicKey], bound_issuer: tokens.issuer });
  await bao.set('POST', 'auth/jwt/role/release', {
    role_type: 'jwt',
    user_claim: 'job_workflow_ref',
    bound_audiences: [bao.url],
    bound_claims: { repository_id: '74' },
    token_policies: ['signer'],
    token_ttl: '5m',
  });
});

afterAll(async () => {
  await bao.stop();
  await tokens.close();
});

const sign = (inputs: Readonly<Record<string, string>>, options: SigningOptions = {}): Promise<Signing> =>
  signFiles({ ...bao.inputs, ...inputs }, options);

const EC = { 'signing-key': 'rel-ecdsa-p256' };

describe('every login and every type of key', () => {
  test.each(KEY_TYPES.flatMap((type) => ['cert', 'oidc', 'token'].map((login) => [type, login] as const)))(
    '%s with login %s: openssl accepts every signature with the public key of the service',
    async (type, login) => {
      const name = `rel-${type}`;
      const publicKey = await bao.publicKey(name);
      const { run, workspace } = await sign(
        {
          'signing-key': name,
          'verify-key': publicKey,
          login,
          ...(login === 'cert' ? bao.certificate : {}),
          ...(login === 'oidc' ? { role: 'release' } : {}),
          ...(login === 'token' ? { token: bao.rootToken } : {}),
        },
        login === 'oidc' ? { env: tokens.env } : {},
      );
      expect(run.exitCode, run.log).toBe(0);
      expect(run.outputs).toMatchObject({ 'signed-count': '3', 'verified-count': '3' });
      if (type === 'ed25519') return;
      const file = join(workspace, 'dist', 'f1.bin');
      const digest = type === 'ecdsa-p384' ? 'sha384' : 'sha256';
      expect(await opensslAccepts(publicKey, file, `${file}.sign`, digest)).toBe(true);
    },
  );

  test('RSA-PSS signatures have a salt of the length of their digest', async () => {
    const inputs = { 'signing-key': 'rel-rsa-2048', 'signature-algorithm': 'rsa-pss-sha384', ...bao.certificate };
    const { run } = await sign({ ...inputs, 'verify-key': await bao.publicKey('rel-rsa-2048') });
    expect(run.exitCode, run.log).toBe(0);
  });
});

test('without verify-key the type of the key decides, and the signatures are those that openssl expects', async () => {
  const { run, workspace } = await sign({ 'signing-key': 'rel-ecdsa-p384', ...bao.certificate });
  expect(run.exitCode, run.log).toBe(0);
  const file = join(workspace, 'dist', 'f0.bin');
  expect(await opensslAccepts(await bao.publicKey('rel-ecdsa-p384'), file, `${file}.sign`, 'sha384')).toBe(true);
});

test.each([
  [1000, 64],
  [498, 64],
  [240, 64],
])('%d files take at most %d requests', async (files, requests) => {
  const { run } = await sign(
    { ...EC, 'verify-key': await bao.publicKey('rel-ecdsa-p256'), ...bao.certificate },
    { files },
  );
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs['verified-count']).toBe(String(files));
  expect(Number(run.outputs['request-count'])).toBeLessThanOrEqual(requests);
});

test('requests that the server finds too complex are halved, and no file loses an attempt', async () => {
  const small = await OpenBao.start('max_request_json_strings = 40');
  try {
    const { run, manifest } = await sign(
      { ...EC, ...small.inputs, ...small.certificate, 'verify-key': await small.publicKey('rel-ecdsa-p256') },
      { files: 300 },
    );
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs['verified-count']).toBe('300');
    expect(manifest.files.every(({ keyVersion }) => keyVersion === 1)).toBe(true);
  } finally {
    await small.stop();
  }
});

test('signing over HTTP/2 gives the same result', async () => {
  const inputs = { ...EC, http2: 'true', 'verify-key': await bao.publicKey('rel-ecdsa-p256'), ...bao.certificate };
  const { run } = await sign(inputs, { files: 100 });
  expect(run.exitCode, run.log).toBe(0);
});

test('the manifest names the version of the key, and a version can be pinned', async () => {
  await bao.set('POST', 'transit/keys/rel-rotated', { type: 'ecdsa-p256' });
  await bao.set('POST', 'transit/keys/rel-rotated/rotate');
  const newest = await sign({ 'signing-key': 'rel-rotated', ...bao.certificate });
  expect(newest.manifest.files.map(({ keyVersion }) => keyVersion)).toEqual([2, 2, 2]);
  const pinned = { 'signing-key': 'rel-rotated@1', 'verify-key': await bao.publicKey('rel-rotated', 1) };
  const first = await sign({ ...pinned, ...bao.certificate });
  expect(first.manifest.files.map(({ keyVersion }) => keyVersion)).toEqual([1, 1, 1]);
  const missing = await sign({ 'signing-key': 'rel-rotated@9', ...bao.certificate });
  expect(refusal(missing)).toMatchObject({ exitCode: 1, error: expect.stringContaining('KEY_NOT_FOUND') });
});

test('tokens are given back when the run ends, and no log shows one', async () => {
  const count = async (): Promise<number> => {
    const keys = (await bao.set('LIST', 'auth/token/accessors')).read('data.keys');
    return Array.isArray(keys) ? keys.length : 0;
  };
  const before = await count();
  const { run } = await sign({ ...EC, ...bao.certificate }, { env: { RUNNER_DEBUG: '1' } });
  expect(run.exitCode).toBe(0);
  expect(await count()).toBe(before);
  expect(run.log).not.toMatch(/\bs\.[A-Za-z0-9]{20,}/);
});

describe('refusals end the run at once, with the cause and the way out', () => {
  test.each([
    [
      'a certificate with another name',
      () => ({ cert: bao.pki.text('stranger.pem'), key: bao.pki.text('stranger.key') }),
      'LOGIN_REFUSED',
      'answered 400',
    ],
    ['a role that does not exist', () => ({ ...bao.certificate, role: 'nope' }), 'LOGIN_REFUSED', 'answered 400'],
    [
      'an auth mount that does not exist',
      () => ({ ...bao.certificate, login: 'cert@nowhere' }),
      'LOGIN_REFUSED',
      'answered',
    ],
    [
      'a token that nobody knows',
      () => ({ login: 'token', token: 's.AAAAAAAAAAAAAAAAAAAAAAAA' }),
      'LOGIN_REFUSED',
      'does not know the token',
    ],
    ['a key that does not exist', () => ({ ...bao.certificate, 'signing-key': 'rel-nope' }), 'KEY_NOT_FOUND', 'no key'],
    ['a key outside the policy', () => ({ ...bao.certificate, 'signing-key': 'other' }), 'PERMISSION_DENIED', 'policy'],
    [
      'a mistyped mount, which the policy does not name',
      () => ({ ...bao.certificate, mount: 'transti' }),
      'PERMISSION_DENIED',
      'Check mount and signing-key for typing errors first',
    ],
    [
      'a mount that does not exist',
      () => ({ login: 'token', token: bao.rootToken, mount: 'nope' }),
      'NOT_FOUND: No transit',
      'No transit engine',
    ],
  ])('%s', async (_, inputs, code, sentence) => {
    const { exitCode, error } = refusal(await sign({ ...EC, ...inputs() }));
    expect(exitCode).toBe(1);
    expect(error).toContain(code);
    expect(error).toContain(sentence);
  });

  test('an OIDC token for somebody else', async () => {
    const inputs = { ...EC, login: 'oidc', role: 'release', 'oidc-audience': 'https://elsewhere.example' };
    const { error } = refusal(await sign(inputs, { env: tokens.env }));
    expect(error).toContain('LOGIN_REFUSED');
    expect(error).toContain('audience');
  });

  test('no OIDC token at all', async () => {
    const { error } = refusal(await sign({ ...EC, login: 'oidc', role: 'release' }));
    expect(error).toContain('ID_TOKEN_MISSING');
    expect(error).toContain('id-token: write');
  });

  test('an Ed25519 file that is larger than the service takes, before any request', async () => {
    const inputs = {
      'signing-key': 'rel-ed25519',
      'verify-key': await bao.publicKey('rel-ed25519'),
      ...bao.certificate,
    };
    const { run } = await sign(inputs, { files: 1, size: 25 * 2 ** 20 });
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('FILE_TOO_LARGE_FOR_SERVER');
    expect(run.outputs['request-count']).toBe('0');
  });
});

describe('trouble in the middle of a run', () => {
  test('a token that becomes invalid is replaced, and the replacement is not counted', async () => {
    await bao.set('POST', 'auth/cert/certs/release', {
      certificate: bao.pki.text('ca.pem'),
      allowed_common_names: 'release-bot',
      token_policies: ['signer'],
      token_ttl: '2s',
    });
    const inputs = { ...EC, 'verify-key': await bao.publicKey('rel-ecdsa-p256'), concurrency: '1', ...bao.certificate };
    const { run } = await sign(inputs, { files: 400 });
    await bao.set('POST', 'auth/cert/certs/release', {
      certificate: bao.pki.text('ca.pem'),
      allowed_common_names: 'release-bot',
      token_policies: ['signer'],
      token_ttl: '10m',
    });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs['verified-count']).toBe('400');
  });

  test('a sealed service is waited for, and nothing is lost after it is unsealed', async () => {
    const other = await OpenBao.start();
    try {
      await other.seal();
      const signing = sign({ ...EC, ...other.inputs, ...other.certificate }, { files: 50 });
      await delay(4000);
      await other.unseal();
      const { run } = await signing;
      expect(run.exitCode, run.log).toBe(0);
      expect(run.log).toContain('SERVICE_SEALED');
      expect(run.outputs['signed-count']).toBe('50');
    } finally {
      await other.stop();
    }
  });

  test.each([false, true])('a rate limit is obeyed (retry-after sent: %s)', async (headers) => {
    await bao.set('POST', 'sys/quotas/config', { enable_rate_limit_response_headers: headers });
    await bao.set('POST', 'sys/quotas/rate-limit/slow', { path: 'transit/sign', rate: 2, interval: '1s' });
    try {
      const { run } = await sign({ ...EC, ...bao.certificate }, { files: 60 });
      expect(run.exitCode, run.log).toBe(0);
      expect(run.outputs['signed-count']).toBe('60');
    } finally {
      await bao.ask('DELETE', 'sys/quotas/rate-limit/slow');
    }
  });
});

test('preflight shows the key, prints the public key to store, and compares it with verify-key', async () => {
  const { run } = await sign({ mode: 'preflight', ...EC, ...bao.certificate });
  expect(run.log).toContain('is of the type ecdsa-p256');
  expect(run.log).toContain((await bao.publicKey('rel-ecdsa-p256')).split('\n')[1]);
  const wrong = await sign({
    mode: 'preflight',
    ...EC,
    ...bao.certificate,
    'verify-key': await bao.publicKey('rel-rsa-2048'),
  });
  expect(wrong.run.exitCode).toBe(1);
  const right = await sign({
    mode: 'preflight',
    ...EC,
    ...bao.certificate,
    'verify-key': await bao.publicKey('rel-ecdsa-p256'),
  });
  expect(right.run.exitCode, right.run.log).toBe(0);
  expect(right.run.log).toContain('is the key of the service');
});
