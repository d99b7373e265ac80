import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { listen } from '../helpers/listen.ts';
import { type ServiceOptions, startService } from '../rehearsal/faulty-service.ts';
import { expectOneFailure, finding, troubles } from './expectations.ts';
import { inputsFor, type Preflight, runPreflight } from './in-process.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ extraHosts: ['signing.test'] });
});
afterAll(() => {});

async function against(options: ServiceOptions, change: Readonly<Record<string, string>> = {}): Promise<Preflight> {
  const service = await startService({ pki, ...options });
  try {
    return await runPreflight({ ...inputsFor(service), ...change });
  } finally {
    await service.close();
  }
}

describe.concurrent('a canary that is not signed', () => {
  test('for a wrong app secret', async () => {
    const run = await against({}, { 'app-secret': 'not the right secret' });
    expectOneFailure(run, 'UNAUTHORIZED', /^canary request: .*401.*app-key and app-secret/);
    expect(run.outputs['request-count']).toBe('2');
    expect(finding(run, 'client certificate accepted')).toContain('ok: ');
    expect(finding(run, 'clock')).toContain('ok: ');
  });

  test('for a wrong path, which is asked for twice', async () => {
    const run = await against({}, { 'sign-path': '/elsewhere' });
    expectOneFailure(run, 'NOT_FOUND', /^canary request: .*404/);
    // One of several servers may lack the path.
    expect(run.outputs['request-count']).toBe('2');
  });

  test('by a service that is down', async () => {
    const run = await against({ script: () => ({ kind: 'answer', answer: { status: 502 } }) });
    expectOneFailure(run, 'BAD_GATEWAY', /^canary request: .*502/);
  });

  test('by a service that closes each connection', async () => {
    const run = await against({ script: () => ({ kind: 'end', when: 'after-body', by: 'reset' }) });
    expectOneFailure(run, 'CONNECTION_LOST', /^canary request: /);
    expect(finding(run, 'client certificate accepted')).toContain('ok: ');
  });

  test('because the service does not answer in time', async () => {
    const run = await against({ script: () => ({ kind: 'silence' }) }, { timeout: '1' });
    expectOneFailure(run, 'TIMEOUT', /^canary request: TIMEOUT: No answer within 1 s/);
  });
});

describe('a canary that is signed all the same', () => {
  test('at the second attempt, which is a warning', async () => {
    const run = await against({ script: [{ kind: 'answer', answer: { status: 502 } }] });
    expect(run.green).toBe(true);
    expect(troubles(run)).toEqual([expect.stringMatching(/^canary request: .*only at the second try.*502/)]);
    expect(run.outputs['request-count']).toBe('2');
  });

  test('by a service whose clock is two hours ahead, after a correction', async () => {
    const run = await against({ now: () => Date.now() + 7_200_000 });
    expect(run.green).toBe(true);
    expect(finding(run, 'clock')).toMatch(/^warning: .*7[12]\d\d s ahead of this machine's/);
  });

  test('with a key that is not ours', async () => {
    const run = await against({}, { 'verify-key': (await createPki()).signingPublicKeyPem });
    expectOneFailure(run, 'SIGNATURE_INVALID', /^signature: .*another key/);
    expect(run.outputs['verified-count']).toBe('0');
  });

  test('with another hash than the configured one', async () => {
    const run = await against({}, { 'signature-algorithm': 'ecdsa-sha512' });
    expectOneFailure(run, 'SIGNATURE_INVALID', /set signature-algorithm: ecdsa-sha256/);
  });

  test('in another encoding than the configured one', async () => {
    const run = await against({}, { 'signature-encoding': 'hex' });
    expect(run.green).toBe(false);
    expect(finding(run, 'signature')).toMatch(/set signature-encoding to base64/);
  });
});

describe('several problems of different kinds', () => {
  test('are all listed in one run', async () => {
    const past = { notBefore: new Date(Date.now() - 2e8), notAfter: new Date(Date.now() - 1e8) };
    const service = await startService({ pki: await createPki({ server: { hosts: ['sign.example.com'], ...past } }) });
    const inputs = {
      ...inputsFor(service),
      'app-key': '',
      'cert-expiry-warning-days': 'soon',
      'verify-key': 'keys/none.pem',
      key: pki.client.key,
    };
    const run = await runPreflight(inputs);
    await service.close();
    expect(run.findings.filter(({ level }) => level === 'failure').map(({ code }) => code)).toEqual([
      'CREDENTIALS_MISSING',
      'VERIFY_KEY_UNREADABLE',
      'INPUT_INVALID',
      'IDENTITY_KEY_MISMATCH',
      'TLS_SERVER_EXPIRED',
      'TLS_SERVER_NAME',
    ]);
    expect(run.annotations.filter(({ level }) => level === 'error')).toHaveLength(5);
    expect(run.summary.indexOf('❌&nbsp;failure')).toBeLessThan(run.summary.indexOf('checks passed</summary>'));
    expect(run.lines.join('\n')).toContain('A release cannot be signed now: 6 failures');
  });

  test('none of which shows a secret', async () => {
    const [secret, passphrase] = ['canary-app-secret-0123456789', 'canary-passphrase-0123456789'];
    const broken = pki.client.key.replace(/\n(.{20})/, '\n!$1');
    const run = await against(
      {},
      { 'app-secret': secret, 'key-passphrase': passphrase, key: broken, chain: pki.client.key },
    );
    expect(run.green).toBe(false);
    const told = run.everything;
    const lines = pki.client.key.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-'));
    for (const value of [secret, passphrase, ...lines]) {
      for (const form of [value, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')]) {
        expect(told).not.toContain(form);
      }
    }
    expect(run.masks).toContain(secret);
  });
});

describe('a proxy', () => {
  const throughProxy = async (status: number): Promise<Preflight> => {
    const service = await startService({ pki });
    const proxy = createServer();
    proxy.on('connect', (_, client, head) => {
      if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      const upstream = connect({ port: service.port, host: '127.0.0.1' }, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    const port = await listen(proxy);
    const httpsProxy = { name: 'https_proxy', value: `http://user:proxy-password@127.0.0.1:${port}` };
    try {
      return await runPreflight(
        { ...inputsFor(service), 'server-url': 'https://signing.test' },
        { facts: { httpsProxy } },
      );
    } finally {
      proxy.close();
      await service.close();
    }
  };

  test('of the environment is honoured and named, without its password', async () => {
    const run = await throughProxy(200);
    expect(run.green).toBe(true);
    expect(finding(run, 'proxy')).toMatch(/^ok: proxy: connected through http:\/\/127\.0\.0\.1:\d+$/);
    expect(run.everything).not.toContain('proxy-password');
  });

  test('that asks for a password is the one failure', async () => {
    expectOneFailure(await throughProxy(407), 'PROXY_AUTHENTICATION', /^proxy: .*407/);
  });

  test('that is no URL is the one failure', async () => {
    const service = await startService({ pki });
    const inputs = { ...inputsFor(service), 'server-url': 'https://signing.test' };
    const run = await runPreflight(inputs, {
      facts: { httpsProxy: { name: 'https_proxy', value: 'socks5://127.0.0.1:1' } },
    });
    await service.close();
    expectOneFailure(run, 'PROXY_UNUSABLE', /^proxy: /);
  });
});
