import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueCertificate } from '../../src/rehearsal/certificate.ts';
import { createPki, type Pki as ServicePki } from '../../src/rehearsal/pki.ts';
import { CLIENT, makePki } from '../identity/pki.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { expectOneFailure, finding, troubles } from './expectations.ts';
import { inputsFor, type Preflight, runPreflight } from './in-process.ts';

const DAY_MS = 24 * 3600 * 1000;

let service: Service;
const pki = makePki();
let inputs: Record<string, string>;

beforeAll(async () => {
  service = await startService();
  inputs = inputsFor(service);
  pki.issue('small', { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'], extensions: CLIENT });
  pki.issue('sha1', { digest: 'sha1', extensions: CLIENT });
  pki.openssl('pkcs8', '-topk8', '-in', 'client.key', '-out', 'sealed.key', '-passout', 'pass:right one');
});
afterAll(async () => {
  await service.close();
});

const withInputs = (change: Readonly<Record<string, string>>): Promise<Preflight> =>
  runPreflight({ ...inputs, ...change });
const dated = async (from: number, to: number): Promise<Record<string, string>> => {
  const [notBefore, notAfter] = [new Date(Date.now() + from), new Date(Date.now() + to)];
  const client = await issueCertificate(service.pki.root, {
    commonName: 'dated',
    usages: ['client'],
    notBefore,
    notAfter,
  });
  return { cert: client.cert, key: client.key };
};

/** A broken identity must not keep the server from being looked at. */
function expectServerChecked(run: Preflight): void {
  expect(finding(run, 'server trust')).toContain('ok: ');
  expect(finding(run, 'canary request')).toContain('not checked: the client identity cannot be used');
}

describe('certificates and keys that cannot be used', () => {
  const cases: Readonly<Record<string, readonly [() => Record<string, string>, string, RegExp]>> = {
    'no certificate': [() => ({ cert: '' }), 'CREDENTIALS_MISSING', /^inputs: .*Input cert is empty\./],
    'no key': [() => ({ key: '' }), 'CREDENTIALS_MISSING', /^inputs: .*Input key is empty\. Other credentials arrived/],
    'a key of another certificate': [
      () => ({ key: pki.text('client.key') }),
      'IDENTITY_KEY_MISMATCH',
      /^key matches cert: .*SPKI.* [0-9a-f]{64} for the key and [0-9a-f]{64} for the certificate/,
    ],
    'an encrypted key without passphrase': [
      () => ({ key: pki.text('sealed.key') }),
      'IDENTITY_PASSPHRASE_MISSING',
      /^key: .*key-passphrase/,
    ],
    'an encrypted key with a wrong passphrase': [
      () => ({ key: pki.text('sealed.key'), 'key-passphrase': 'wrong one' }),
      'IDENTITY_PASSPHRASE_WRONG',
      /^key: .*key-passphrase/,
    ],
    'a small RSA key': [
      () => ({ cert: pki.text('small.pem'), key: pki.text('small.key') }),
      'IDENTITY_KEY_TOO_SMALL',
      /^cert: .*1024 bits.*2048/,
    ],
    'a SHA-1 certificate': [
      () => ({ cert: pki.text('sha1.pem'), key: pki.text('sha1.key') }),
      'IDENTITY_WEAK_SIGNATURE',
      /^cert: .*SHA-1/,
    ],
    'a certificate that is cut off': [
      () => ({ cert: service.credentials.cert.slice(0, 400) }),
      'IDENTITY_BLOCK_BROKEN',
      /^cert: .*block 1/,
    ],
    'a key that is cut off': [
      () => ({ key: service.credentials.key.slice(0, 100) }),
      'IDENTITY_BLOCK_BROKEN',
      /^key: .*block 1/,
    ],
    'a certificate request': [() => ({ cert: pki.text('client.csr') }), 'IDENTITY_WRONG_KIND', /^cert: .*block 1/],
    'a public key for the private one': [
      () => ({ key: service.credentials.verifyKeyPem }),
      'IDENTITY_WRONG_KIND',
      /^key: .*block 1/,
    ],
    nonsense: [() => ({ key: 'hello' }), 'IDENTITY_UNREADABLE', /^key: /],
  };

  test.each(Object.keys(cases))('%s', { tags: ['fault-14', 'fault-15', 'fault-20', 'fault-25'] }, async (name) => {
    const [change, code, pattern] = cases[name] ?? [];
    const run = await withInputs(change?.() ?? {});
    expectOneFailure(run, code ?? '', pattern ?? /^$/);
    expectServerChecked(run);
    expect(run.outputs['request-count']).toBe('0');
  });

  test('an expired certificate, with its date and our clock', { tags: ['fault-19'] }, async () => {
    const run = await withInputs(await dated(-3 * DAY_MS, -DAY_MS));
    expectOneFailure(run, 'IDENTITY_EXPIRED', /^validity: .*CN=dated expired at \d{4}-.*clock says \d{4}-/);
    expectServerChecked(run);
    expect(run.outputs['cert-expires']).toMatch(/^\d{4}-/);
  });

  test('a certificate that is not valid before tomorrow', async () => {
    const run = await withInputs(await dated(DAY_MS, 3 * DAY_MS));
    expectOneFailure(run, 'IDENTITY_NOT_YET_VALID', /^validity: .*not valid before/);
  });
});

describe('chain', () => {
  test('when it is empty, leaves the server unverified and says so', async () => {
    const run = await withInputs({ chain: '' });
    expectOneFailure(run, 'CREDENTIALS_MISSING', /^inputs: .*Input chain is empty\./);
    expect(finding(run, 'server trust')).toContain('not checked: chain holds no certificate');
    expect(finding(run, 'server certificate')).toContain('CN=rehearsal-service');
  });

  test('may not hold a second block that is broken, which Node would pass over', { tags: ['fault-26'] }, async () => {
    const broken = service.credentials.chain.replace(/M/, '!');
    const run = await withInputs({ chain: service.credentials.chain + broken });
    expectOneFailure(run, 'IDENTITY_BLOCK_BROKEN', /^chain: .*block 2/);
  });
});

describe('a certificate that is still valid', () => {
  test('a certificate that expires soon is a warning, and the run is green', { tags: ['fault-19'] }, async () => {
    const run = await withInputs({ ...(await dated(-DAY_MS, 10 * DAY_MS)), 'cert-expiry-warning-days': '30' });
    expect(run.green).toBe(true);
    expect(troubles(run)).toEqual([expect.stringMatching(/^validity: .*expires in 9 days/)]);
    expect(run.annotations).toEqual([expect.objectContaining({ level: 'warning' })]);
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a certificate that the server refuses, over %s', (version) => {
  let strict: Service;
  let chained: ServicePki;

  beforeAll(async () => {
    chained = await createPki({ intermediate: true });
    const tls = { minVersion: version, maxVersion: version, clientAuthority: chained.root.cert } as const;
    strict = await startService({ pki: chained, tls });
  });
  afterAll(() => strict.close());

  test('is named with subject, issuer and end', async () => {
    const run = await runPreflight({ ...inputsFor(strict), cert: inputs['cert'] ?? '', key: inputs['key'] ?? '' });
    expectOneFailure(
      run,
      'TLS_CLIENT_REJECTED',
      /^client certificate accepted: .*after our client certificate, without an alert that says why: it probably rejects that certificate \(CN=rehearsal-client, issuer=CN=Rehearsal Root CA, notAfter=\d{4}/,
    );
    expect(finding(run, 'server trust')).toContain('ok: ');
    expect(finding(run, 'client certificate asked for')).toContain('ok: ');
    expect(finding(run, 'client certificate sent')).toContain('ok: ');
    expect(strict.counters.requests).toBe(0);
  });

  test('gets the hint that its intermediate is missing', { tags: ['fault-27'] }, async () => {
    const [leaf = ''] = chained.client.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const run = await runPreflight({ ...inputsFor(strict), cert: leaf });
    expectOneFailure(
      run,
      'TLS_CLIENT_REJECTED',
      /has 1 certificate; issuer CN=Rehearsal Intermediate CA is not included/,
    );
    expect(finding(run, 'client chain')).toContain('warning: ');
  });

  test('because it is meant for servers', async () => {
    const server = await issueCertificate(chained.root, { commonName: 'a-server', usages: ['server'] });
    const run = await runPreflight({ ...inputsFor(strict), cert: server.cert, key: server.key });
    expectOneFailure(run, 'TLS_CLIENT_REJECTED', /CN=a-server/);
    expect(finding(run, 'client use')).toMatch(/^warning: .*not issued for client authentication/);
  });
});
