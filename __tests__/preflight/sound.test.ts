import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { finding, troubles } from './expectations.ts';
import { inputsFor, runPreflight } from './in-process.ts';

let service: Service;
let directory: string;

beforeAll(async () => {
  service = await startService({ record: true });
  directory = mkdtempSync(join(tmpdir(), 'shapes-'));
});
afterAll(async () => {
  await service.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a sound identity and a sound service', () => {
  test('cost one request, of a few bytes that are no file of the release', async () => {
    const before = service.log.length;
    const run = await runPreflight(inputsFor(service));
    expect(run.green).toBe(true);
    expect(service.log.length - before).toBe(1);
    expect(service.log.at(-1)?.bytes).toBeLessThan(100);
    expect(run.outputs).toMatchObject({
      mode: 'preflight',
      'request-count': '1',
      'verified-count': '1',
      'file-count': '0',
      'cert-expires': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(Number(run.outputs['duration-ms'])).toBeGreaterThan(0);
    expect(run.annotations).toEqual([]);
  });

  test('show every step and how long it took', async () => {
    const run = await runPreflight(inputsFor(service));
    expect(run.findings.map(({ check }) => check)).toEqual([
      'inputs',
      'cert',
      'key',
      'chain',
      'key matches cert',
      'validity',
      'client use',
      'host name',
      'TCP',
      'TLS version and cipher',
      'server certificate',
      'server trust',
      'client certificate asked for',
      'client certificate sent',
      'client certificate accepted',
      'session resumption',
      'client chain',
      'canary request',
      'signature',
      'clock',
    ]);
    expect(finding(run, 'TLS version and cipher')).toMatch(/TLSv1\.3, TLS_AES/);
    expect(finding(run, 'server certificate')).toMatch(
      /CN=rehearsal-service for localhost, 127\.0\.0\.1.*issued by CN=Rehearsal Root CA, valid from \d{4}.* to \d{4}/,
    );
    const timed = run.findings.filter(({ ms }) => ms > 0).map(({ check }) => check);
    expect(timed).toEqual(expect.arrayContaining(['TCP', 'TLS version and cipher', 'canary request']));
  });

  test('are in the manifest, beside who signed and with what', async () => {
    const run = await runPreflight(inputsFor(service));
    expect(run.manifest).toMatchObject({
      version: 1,
      mode: 'preflight',
      rehearsal: false,
      checked: true,
      service: service.url,
      signer: {
        certificate: { subject: 'CN=rehearsal-client' },
        verifyKeySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(run.manifest['findings']).toHaveLength(run.findings.length);
    expect(run.manifest['findings']).toContainEqual(
      expect.objectContaining({ check: 'signature', level: 'ok', what: expect.stringContaining('ecdsa-sha256') }),
    );
  });

  test('are green without verify-key, and the run says that nothing was checked', async () => {
    const run = await runPreflight({ ...inputsFor(service), 'verify-key': '' });
    expect(run.green).toBe(true);
    expect(run.outputs['verified-count']).toBe('0');
    expect(finding(run, 'signature')).toContain('not checked: ');
  });

  test('are green over TLS 1.2 as well, with every step known', { tags: ['fault-9'] }, async () => {
    const old = await startService({ pki: service.pki, tls: { maxVersion: 'TLSv1.2' } });
    const run = await runPreflight(inputsFor(old));
    await old.close();
    expect(troubles(run)).toEqual([]);
    expect(finding(run, 'TLS version and cipher')).toContain('TLSv1.2, TLS_ECDHE');
    expect(finding(run, 'client certificate asked for')).toContain('ok: ');
  });
});

describe('an identity in another shape', () => {
  const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const shapes: Readonly<Record<string, () => Record<string, string>>> = {
    'CRLF, BOM and text around': () => ({
      cert: `\ufeffsubject: us\r\n${service.credentials.cert.replaceAll('\n', '\r\n')}`,
    }),
    'escaped line ends': () => ({ key: service.credentials.key.replaceAll('\n', '\\n') }),
    'base64 of PEM': () => ({ key: Buffer.from(service.credentials.key).toString('base64') }),
    'DER in base64': () => ({ cert: Buffer.from(service.pki.client.certificate.rawData).toString('base64') }),
    'root first': () => ({ cert: service.pki.root.cert + service.credentials.cert }),
    'encrypted key': () => {
      openssl('pkcs8', '-topk8', '-in', 'key.pem', '-out', 'sealed.pem', '-passout', 'pass:open sesame');
      return { key: readFileSync(join(directory, 'sealed.pem'), 'utf8'), 'key-passphrase': 'open sesame' };
    },
    'PKCS#12 in base64': () => {
      openssl(
        'pkcs12',
        '-export',
        '-inkey',
        'key.pem',
        '-in',
        'cert.pem',
        '-out',
        'all.p12',
        '-passout',
        'pass:sesame',
      );
      const cert = readFileSync(join(directory, 'all.p12')).toString('base64');
      return { cert, key: '', 'key-passphrase': 'sesame' };
    },
  };

  test.each(Object.keys(shapes))(
    '%s is green',
    { tags: ['fault-21', 'fault-22', 'fault-23', 'fault-24'] },
    async (name) => {
      writeFileSync(join(directory, 'key.pem'), service.credentials.key);
      writeFileSync(join(directory, 'cert.pem'), service.credentials.cert);
      const run = await runPreflight({ ...inputsFor(service), ...shapes[name]?.() });
      expect(troubles(run)).toEqual([]);
      expect(run.green).toBe(true);
    },
  );
});

describe('anchors other than the root', () => {
  test.each(['issuer', 'server'] as const)('the %s alone is enough', { tags: ['fault-7'] }, async (which) => {
    const pki = await createPki({ intermediate: true });
    const own = await startService({ pki, tls: { clientAuthority: pki.root.cert } });
    const [anchor = ''] = pki[which].cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const run = await runPreflight({ ...inputsFor(own), chain: anchor });
    await own.close();
    expect(troubles(run)).toEqual([]);
  });
});
