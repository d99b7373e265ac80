import { createServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import { explainRefusal } from '../../src/connection/diagnosis/own-certificate.ts';
import { createTlsContext } from '../../src/connection/route.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { inspectIdentity, missingIssuerHint, refusalHint } from '../../src/identity/identity.ts';
import type { IdentityText } from '../../src/identity/text/inputs.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { listenInTest } from '../helpers/listen.ts';
import { CA, CLIENT, makePki, OPTIONS, problemExpecter, readIdentity, soundText } from './pki.ts';

const pki = makePki();
const sound = soundText(pki);
const expectProblem = problemExpecter(sound);

const DAY_MS = 24 * 60 * 60 * 1000;

describe('dates and uses', () => {
  const at = (days: number) => ({ ...OPTIONS, now: new Date(Date.now() + days * DAY_MS) });
  const warningsAt = (days: number, change: Partial<IdentityText> = {}) =>
    inspectIdentity({ ...sound, ...change }, at(days)).warnings.join('\n');

  it('expired, with the date and our clock', () => {
    const clock = at(200).now.toISOString().slice(0, 13);
    const sentence = `IDENTITY_EXPIRED: .*CN=client expired at \\d{4}-.*Z; this machine's clock says ${clock}.*Renew`;
    expectProblem({}, new RegExp(sentence), at(200));
  });

  it('the error for a certificate that is not yet valid gives the clock of the machine', () => {
    expectProblem({}, /IDENTITY_NOT_YET_VALID: .*is not valid before .*; this machine's clock says/, at(-5));
  });

  it('a certificate that expires within the given number of days is a warning', () => {
    expect(warningsAt(60)).toBe('');
    expect(warningsAt(75)).toMatch(/the client certificate CN=client expires in 24 days, at \d{4}-/);
    expect(inspectIdentity(sound, { ...at(99.5), expiryWarningDays: 0 }).warnings).toEqual([]);
    expect(warningsAt(99.5)).toContain('less than a day');
  });

  it('expired anchors and intermediates are warnings', () => {
    pki.issue('long', { issuer: 'intermediate', extensions: CLIENT, days: 4000 });
    const long = { cert: pki.text('long.pem') + pki.text('intermediate.pem'), key: pki.text('long.key') };
    const warnings = warningsAt(200, long);
    expect(warnings).toMatch(/input cert, block 2 \(CERTIFICATE\): CN=intermediate expired/);
    expect(warnings).toMatch(/input chain, block 1 \(CERTIFICATE\): CN=server-root expired/);
  });

  it('a certificate for servers only is a warning', () => {
    pki.issue('web', { issuer: 'root', extensions: 'extendedKeyUsage=serverAuth\n' });
    const web = { cert: pki.text('web.pem'), key: pki.text('web.key') };
    expect(warningsAt(1, web)).toMatch(/not issued for client authentication/);
    expect(warningsAt(1)).toBe('');
  });
});

describe('a missing intermediate', () => {
  const hint = (change: Partial<IdentityText>) => missingIssuerHint(readIdentity({ ...sound, ...change }, OPTIONS));
  it('is named, unless it is there or a known root issued the certificate', () => {
    expect(hint({ cert: pki.text('client.pem') })).toMatch(/has 1 certificate; issuer CN=intermediate is not included/);
    expect(hint({})).toBeUndefined();
    pki.issue('direct', { issuer: 'root', extensions: CA });
    const direct = { cert: pki.text('direct.pem'), key: pki.text('direct.key') };
    expect(hint({ ...direct, chain: pki.text('root.pem') })).toBeUndefined();
    expect(hint(direct)).toContain('issuer CN=root');
  });
});

describe('a curve that few servers offer', () => {
  it('is named where a server refuses the certificate, beside a missing issuer', () => {
    pki.issue('rare', {
      issuer: 'root',
      extensions: CA,
      key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'],
    });
    const rare = { cert: pki.text('rare.pem'), key: pki.text('rare.key') };
    const hint = (change: Partial<IdentityText>) => refusalHint(readIdentity({ ...sound, ...change }, OPTIONS));
    expect(hint(rare)).toMatch(/issuer CN=root is not included\..*has a key on brainpoolP256r1: most servers/);
    expect(hint({})).toBeUndefined();
  });
});

describe('a refusal by a server', () => {
  const server = new URL('https://sign.example.com');
  const identity = readIdentity(sound, OPTIONS);
  const own = { identity, server, taken: [], now: OPTIONS.now };
  const refused = (alert: string) =>
    new Failure('config', 'TLS_CLIENT_REJECTED', `Refused (alert ${alert}).`, { hint: 'Ask its operators.' });

  it('names the certificate, and a server without its kind of key as the only cause', async () => {
    pki.issue('rsa-root', { extensions: CA, key: ['-algorithm', 'RSA'] });
    const names = 'subjectAltName=IP:127.0.0.1\n';
    pki.issue('rsa-server', { issuer: 'rsa-root', extensions: names, key: ['-algorithm', 'RSA'] });
    const options = {
      cert: pki.text('rsa-server.pem'),
      key: pki.text('rsa-server.key'),
      requestCert: true,
      rejectUnauthorized: false,
      sigalgs: 'RSA-PSS+SHA256',
    };
    const port = await listenInTest(createServer(options, (_, response) => void response.writeHead(400).end()));
    const { certificatesPem: cert, keyPem: key } = identity;
    const secureContext = createTlsContext({ cert, key, ca: [pki.text('rsa-root.pem')] });
    let taken: readonly string[] = [];
    const onServer = (_: unknown, algorithms: readonly string[]): void => {
      taken = algorithms;
    };
    const route = { server: new URL(`https://127.0.0.1:${port}`), secureContext, timeoutMs: 5000 };
    const transport = openTransport(route, { onServer });
    const body = new Uint8Array();
    await transport.post({ method: 'GET', path: '/', headers: [], body }, new AbortController().signal);
    transport.close();
    const { message, hint } = explainRefusal(refused('certificate required'), { ...own, taken });
    expect(message).toMatch(/^Refused \(alert certificate required\) \(CN=client, issuer=CN=intermediate, notAfter=/);
    expect(hint).toMatch(/^The server takes client certificates with RSA keys only, .* has an EC key: [^.]*not sent\./);
    expect(hint).not.toContain('Ask its operators.');
    const forbidden = new Failure('request', 'FORBIDDEN', 'The service answered 403.', { hint: 'Check app-key.' });
    expect(explainRefusal(forbidden, { ...own, taken }).hint).toMatch(/^The server takes .*\. Check app-key\.$/);
    expect(explainRefusal(forbidden, { ...own, taken: [...taken, 'ECDSA+SHA256'] }).hint).toBe('Check app-key.');
  });

  it('as expired says so as a fact only if the certificate has expired by the clock of this machine', () => {
    const later = new Date(OPTIONS.now.getTime() + 200 * DAY_MS);
    const expired = refused('certificate expired');
    expect(explainRefusal(expired, own).hint).toBe('Ask its operators.');
    expect(explainRefusal(expired, { ...own, now: later }).hint).toBe(
      'Store a new certificate in cert, and its key in key.',
    );
    expect(explainRefusal(refused('unknown ca'), { ...own, now: later }).hint).toBe('Ask its operators.');
  });

  it('asks about environments only if server-url does not hold the word of the certificate', () => {
    pki.issue('of-tests', { subject: '/CN=pipeline test', issuer: 'root', extensions: CLIENT });
    const text = { ...sound, cert: pki.text('of-tests.pem'), key: pki.text('of-tests.key') };
    const ofTests = { ...own, identity: readIdentity(text, OPTIONS) };
    const isAsked = (url: string) =>
      explainRefusal(refused('unknown ca'), { ...ofTests, server: new URL(url) }).hint?.includes('same environment');
    const urls = ['https://sign.example.com', 'https://sign.example.com/test', 'https://testsign.example.com'];
    expect(urls.map(isAsked)).toEqual([true, false, false]);
  });
});

describe('facts', () => {
  it('are those of the leaf', () => {
    const { certificate } = readIdentity(sound, OPTIONS);
    pki.openssl('x509', '-in', 'client.pem', '-noout', '-fingerprint', '-sha256', '-out', 'print');
    expect(certificate).toMatchObject({ subject: 'CN=client', issuer: 'CN=intermediate' });
    expect(certificate.notAfter).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    const print = pki.text('print').trim().split('=')[1];
    expect(certificate.sha256).toBe(print?.replaceAll(':', '').toLowerCase());
  });
});
