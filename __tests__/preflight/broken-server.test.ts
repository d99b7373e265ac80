import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainServer } from '../../src/connection/diagnosis/server-certificate.ts';
import { type CertificateOptions, issueCertificate, type KeyedCertificate } from '../../src/rehearsal/certificate.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { alertBytes, startFront } from '../connection/front.ts';
import { withServer } from '../helpers/listen.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { expectOneFailure, finding, troubles } from './expectations.ts';
import { inputsFor, type Preflight, runPreflight } from './in-process.ts';

const DAY_MS = 24 * 3600 * 1000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const PROXY = 'the proxy of https_proxy (proxy:3128)';
let pki: Pki;
let sound: Service;

beforeAll(async () => {
  pki = await createPki();
  sound = await startService({ pki });
});
afterAll(() => sound.close());

/** Runs a preflight against a server whose certificate differs from a sound one. */
async function against(
  server: Partial<CertificateOptions>,
  change: Readonly<Record<string, string>> = {},
): Promise<Preflight> {
  const service = await startService({ pki: await createPki({ server }) });
  const run = await runPreflight({ ...inputsFor(service), ...change });
  await service.close();
  expect(service.counters.requests).toBe(run.green ? 1 : 0);
  return run;
}

describe.concurrent("a server's certificate that is not to be believed", () => {
  test('expired: its end and our clock', { tags: ['fault-1'] }, async () => {
    const run = await against({ notBefore: inDays(-3), notAfter: inDays(-1) });
    expectOneFailure(
      run,
      'TLS_SERVER_EXPIRED',
      /^server trust: .*has expired: CN=rehearsal-service ended at \d{4}-.*clock says \d{4}-/,
    );
    expect(finding(run, 'client certificate accepted')).toContain('ok: ');
    expect(finding(run, 'canary request')).toContain('not checked: ');
  });

  test('not yet valid: its begin and our clock', { tags: ['fault-2'] }, async () => {
    const run = await against({ notBefore: inDays(1), notAfter: inDays(3) });
    expectOneFailure(
      run,
      'TLS_SERVER_NOT_YET_VALID',
      /begins at \d{4}-.*clock says \d{4}-.*install a certificate that is valid now\. If that clock/s,
    );
  });

  test('for another host: the names it bears', { tags: ['fault-3'] }, async () => {
    const run = await against({ hosts: ['sign.example.com', 'sign.example.org'] });
    expectOneFailure(
      run,
      'TLS_SERVER_NAME',
      /127\.0\.0\.1 was asked for, it bears sign\.example\.com, sign\.example\.org/,
    );
  });

  test('of another CA: what was sent and what chain holds', async () => {
    const stranger = await createPki();
    const run = await against({}, { chain: stranger.root.cert });
    expectOneFailure(run, 'TLS_SERVER_UNTRUSTED', /has another key.*renewed under the same name/);
  });

  test('without its intermediate: the issuer that is missing', { tags: ['fault-5'] }, async () => {
    const chained = await createPki({ intermediate: true });
    const [cert = ''] = chained.server.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const service = await startService({ pki: chained, tls: { cert } });
    const run = await runPreflight(inputsFor(service));
    await service.close();
    expectOneFailure(
      run,
      'TLS_SERVER_UNTRUSTED',
      /the server sent 1 certificate, CN=rehearsal-service \(issuer CN=Rehearsal Intermediate CA\); chain holds CN=Rehearsal Root CA\. .*CN=Rehearsal Intermediate CA also issued the client certificate, .* the server must send/,
    );
  });

  test('that is self-signed: the error says so and names the certificate', { tags: ['fault-6'] }, async () => {
    const own = await issueCertificate(undefined, { commonName: 'lonely', hosts: ['127.0.0.1'], usages: ['server'] });
    const service = await startService({ pki, tls: { cert: own.cert, key: own.key } });
    const run = await runPreflight(inputsFor(service));
    await service.close();
    expectOneFailure(run, 'TLS_SERVER_UNTRUSTED', /it is self-signed; the server sent 1 certificate, CN=lonely/);
  });

  test('self-signed, with the name of another one in chain: it was replaced', async () => {
    const issue = () => issueCertificate(undefined, { commonName: 'lonely', hosts: ['127.0.0.1'], usages: ['server'] });
    const [earlier, present] = [await issue(), await issue()];
    const service = await startService({ pki, tls: { cert: present.cert, key: present.key } });
    const run = await runPreflight({ ...inputsFor(service), chain: earlier.cert });
    await service.close();
    const { fingerprint256 } = new X509Certificate(present.cert);
    expectOneFailure(
      run,
      'TLS_SERVER_UNTRUSTED',
      new RegExp(
        `certificate of the same name in chain is another one;.*was probably replaced.*${fingerprint256}`,
        's',
      ),
    );
  });

  test('of another environment than server-url says, which chain should not hide', async () => {
    const root = await issueCertificate(undefined, { commonName: 'Root CA (Staging)', authority: true });
    const own = await issueCertificate(root, { commonName: 'sign-staging', hosts: ['127.0.0.1'], usages: ['server'] });
    const service = await startService({ pki, tls: { cert: own.cert, key: own.key } });
    const run = await runPreflight(inputsFor(service));
    await service.close();
    expectOneFailure(
      run,
      'TLS_SERVER_UNTRUSTED',
      /of another environment than server-url or chain.*no certificate of it/s,
    );
  });

  test.each([
    ['self-signed', false],
    ['of an unknown CA', true],
  ])('of another host, %s: another server, or the default certificate of a gateway', async (_, hasIssuer) => {
    const root = hasIssuer ? (await createPki()).root : undefined;
    const facts = { commonName: 'default', hosts: ['ingress.local'], usages: ['server' as const] };
    const own = await issueCertificate(root, facts);
    const service = await startService({ pki, tls: { cert: own.cert, key: own.key } });
    const run = await runPreflight(inputsFor(service));
    await service.close();
    const failure = run.findings.find(({ code }) => code === 'TLS_SERVER_UNTRUSTED');
    expect(failure?.what).toMatch(/CN=default .*It is not for 127\.0\.0\.1 either/);
    expect(failure?.todo).toMatch(
      /^Another server answers under this name, .* Do not put this certificate into chain\.$/,
    );
  });

  test('of another host, of a filter for DNS: the filter answers in place of the service', async () => {
    const root = await issueCertificate(undefined, { commonName: 'Cisco Umbrella Root CA', authority: true });
    const facts = { commonName: '*.opendns.com', hosts: ['*.opendns.com'], usages: ['server' as const] };
    const own = await issueCertificate(root, facts);
    const service = await startService({ pki, tls: { cert: own.cert, key: own.key } });
    const run = await runPreflight(inputsFor(service));
    await service.close();
    const failure = run.findings.find(({ code }) => code === 'TLS_SERVER_UNTRUSTED');
    expect(failure?.todo).toMatch(/^A filter of the runner's network, .* must let 127\.0\.0\.1 through\. Do not put/);
  });

  test('of the same host with its whole name: server-url needs the whole name', async () => {
    const service = await startService({ pki: await createPki({ server: { hosts: ['localhost.example.com'] } }) });
    const run = await runPreflight({ ...inputsFor(service), 'server-url': `https://localhost:${service.port}` });
    await service.close();
    const failure = run.findings.find(({ code }) => code === 'TLS_SERVER_NAME');
    expect(failure?.todo).toBe('Write the whole name, localhost.example.com, into server-url.');
  });

  test('with a certificate that is meant for clients', { tags: ['fault-8'] }, async () => {
    expectOneFailure(await against({ usages: ['client'] }), 'TLS_SERVER_PURPOSE', /may be used for clients/);
  });

  test('with several faults at once: each of them', async () => {
    const run = await against({ notBefore: inDays(-3), notAfter: inDays(-1), hosts: ['sign.example.com'] });
    expect(run.findings.filter(({ level }) => level === 'failure').map(({ code }) => code)).toEqual([
      'TLS_SERVER_EXPIRED',
      'TLS_SERVER_NAME',
    ]);
  });

  test('that names its host in the subject only: a warning', { tags: ['fault-4'] }, async () => {
    const service = await startService({ pki: await createPki({ server: { commonName: 'localhost', hosts: [] } }) });
    const run = await runPreflight({ ...inputsFor(service), 'server-url': `https://localhost:${service.port}` });
    await service.close();
    expect(run.green).toBe(true);
    expect(troubles(run)).toEqual([
      expect.stringMatching(/^server trust: .*CN=localhost, names its host in the subject only/),
    ]);
  });

  test.each([
    [
      'an inspector',
      'CN=Contoso TLS Inspection CA',
      undefined,
      /^CN=Contoso TLS Inspection CA looks like the CA of a device that opens TLS: the operators of this runner's network .* must let sign\.example\.com through unopened, .* Do not put CN=Contoso TLS Inspection CA into chain\.$/,
    ],
    [
      'an inspector behind a proxy',
      'CN=Zscaler Root CA',
      PROXY,
      /the operators of the proxy of https_proxy \(proxy:3128\) must let/,
    ],
    [
      'any CA behind a proxy',
      'CN=Contoso CA',
      PROXY,
      /^Find out whose CA CN=Contoso CA is\. If it is a CA of the proxy of https_proxy/,
    ],
    ['any CA', 'CN=Contoso CA', undefined, /^Ask the operators of the service whether CN=Contoso CA is their CA\./],
    [
      'a root of the owner of the CA in chain',
      'CN=Rehearsal Root CA G2',
      undefined,
      /^Ask the operators of the service whether CN=Rehearsal Root CA G2 is their CA\.(?!.*intermediate)/,
    ],
    [
      'a namesake of the CA in chain',
      'CN=Rehearsal Issuing CA',
      undefined,
      /^If CN=Rehearsal Issuing CA is an intermediate CA below/,
    ],
    [
      'a CA whose name differs in a mark',
      'CN=Rehearsal-Root CA',
      undefined,
      /^Ask the operators of the service whether CN=Rehearsal-Root CA is their CA\./,
    ],
    [
      'the same CA of another environment',
      'CN=Rehearsal Root CA (Production)',
      undefined,
      /^The name of CN=Rehearsal Root CA in chain differs only in the environment: chain probably holds the CA of another one/,
    ],
  ])('of %s: the likely party first', async (_, issuer, proxy, todo) => {
    const root = await issueCertificate(undefined, { commonName: 'Root', authority: true });
    const ca = await issueCertificate(root, { commonName: issuer.replace('CN=', ''), authority: true });
    const leaf = await issueCertificate(ca, { commonName: 'sign.example.com', hosts: ['sign.example.com'] });
    const [own = ''] = leaf.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const failure = new Failure('config', 'TLS_SERVER_UNTRUSTED', 'https://sign.example.com: it does not chain.');
    const { hint } = explainServer(failure, [new X509Certificate(own)], {
      server: new URL('https://sign.example.com'),
      anchors: [new X509Certificate(pki.root.cert)],
      now: new Date(),
      proxy,
    });
    expect(hint).toMatch(todo);
  });

  test('of the CA that issued the client certificate: its operators send the intermediate, and nobody else is asked', async () => {
    const authority = (by: KeyedCertificate | undefined, commonName: string) =>
      issueCertificate(by, { commonName, authority: true });
    const root = await authority(undefined, 'Root');
    const [ca, namesake, newRoot] = [
      await authority(root, 'Corp Issuing CA'),
      await authority(root, 'Corp Issuing CA'),
      await authority(undefined, 'Corp Root CA'),
    ];
    const firstOf = ({ cert }: KeyedCertificate) => new X509Certificate(cert);
    const hintOf = async (issuer: KeyedCertificate, own: readonly KeyedCertificate[]) => {
      const leaf = await issueCertificate(issuer, { commonName: 'sign.example.com', hosts: ['sign.example.com'] });
      const failure = new Failure('config', 'TLS_SERVER_UNTRUSTED', 'https://sign.example.com: it does not chain.');
      const [anchors, certificates] = [[new X509Certificate(pki.root.cert)], own.map(firstOf)];
      const facts = { server: new URL('https://sign.example.com'), anchors, own: certificates, now: new Date() };
      return explainServer(failure, [firstOf(leaf)], facts).hint;
    };
    const client = (issuer: KeyedCertificate) => issueCertificate(issuer, { commonName: 'client', usages: ['client'] });
    const sent =
      'CN=Corp Issuing CA also issued the client certificate, so the CA is the right one: the server must send the certificate of that CA as well, and its operators must set that up.';
    expect(await hintOf(ca, [await client(ca)])).toBe(sent);
    expect(await hintOf(ca, [await client(ca), ca])).toBe(sent);
    expect(await hintOf(namesake, [await client(ca), ca])).toMatch(/^Ask the operators of the service whether/);
    expect(await hintOf(newRoot, [await client(newRoot)])).toMatch(
      /put the certificate that the operators of that CA publish into chain\.$/,
    );
  });

  test.each([
    ['https://[::1]', '::1'],
    ['https://sign.example.com.', 'sign.example.com'],
    ['https://a.example.com', '*.example.com'],
  ])('for %s bears the name %s, so no other server is suspected', async (address, host) => {
    const own = await issueCertificate((await createPki()).root, { commonName: 'x', hosts: [host] });
    const failure = new Failure('config', 'TLS_SERVER_UNTRUSTED', `${address}: it does not chain.`);
    const facts = { server: new URL(address), anchors: [new X509Certificate(pki.root.cert)], now: new Date() };
    expect(explainServer(failure, [new X509Certificate(own.cert)], facts).message).not.toContain('It is not for');
  });

  test('of a public CA, where chain holds a private one: another server may answer', () => {
    const directory = mkdtempSync(join(tmpdir(), 'public-ca-'));
    const make = (name: string, ...more: readonly string[]): void => {
      const [request, key] = ['req -x509 -days 2 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256', `${name}.key`];
      const given = [...request.split(' '), '-keyout', key, '-out', `${name}.pem`, ...more];
      execFileSync('openssl', given, { cwd: directory, stdio: 'pipe' });
    };
    // A CA of our own with the name of a public one: here the names alone decide.
    make('ca', '-subj', '/C=US/O=Internet Security Research Group/CN=ISRG Root X1');
    make('leaf', '-subj', '/CN=sign.example.com', '-CA', 'ca.pem', '-CAkey', 'ca.key');
    const leaf = new X509Certificate(readFileSync(join(directory, 'leaf.pem')));
    rmSync(directory, { recursive: true });
    const failure = new Failure('config', 'TLS_SERVER_UNTRUSTED', 'https://sign.example.com: it does not chain.');
    const server = new URL('https://sign.example.com');
    const anchors = [new X509Certificate(pki.root.cert)];
    const { hint } = explainServer(failure, [leaf], { server, anchors, now: new Date() });
    expect(hint).toMatch(
      /is a public CA that chain does not hold\. Check the host in server-url: another server may answer/,
    );
  });

  test('before our clock was set: says that the clock is wrong', () => {
    const failure = new Failure('config', 'TLS_SERVER_NOT_YET_VALID', 'https://sign.example.com: not valid yet.');
    const anchors = [new X509Certificate(pki.root.cert)];
    const now = new Date('2020-01-01T00:00:00Z');
    const explained = explainServer(failure, [new X509Certificate(pki.server.cert)], {
      server: new URL('https://x'),
      anchors,
      now,
    });
    expect(explained.message).toMatch(/clock says 2020-01-01T00:00:00.000Z, which is before this action was released/);
    expect(explained.hint).toMatch(/clock.*wrong/);
  });
});

describe('a server that does not speak as it should', () => {
  const at = (port: number): Record<string, string> => ({
    ...inputsFor(sound),
    'server-url': `https://127.0.0.1:${port}`,
  });

  test('that speaks TLS 1.1 only is told from one without TLS', { tags: ['fault-10'] }, async () => {
    const { cert, key } = pki.server;
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const run = await withServer(createTlsServer({ cert, key, ...old }), (port) => runPreflight(at(port)));
    expectOneFailure(run, 'TLS_VERSION', /^TLS version and cipher: .*no TLS version from 1\.2 on/);
  });

  test('that speaks plain HTTP gets the error that the port does not speak TLS', { tags: ['fault-11'] }, async () => {
    const run = await withServer(createHttpServer(), (port) => runPreflight(at(port)));
    expectOneFailure(run, 'TLS_NOT_SPOKEN', /^TLS version and cipher: .*does not speak TLS/);
    expect(finding(run, 'TCP')).toContain('ok: ');
  });

  test('no cipher suite in common', async () => {
    const { cert, key } = pki.server;
    const odd = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-CCM8@SECLEVEL=0' } as const;
    const run = await withServer(createTlsServer({ cert, key, ...odd }), (port) => runPreflight(at(port)));
    expectOneFailure(run, 'TLS_HANDSHAKE_REFUSED', /before it asked for a client certificate/);
  });

  test('connections that are closed at once', async () => {
    const run = await withServer(
      createTcpServer((socket) => socket.destroy()),
      (port) => runPreflight(at(port)),
    );
    expectOneFailure(run, 'CONNECTION_LOST', /^TLS version and cipher: /);
  });

  test('that never asks for a client certificate: a warning', async () => {
    const { cert, key } = pki.server;
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{"signData":"QUJD"}'));
    });
    const run = await withServer(server, (port) => runPreflight({ ...at(port), 'verify-key': '' }));
    expect(run.green).toBe(true);
    expect(troubles(run)).toEqual([expect.stringMatching(/^client certificate asked for: the server did not ask/)]);
  });

  test('that closes every resumed session: a warning', async () => {
    const front = await startFront(({ resumes }) => (resumes ? { bytes: alertBytes(80) } : { to: sound.port }));
    const run = await runPreflight({ ...inputsFor(sound), 'server-url': front.url });
    expect(run.green).toBe(true);
    expect(troubles(run)).toEqual([expect.stringMatching(/^session resumption: the server breaks off .*session id/)]);
  });

  test('a port on which nothing listens', async () => {
    expectOneFailure(await runPreflight(at(1)), 'CONNECT_REFUSED', /^TCP: .*refused/);
  });

  test('a host name that does not exist', async () => {
    const run = await runPreflight({ ...inputsFor(sound), 'server-url': 'https://no-such-host.invalid' });
    expectOneFailure(run, 'DNS_NOT_FOUND', /^host name: .*does not exist/);
  });
});

describe('an environment that weakens TLS', () => {
  test('is named, and changes nothing', async () => {
    const run = await runPreflight(inputsFor(sound), {
      facts: { suspiciousVariables: ['NODE_TLS_REJECT_UNAUTHORIZED'] },
    });
    expect(run.green).toBe(true);
    expect(troubles(run)).toEqual([expect.stringMatching(/^environment: .*NODE_TLS_REJECT_UNAUTHORIZED/)]);
  });
});
