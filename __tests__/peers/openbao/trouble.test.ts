import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAction } from '../../../tools/runner/runner.ts';
import { runInProcess } from '../../helpers/in-process.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { startPeer } from '../http/process.ts';
import { OpenBao } from './openbao.ts';
import { refusal, signFiles } from './signing.ts';

let bao: OpenBao;
/** What every run has: address, certificate, key to sign with and key to check with. */
let sound: Readonly<Record<string, string>>;
beforeAll(async () => {
  bao = await OpenBao.start();
  const key = { 'signing-key': 'rel-ecdsa-p256', 'verify-key': await bao.publicKey('rel-ecdsa-p256') };
  sound = { ...bao.inputs, ...bao.certificate, ...key };
});
afterAll(() => bao.stop());

/** Gives the role of the cert login at a mount. */
function role(more: object = {}): object {
  const who = { certificate: bao.pki.text('ca.pem'), allowed_common_names: 'release-bot', token_ttl: '10m' };
  return { ...who, token_policies: ['signer'], ...more };
}

test('through a proxy the certificate goes end to end, and login, signing and revocation work', async () => {
  const proxy = await startPeer((port, directory) => {
    const text = `Port ${port}\nListen 127.0.0.1\nTimeout 60\nLogFile "${directory}/log"\n`;
    return {
      files: { 'tinyproxy.conf': text },
      command: 'tinyproxy',
      args: ['-d', '-c', `${directory}/tinyproxy.conf`],
    };
  });
  const inputs = { ...sound, 'server-url': `https://0.0.0.0:${bao.port}` };
  const { run } = await signFiles(inputs, { files: 50, env: { https_proxy: `http://127.0.0.1:${proxy.port}` } });
  await proxy.close();
  expect(run.exitCode, run.log).toBe(0);
  expect(run.log).toContain('Through the proxy');
  expect(run.outputs['verified-count']).toBe('50');
});

test('a server that is sealed and unsealed in the middle of a run costs no file, and every signature is checked', async () => {
  const other = await OpenBao.start();
  try {
    const inputs = {
      ...other.inputs,
      ...other.certificate,
      'signing-key': 'rel-ecdsa-p256',
      'verify-key': await other.publicKey('rel-ecdsa-p256'),
      concurrency: '1',
    };
    let workspace = '';
    const signing = signFiles(inputs, { files: 2000, onWorkspace: (path) => (workspace = path) });
    while (globSync(join(workspace, 'dist', '*.sign')).length < 20) await delay(20);
    await other.seal();
    await delay(2500);
    await other.unseal();
    const { run } = await signing;
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain('SERVICE_SEALED');
    expect(run.outputs['verified-count']).toBe('2000');
  } finally {
    await other.stop();
  }
});

test('a file that is larger than the server takes fails alone', async () => {
  const small = await OpenBao.start('max_request_size = 200000');
  const directory = mkdtempSync(join(tmpdir(), 'openbao-413-'));
  try {
    const [workspace, runnerTemp] = [join(directory, 'workspace'), join(directory, 'temp')];
    for (const each of [join(workspace, 'dist'), runnerTemp]) await mkdir(each, { recursive: true });
    for (let at = 0; at < 20; at++)
      writeFileSync(join(workspace, 'dist', `f${at}.bin`), Buffer.alloc(at === 7 ? 500_000 : 3000, at));
    const key = { 'signing-key': 'rel-ed25519', 'verify-key': await small.publicKey('rel-ed25519') };
    const inputs = {
      files: 'dist/**',
      protocol: 'vault',
      upload: 'false',
      ...small.inputs,
      ...small.certificate,
      ...key,
    };
    const run = await runAction({ actionDirectory: ACTION_DIRECTORY, workspace, runnerTemp, inputs });
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('FILE_TOO_LARGE_FOR_SERVER');
    expect(run.outputs).toMatchObject({ 'signed-count': '19', 'failed-count': '1' });
  } finally {
    await small.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

describe('other shapes of a server', () => {
  test('a namespace in front of engine and login', async () => {
    await bao.set('POST', 'sys/namespaces/team');
    for (const path of ['sys/mounts/transit', 'sys/auth/cert'])
      await bao.set('POST', `team/${path}`, { type: path.slice(path.lastIndexOf('/') + 1) });
    await bao.set('POST', 'team/transit/keys/rel-team', { type: 'ecdsa-p256' });
    const paths = ['sign/rel-team/*', 'keys/rel-team'].map(
      (path) => `path "transit/${path}" { capabilities = ["update", "read"] }`,
    );
    await bao.set('PUT', 'team/sys/policies/acl/signer', { policy: paths.join('\n') });
    await bao.set('POST', 'team/auth/cert/certs/release', role());
    const inputs = {
      ...bao.inputs,
      ...bao.certificate,
      mount: 'team/transit',
      login: 'cert@team/auth/cert',
      'signing-key': 'rel-team',
    };
    const { run } = await signFiles(inputs);
    expect(run.exitCode, run.log).toBe(0);
    const wrong = await signFiles({ ...inputs, login: 'cert@team/auth/nope' });
    expect(refusal(wrong).error).toContain('LOGIN_REFUSED');
  });

  test('mounts with slashes in their names', async () => {
    await bao.set('POST', 'sys/mounts/ci/signing', { type: 'transit' });
    await bao.set('POST', 'sys/auth/ci/runners', { type: 'cert' });
    await bao.set('POST', 'ci/signing/keys/rel-ci', { type: 'rsa-2048' });
    await bao.set('PUT', 'sys/policies/acl/ci', {
      policy: 'path "ci/signing/*" { capabilities = ["update", "read"] }',
    });
    await bao.set('POST', 'auth/ci/runners/certs/release', role({ token_policies: ['ci'] }));
    const inputs = {
      ...bao.inputs,
      ...bao.certificate,
      mount: 'ci/signing',
      login: 'cert@ci/runners',
      'signing-key': 'rel-ci',
    };
    const { run } = await signFiles(inputs);
    expect(run.exitCode, run.log).toBe(0);
  });

  test('tokens that are valid for a few requests are replaced as often as needed', async () => {
    await bao.set('POST', 'auth/cert/certs/few', role({ token_num_uses: 3 }));
    const { run } = await signFiles({ ...sound, role: 'few', concurrency: '1' }, { files: 12 });
    await bao.ask('DELETE', 'auth/cert/certs/few');
    expect(run.exitCode, run.log).toBe(0);
  });
});

/** A key that is made, changed, and then signed with. */
interface OddKey {
  readonly what: string;
  /** Its name and its settings; absent for a key that is there. */
  readonly key?: readonly [name: string, settings: object];
  readonly later?: readonly (readonly [path: string, settings?: object | undefined, method?: string])[];
  readonly inputs: Readonly<Record<string, string>>;
  /** Whether `verify-key` is given, so that the service is not asked for the type of its key. */
  readonly check?: 'by version 1' | 'by another key';
  readonly told: string;
}

/** How a key came to be of a version that no longer signs. */
const ROTATED = [['rotate'], ['rotate']] as const;

describe('keys that are not as expected', () => {
  test.each<OddKey>([
    {
      what: 'an algorithm of another kind of key, which the engine would not refuse',
      inputs: { 'signing-key': 'rel-ed25519', 'signature-algorithm': 'ecdsa-sha256' },
      told: 'is of the type ed25519, which does not sign by signature-algorithm: ecdsa-sha256',
    },
    {
      what: 'a key that encrypts only',
      key: ['rel-aes', { type: 'aes256-gcm96' }],
      inputs: {},
      told: 'is of the type aes256-gcm96, which cannot sign files',
    },
    {
      what: 'a key that encrypts only, beside verify-key',
      key: ['rel-chacha', { type: 'chacha20-poly1305' }],
      inputs: {},
      check: 'by another key',
      told: 'KEY_NOT_FOUND: The key “rel-chacha” at transit is of a type that cannot sign',
    },
    {
      what: 'a convergent key, which is derived and encrypts only',
      key: ['rel-convergent', { type: 'aes256-gcm96', derived: true, convergent_encryption: true }],
      inputs: {},
      check: 'by another key',
      told: 'KEY_NOT_FOUND: The key “rel-convergent” at transit is of a type that cannot sign',
    },
    {
      what: 'a key for HMAC',
      key: ['rel-hmac', { type: 'hmac', key_size: 32 }],
      inputs: {},
      told: 'is of the type hmac, which cannot sign files',
    },
    {
      what: 'a derived key, which wants a context',
      key: ['rel-derived', { type: 'ed25519', derived: true }],
      inputs: {},
      told: 'KEY_NOT_FOUND: The key “rel-derived” at transit is a derived key, which signs for a context only',
    },
    {
      what: 'a key that is soft-deleted',
      key: ['rel-soft', { type: 'ecdsa-p256' }],
      later: [['soft-delete', undefined, 'DELETE']],
      inputs: {},
      told: 'KEY_NOT_FOUND: The key “rel-soft” at transit is soft-deleted',
    },
    {
      what: 'a version below min_decryption_version',
      key: ['rel-old', { type: 'ecdsa-p256' }],
      later: [...ROTATED, ['config', { min_decryption_version: 2 }]],
      inputs: { 'signing-key': 'rel-old@1' },
      told: 'KEY_NOT_FOUND: The key “rel-old” at transit has no usable version 1',
    },
    {
      what: 'a version that was trimmed',
      key: ['rel-trimmed', { type: 'ecdsa-p256' }],
      later: [
        ...ROTATED,
        ['config', { min_decryption_version: 3, min_encryption_version: 3 }],
        ['trim', { min_available_version: 3 }],
      ],
      inputs: { 'signing-key': 'rel-trimmed@2' },
      told: 'KEY_NOT_FOUND: The key “rel-trimmed” at transit has no usable version 2',
    },
    {
      what: 'a version that was retired',
      key: ['rel-retired', { type: 'ecdsa-p256' }],
      later: [['rotate'], ['config', { min_encryption_version: 2 }]],
      inputs: { 'signing-key': 'rel-retired@1' },
      told: 'has no usable version 1',
    },
    {
      what: 'a key that was rotated since verify-key was stored',
      key: ['rel-newer', { type: 'ecdsa-p256' }],
      later: [['rotate']],
      inputs: {},
      check: 'by version 1',
      told: 'The service signed with version 2 of its key',
    },
  ])('$what', async ({ key, later = [], inputs, check, told }) => {
    const name = key?.[0] ?? '';
    if (key) await bao.set('POST', `transit/keys/${name}`, key[1]);
    for (const [path, body, method = 'POST'] of later) await bao.set(method, `transit/keys/${name}/${path}`, body);
    const verifyKey = check && (await bao.publicKey(check === 'by version 1' ? name : 'rel-ecdsa-p256'));
    const all = { ...sound, 'signing-key': name, ...inputs, 'verify-key': verifyKey ?? '' };
    const { exitCode, error } = refusal(await signFiles(all, { runScript: runInProcess }));
    expect(exitCode).toBe(1);
    expect(error).toContain(told);
  });

  test.each([
    ['rel-exportable', { type: 'ecdsa-p256', exportable: true, allow_plaintext_backup: true }, []],
    ['rel-p521', { type: 'ecdsa-p521' }, []],
    ['rel-newest', { type: 'ed25519' }, [...ROTATED, ['config', { min_encryption_version: 3 }]]],
  ] as const)('%s signs', async (name, settings, later) => {
    await bao.set('POST', `transit/keys/${name}`, settings);
    for (const [path, body] of later) await bao.set('POST', `transit/keys/${name}/${path}`, body);
    const publicKey = await bao.publicKey(name, later.length === 0 ? 1 : 3);
    const { run } = await signFiles(
      { ...sound, 'signing-key': name, 'verify-key': publicKey },
      { runScript: runInProcess },
    );
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs['verified-count']).toBe('3');
  });

  test('a given token that wraps another one is refused, and is not used up', async () => {
    const ttl = { 'X-Vault-Wrap-TTL': '5m' };
    const made = await bao.ask('POST', 'auth/token/create', { policies: ['signer'] }, bao.rootToken, ttl);
    const token = String(made.read('wrap_info.token'));
    const inputs = { ...sound, cert: '', key: '', login: 'token', token };
    for (const more of [{}, { 'verify-key': '' }, { mode: 'preflight' }]) {
      const { exitCode, error } = refusal(await signFiles({ ...inputs, ...more }, { runScript: runInProcess }));
      expect(exitCode).toBe(1);
      expect(error).toContain('LOGIN_REFUSED: The token is a wrapping token (made at auth/token/create)');
    }
    const unwrapped = await bao.ask('POST', 'sys/wrapping/unwrap', undefined, token);
    const inside = { ...inputs, token: String(unwrapped.read('auth.client_token')) };
    const { run } = await signFiles(inside, { runScript: runInProcess });
    expect(run.exitCode, run.log).toBe(0);
  });

  test('a key that is deleted in the middle of a run ends it', async () => {
    await bao.set('POST', 'transit/keys/rel-gone', { type: 'ecdsa-p256' });
    await bao.set('POST', 'transit/keys/rel-gone/config', { deletion_allowed: true });
    const inputs = { ...sound, 'signing-key': 'rel-gone', 'verify-key': '', concurrency: '1' };
    let workspace = '';
    const signing = signFiles(inputs, { files: 2000, onWorkspace: (path) => (workspace = path) });
    while (globSync(join(workspace, 'dist', '*.sign')).length < 20) await delay(20);
    await bao.set('DELETE', 'transit/keys/rel-gone');
    const { exitCode, error } = refusal(await signing);
    expect(exitCode).toBe(1);
    expect(error).toContain('KEY_NOT_FOUND');
  });
});
