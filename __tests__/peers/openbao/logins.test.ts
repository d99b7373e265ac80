import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WireResponse } from '../../../src/connection/exchange.ts';
import { readLogin } from '../../../src/protocols/vault/answers.ts';
import { opensslAccepts } from '../../helpers/scenario.ts';
import { CA, CLIENT } from '../../identity/pki.ts';
import { OpenBao } from './openbao.ts';
import { refusal, signFiles } from './signing.ts';

let bao: OpenBao;
beforeAll(async () => {
  bao = await OpenBao.start();
});
afterAll(() => bao.stop());

/** Gives a role of the cert login. */
function role(certificate: string, more: object = {}): object {
  return { certificate, allowed_common_names: 'release-bot', token_ttl: '10m', token_policies: ['signer'], ...more };
}

/** Gives `<name>.pem` a validity that is over, signed by an issuer of the same directory. */
function expire(name: string, { issuer, extensions }: { readonly issuer: string; readonly extensions: string }): void {
  const { pki } = bao;
  const file = (ending: string): string => join(pki.directory, `${name}.${ending}`);
  writeFileSync(file('index'), '');
  writeFileSync(file('serial'), '01\n');
  writeFileSync(file('extensions'), extensions);
  const places = `database=${file('index')}\nserial=${file('serial')}\nnew_certs_dir=${pki.directory}`;
  const config = `[ca]\ndefault_ca=main\n[main]\n${places}\ndefault_md=sha256\npolicy=names\n[names]\ncommonName=supplied\n`;
  writeFileSync(file('cnf'), config);
  const signer = name === issuer ? ['-selfsign'] : ['-cert', `${issuer}.pem`];
  const past = ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z', '-notext'];
  const files = ['-keyfile', `${issuer}.key`, '-in', `${name}.csr`, '-extfile', file('extensions')];
  pki.openssl('ca', '-batch', '-config', file('cnf'), ...signer, ...files, ...past, '-out', `${name}.pem`);
}

/** Logs in with a client certificate of the directory, without the checks that the action makes before it connects. */
async function logInWith(name: string): Promise<WireResponse> {
  const { pki, url } = bao;
  const certificate = { ca: pki.text('ca.pem'), cert: pki.text(`${name}.pem`), key: pki.text(`${name}.key`) };
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const call = request(`${url}/v1/auth/cert/login`, { method: 'POST', ...certificate }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
    );
  });
  call.on('error', reject);
  call.end('{}');
  return promise;
}

describe('certificates that have expired', () => {
  test('the answer to an expired client certificate is a refusal, not a failure of the service', async () => {
    const { pki } = bao;
    pki.issue('late', { issuer: 'ca', subject: '/CN=release-bot', extensions: CLIENT });
    expire('late', { issuer: 'ca', extensions: CLIENT });
    const answer = await logInWith('late');
    expect(answer.body.toString()).toContain('expired');
    expect(() => readLogin(answer, { method: 'cert', scrub: (text) => text })).toThrow(
      expect.objectContaining({ kind: 'config', code: 'LOGIN_REFUSED' }),
    );
  });

  test('an issuer that has expired at the service ends the run with its first login', async () => {
    const { pki } = bao;
    pki.issue('old-ca', { extensions: CA });
    pki.issue('old-bot', { issuer: 'old-ca', subject: '/CN=release-bot', extensions: CLIENT });
    expire('old-ca', { issuer: 'old-ca', extensions: CA });
    await bao.set('POST', 'auth/cert/certs/old', role(pki.text('old-ca.pem')));
    const inputs = { ...bao.inputs, cert: pki.text('old-bot.pem'), key: pki.text('old-bot.key'), role: 'old' };
    const signing = await signFiles({ ...inputs, 'signing-key': 'rel-ecdsa-p256' });
    const { exitCode, error } = refusal(signing);
    expect(exitCode).toBe(1);
    expect(error).toContain('LOGIN_REFUSED');
    expect(error).toMatch(/expired|certificate/);
    expect(Number(signing.run.outputs['request-count'])).toBeLessThanOrEqual(2);
  });
});

describe('tokens of other kinds', () => {
  test.each([
    ['a batch token, which nobody can revoke', { token_type: 'batch' }],
    ['a token that cannot be renewed and ends after a second', { token_ttl: '1s', token_max_ttl: '1s' }],
  ])('%s', async (_, settings) => {
    await bao.set('POST', 'auth/cert/certs/other', role(bao.pki.text('ca.pem'), settings));
    const key = { 'signing-key': 'rel-ecdsa-p256', 'verify-key': await bao.publicKey('rel-ecdsa-p256') };
    const { run } = await signFiles({ ...bao.inputs, ...bao.certificate, ...key, role: 'other' }, { files: 300 });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs['verified-count']).toBe('300');
    expect(run.log).not.toContain('::warning');
  });
});

describe('larger keys', () => {
  test.each([
    ['ecdsa-p521', 'sha512'],
    ['rsa-3072', 'sha256'],
    ['rsa-4096', 'sha256'],
  ] as const)('%s: openssl accepts the signatures', async (type, digest) => {
    const name = `rel-large-${type}`;
    await bao.set('POST', `transit/keys/${name}`, { type });
    const publicKey = await bao.publicKey(name);
    const inputs = { ...bao.inputs, ...bao.certificate, 'signing-key': name, 'verify-key': publicKey };
    const { run, workspace } = await signFiles(inputs);
    expect(run.exitCode, run.log).toBe(0);
    const file = join(workspace, 'dist', 'f1.bin');
    expect(await opensslAccepts(publicKey, file, `${file}.sign`, digest)).toBe(true);
  });
});
