import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { createScenario } from '../helpers/scenario.ts';

const FILES = { 'dist/app.bin': 'never read', 'dist/old.bin.sign': 'kept' };

describe('the program in mode preflight', () => {
  test('is green, sends one request, reads no file and writes no signature', async () => {
    await using scenario = await createScenario({ files: FILES });
    const { verifyKeyPem } = scenario.service.credentials;
    const run = await scenario.green({
      mode: 'preflight',
      'verify-key': verifyKeyPem,
      'cert-expiry-warning-days': '0',
    });
    expect(run.outputs).toMatchObject({ mode: 'preflight', 'request-count': '1', 'verified-count': '1' });
    expect(scenario.service.counters.requests).toBe(1);
    expect(scenario.results.artifacts).toEqual([]);
    expect(await readdir(`${scenario.workspace}/dist`)).toEqual(['app.bin', 'old.bin.sign']);
    expect(await scenario.read('dist/old.bin.sign')).toBe('kept');
    expect(run.log).toContain('A release could be signed right now');
    expect(run.summary).toContain('TLS version and cipher');
    expect(run.annotations).toEqual([]);
    const manifest: unknown = JSON.parse(await readFile(run.outputs['manifest'] ?? '', 'utf8'));
    expect(manifest).toMatchObject({ version: 1, mode: 'preflight', service: scenario.service.url });
  });

  test('lists every problem in one run, whatever else is broken', async () => {
    const pki = await createPki({ server: { hosts: ['sign.example.com'] } });
    await using scenario = await createScenario({ files: FILES, service: { pki } });
    const run = await scenario.red({ mode: 'preflight', key: 'no key at all', 'app-secret': '', chain: '' });
    const errors = run.annotations.filter(({ type }) => type === 'error');
    expect(errors.map(({ title }) => title)).toEqual(['CREDENTIALS_MISSING', 'IDENTITY_UNREADABLE']);
    expect(run.log).toContain('CN=rehearsal-service for sign.example.com');
    expect(run.log).not.toContain('no key at all');
    expect(run.outputs).toMatchObject({ mode: '', 'request-count': '0', 'verified-count': '0' });
  });

  test('never shows a secret, however it ends', async () => {
    const stranger = await createPki();
    await using scenario = await createScenario({ files: FILES });
    const passphrase = 'canary passphrase of nobody';
    const inputs = {
      mode: 'preflight',
      cert: stranger.client.cert,
      key: stranger.client.key,
      'key-passphrase': passphrase,
    };
    const run = await scenario.red(inputs, { env: { RUNNER_DEBUG: '1' } });
    expect(run.log).toContain('TLS_CLIENT_REJECTED');
    const manifest = await readFile(run.outputs['manifest'] ?? '', 'utf8');
    const told = [run.log, run.summary, manifest, JSON.stringify([run.outputs, run.state, run.annotations])].join('\n');
    const lines = stranger.client.key.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-'));
    for (const secret of [passphrase, scenario.service.appSecret, ...lines]) {
      const bytes = Buffer.from(secret);
      for (const form of [secret, bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(secret)]) {
        expect(told).not.toContain(form);
      }
    }
  });
});

describe('the program in mode sign', () => {
  test('says which certificate was refused, and which intermediate may be missing', async () => {
    const pki = await createPki({ intermediate: true });
    await using scenario = await createScenario({ files: { 'dist/a': 'a' }, service: { pki } });
    const [leaf = ''] = pki.client.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const run = await scenario.red({ cert: leaf });
    expect(scenario.service.counters.requests).toBe(0);
    expect(run.log).toMatch(
      /TLS_CLIENT_REJECTED: .*after our client certificate, without an alert that says why: it probably rejects that certificate \(CN=rehearsal-client, issuer=CN=Rehearsal Intermediate CA, notAfter=/,
    );
    expect(run.log).toMatch(/issuer CN=Rehearsal Intermediate CA is not included/);
  });

  test('says what an untrusted server sent and what chain holds', { tags: ['fault-5'] }, async () => {
    const stranger = await createPki({ intermediate: true });
    await using scenario = await createScenario({ files: { 'dist/a': 'a' } });
    const [, issuer = ''] = stranger.client.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const run = await scenario.red({ chain: issuer });
    expect(run.log).toMatch(
      /TLS_SERVER_UNTRUSTED: .*sent 2 certificates, CN=rehearsal-service \(issuer CN=Rehearsal Root CA\).*; chain holds CN=Rehearsal Intermediate CA/,
    );
    expect(run.outputs['request-count']).toBe('1');
  });
});
