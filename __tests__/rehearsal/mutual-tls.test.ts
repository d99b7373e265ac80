import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueCertificate } from '../../src/rehearsal/certificate.ts';
import { createPki, type Pki, type PkiOptions } from '../../src/rehearsal/pki.ts';
import { eventually } from '../helpers/time.ts';
import { buildRequest, send, signContent } from './client.ts';
import { type Service, startService } from './faulty-service.ts';

let service: Service;
let stranger: Pki;
const CONTENT = Buffer.from('content');
const YESTERDAY = new Date(Date.now() - 24 * 3600_000);
const TOMORROW = new Date(Date.now() + 24 * 3600_000);

beforeAll(async () => {
  [service, stranger] = await Promise.all([startService(), createPki()]);
});

afterAll(() => service.close());

async function expectRefusal(tls: RequestOptions): Promise<void> {
  const { requests, refusedHandshakes } = service.counters;
  await expect(send(service, buildRequest(service, CONTENT), { tls })).rejects.toThrow();
  await eventually(() => expect(service.counters.refusedHandshakes).toBe(refusedHandshakes + 1));
  expect(service.counters.requests).toBe(requests);
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const versions: RequestOptions = { minVersion: version, maxVersion: version };

  test(`${version}: a client with the right certificate is served`, async () => {
    let protocol: string | null = null;
    const onSocket = (socket: unknown): void => {
      if (socket instanceof TLSSocket) socket.on('secureConnect', () => (protocol = socket.getProtocol()));
    };
    const answer = await send(service, buildRequest(service, CONTENT), { tls: versions, onSocket });
    expect([answer.status, protocol]).toEqual([200, version]);
  });

  test(`${version}: a client without a certificate reaches no request`, () =>
    expectRefusal({ ...versions, cert: undefined, key: undefined }));

  test(`${version}: a certificate of another authority reaches no request`, () =>
    expectRefusal({ ...versions, cert: stranger.client.cert, key: stranger.client.key }));

  test(`${version}: an expired certificate reaches no request`, async () => {
    const { cert, key } = await issueCertificate(service.pki.issuer, {
      commonName: 'late',
      usages: ['client'],
      notBefore: new Date(YESTERDAY.getTime() - 1000),
      notAfter: YESTERDAY,
    });
    await expectRefusal({ ...versions, cert, key });
  });

  test(`${version}: a server's certificate reaches no request`, () =>
    expectRefusal({ ...versions, cert: service.pki.server.cert, key: service.pki.server.key }));
}

test('a client that speaks only TLS 1.1 is refused', () =>
  expectRefusal({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));

const BROKEN_SERVERS: [string, PkiOptions, string][] = [
  ['expired', { server: { notBefore: new Date(0), notAfter: YESTERDAY } }, 'CERT_HAS_EXPIRED'],
  ['not yet valid', { server: { notBefore: TOMORROW } }, 'CERT_NOT_YET_VALID'],
  ['for another host', { server: { hosts: ['signing.example'] } }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['without a name', { server: { commonName: 'x', hosts: [] } }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['for clients only', { server: { usages: ['client'] } }, 'INVALID_PURPOSE'],
];

test.each(BROKEN_SERVERS)('a server certificate that is %s is refused by a client', async (_, options, code) => {
  const broken = await startService({ pki: await createPki(options) });
  try {
    await expect(signContent(broken, CONTENT)).rejects.toMatchObject({ code });
    expect(broken.counters.requests).toBe(0);
  } finally {
    await broken.close();
  }
});

test('certificates below an intermediate authority are served with it', async () => {
  const pki = await createPki({ intermediate: true, extraHosts: ['signing.example'] });
  const below = await startService({ pki });
  try {
    expect(pki.client.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect((await signContent(below, CONTENT)).status).toBe(200);
    const answer = await send(below, buildRequest(below, CONTENT), { tls: { servername: 'signing.example' } });
    expect(answer.status).toBe(200);
  } finally {
    await below.close();
  }
});

test('a service comes back on its port under its old identity', async () => {
  const first = await startService({ pki: service.pki });
  await first.close();
  const second = await startService({ pki: service.pki, port: first.port });
  const answer = await signContent(second, CONTENT);
  await second.close();
  expect([answer.status, second.port]).toEqual([200, first.port]);
  await expect(signContent(second, CONTENT)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('openssl accepts every certificate for its use, and no other', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pki-'));
  try {
    const { root, server, client } = service.pki;
    const paths = {
      root: join(directory, 'root'),
      server: join(directory, 'server'),
      client: join(directory, 'client'),
    };
    writeFileSync(paths.root, root.cert);
    writeFileSync(paths.server, server.cert);
    writeFileSync(paths.client, client.cert);
    const verify = (purpose: string, path: string, more: string[] = []): string =>
      execFileSync('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', paths.root, ...more, path], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(verify('sslserver', paths.server, ['-verify_hostname', 'localhost'])).toContain('OK');
    expect(verify('sslserver', paths.server, ['-verify_ip', '::1'])).toContain('OK');
    expect(verify('sslclient', paths.client)).toContain('OK');
    expect(() => verify('sslclient', paths.server)).toThrow();
    expect(() => verify('sslserver', paths.client)).toThrow();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('certificates last about a day, and keys belong to them', () => {
  for (const { cert, key } of [service.pki.server, service.pki.client]) {
    const certificate = new X509Certificate(cert);
    const from = Date.parse(certificate.validFrom);
    const to = Date.parse(certificate.validTo);
    expect(from).toBeLessThan(Date.now() - 60_000);
    expect(to - Date.now()).toBeLessThanOrEqual(24 * 3600_000);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  }
});
