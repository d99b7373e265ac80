import { describe, expect, test } from 'vitest';
import type { WireResponse } from '../../src/connection/exchange.ts';
import { cutOnly } from '../../src/protocols/answers/scrub.ts';
import { statusFailure } from '../../src/protocols/answers/status.ts';

const FACTS = { size: 1234, scrub: cutOnly, credentials: 'app-key and app-secret' };
const ASKED = { 'retry-after-ms': '700' };

function answer(status: number, body = '', headers: WireResponse['headers'] = {}): WireResponse {
  return { status, headers, body: Buffer.from(body) };
}

/** What the log shows of an answer. */
const sentence = (response: WireResponse): string => statusFailure(response, FACTS).message;

describe('a redirect', () => {
  const redirect = (location?: string): string => sentence(answer(300, '', location === undefined ? {} : { location }));

  test('is one from 300 on, and shows where to when that is an address', () => {
    expect(redirect('https://login.example:8443/sso?ticket=secret')).toBe(
      'The service answered 300, a redirect to https://login.example:8443, which is never followed.',
    );
    const nowhere = 'The service answered 300, a redirect, which is never followed.';
    expect([redirect(), redirect('/login?token=1')]).toEqual([nowhere, nowhere]);
  });

  test('to the same path with a slash at its end advises to correct the path, and names no login page', () => {
    const hintTo = (location: string) =>
      statusFailure({ ...answer(308, '', { location }), request: 'POST https://sign.example.com/api/sign' }, FACTS)
        .hint;
    expect(hintTo('/api/sign/')).toMatch(
      /Put the final address into server-url and sign-path, with the path in that form\.$/,
    );
    expect(hintTo('/other')).toMatch(
      /Put the final address into server-url and sign-path, unless it is that of a login page/,
    );
    for (const same of ['/api/sign', 'https://sign.example.com/api/sign'])
      expect(hintTo(same)).toMatch(/^The request was POST .*\. A gateway ends TLS, .* X-Forwarded-Proto\.$/);
  });

  test.each([
    ['https://sign.example.com/api/sign/', 'to https://sign.example.com with the same path and a slash at its end'],
    ['/api/sign/?token=1', 'to https://sign.example.com with the same path and a slash at its end'],
    ['https://www.example.com/api/sign', 'to https://www.example.com with the same path'],
    ['/login/token', 'to https://sign.example.com with another path'],
    ['/api/sign', 'to the same address'],
  ])('to %s says what its path has in common with the request, and shows no path', (location, told) => {
    const response = { ...answer(308, '', { location }), request: 'POST https://sign.example.com/api/sign' };
    expect(sentence(response)).toBe(`The service answered 308, a redirect ${told}, which is never followed.`);
  });

  test('to a host with an endless name is shown in short', () => {
    expect(redirect(`https://${'a'.repeat(400)}.example`)).toContain(`to https://${'a'.repeat(192)}, which`);
  });
});

test('405 tells the methods that the service allows, unless they are no methods', () => {
  expect(sentence(answer(405, '', { allow: 'GET, HEAD' }))).toBe(
    'The service answered 405 (it allows GET, HEAD there).',
  );
  for (const allow of ['see https://token', 'GET, CORRECTHORSE', ''])
    expect(sentence(answer(405, '', { allow }))).toBe('The service answered 405.');
});

test('the hint for 405 to a message of the input request names the method to write', () => {
  const hintOf = (written?: string) =>
    statusFailure(
      { ...answer(405, '', { allow: 'POST, OPTIONS' }), request: 'PUT https://sign.example.com/v2' },
      { ...FACTS, written, address: 'server-url and the input request' },
    ).hint;
  expect(hintOf('the input request')).toMatch(
    /^The request was PUT .*\. Write POST as the method into the input request;/,
  );
  expect(hintOf()).toMatch(/does not take this method/);
});

test.each([
  ['nw-staging-07', 'sign.example.com', true],
  ['nw-prod-1', 'sign-dev.example.com', true],
  ['nw-prod-1', 'sign.example.com', false],
  ['nw-release-1', 'sign-dev.example.com', false],
  ['nw-staging-07', 'stage.sign.example.com', false],
  ['latest-staged', 'sign.example.com', false],
  ['nw-test', 'sign.example.test', false],
  ['nw-test', 'signtest01.example.com', false],
  ['nw-test', 'sign.example.dev', true],
  ['constructor', 'sign.example.com', false],
])('app-key %s at %s: another environment: %s', (account, host, isOther) => {
  const request = `POST https://${host}/sign`;
  const { hint } = statusFailure({ ...answer(401, ''), request }, { ...FACTS, account });
  expect(hint?.includes('different environments')).toBe(isOther);
});

test('the error for an address that is gone says so', () => {
  const response = { ...answer(410), request: 'POST https://sign.example.com/old' };
  expect(statusFailure(response, FACTS).hint).toBe(
    'The request was POST https://sign.example.com/old. Check server-url and sign-path: nothing is at this address any more. Ask the operators for the new one.',
  );
});

test('the error for a server of another host says so', () => {
  expect(statusFailure(answer(421), FACTS).hint).toMatch(
    /^The host name in server-url leads to a server that is not set up/,
  );
});

test('a check that only browsers pass is the one thing that is told of a page with it', () => {
  const headers = { 'content-type': 'text/html', 'cf-mitigated': 'challenge' };
  const { hint, facts } = statusFailure(answer(403, '<title>Just a moment...</title>', headers), FACTS);
  expect(hint).toMatch(/Cloudflare, in front of this server, demands a check that only browsers pass: [^.]+\.$/);
  expect(facts.mayConcernCertificate).toBe(false);
});

test('a service of SOAP is told as such, whatever its status', () => {
  const fault =
    '<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>';
  for (const status of [404, 418, 500])
    expect(statusFailure(answer(status, fault, { 'content-type': 'text/xml' }), FACTS).hint).toContain(
      'A service of SOAP answered. Check server-url and sign-path',
    );
});

test('another status from 400 on shows the request too', () => {
  const response = { ...answer(418), request: 'POST https://sign.example.com/old' };
  expect(statusFailure(response, FACTS).hint).toBe(
    'The request was POST https://sign.example.com/old. Show this answer to the operators of the service, and to those of a gateway in front of it, which may change requests on the way.',
  );
});

describe('400', { tags: ['fault-18'] }, () => {
  test.each([
    ['No required SSL certificate was sent', 'got no client certificate', /^A proxy .* may have taken the certificate/],
    [
      'The SSL certificate error',
      'refused our client certificate: it could not verify our client certificate',
      /^Check that cert is the certificate/,
    ],
  ])('from nginx is explained: %s', (title, why, advice) => {
    const failure = statusFailure(answer(400, `<html><title>400 ${title}</title>`), FACTS);
    expect(failure.message).toBe(`The server ${why} (400 “${title}”).`);
    expect(failure.hint).toMatch(advice);
  });

  test('from nginx behind a proxy that opens TLS names that proxy', () => {
    const page = answer(400, '<html><title>400 No required SSL certificate was sent</title>');
    const { message, hint } = statusFailure(page, { ...FACTS, asksForCertificate: false });
    expect(message).toMatch(/\(400 “No required .*”\), and the server that ends TLS did not ask for one\.$/);
    expect(hint).toMatch(/^A proxy or gateway that opens TLS on the way does not ask for the client certificate/);
  });

  test.each([
    [402, '{"message":"tenant 7 must pay"}', /^Whoever holds the contract with the service/],
    [422, '{"message":"Key release is disabled"}', /^Ask the operators of the service why this happened/],
    [409, '{"message":"subscription ended"}', /^Whoever holds the contract with the service/],
    [409, '{"message":"signed before"}', /^Compare the input request with what the service expects/],
  ])('%i with %s: who can mend it stands before the form of the request', (status, body, advice) => {
    expect(statusFailure(answer(status, body), { ...FACTS, written: 'the input request' }).hint).toMatch(advice);
  });

  test.each(['ThrottlingException', 'SlowDown', 'TooManyRequests', 'Throttling'])(
    'with %s backs off from a longer base, and for as long as asked',
    (code) => {
      const failure = statusFailure(answer(400, JSON.stringify({ code, message: 'later' }), ASKED), FACTS);
      expect([failure.kind, failure.code]).toEqual(['service', 'THROTTLED']);
      expect(failure.message).toBe(`The service answered 400: “${code}: later”.`);
      expect(failure.facts).toMatchObject({ throttled: true, retryAfterMs: 700 });
      expect(failure.hint).toMatch(/lower concurrency/);
    },
  );

  test('with such a word only somewhere in its text is an ordinary 400', () => {
    const failure = statusFailure(answer(400, '{"message":"No Throttling here"}', ASKED), FACTS);
    expect([failure.kind, failure.code]).toEqual(['file', 'REQUEST_REFUSED']);
    expect(failure.facts).toMatchObject({ endsRun: 'first-four-files', retryAfterMs: 700 });
    expect(failure.hint).toMatch(/operators of the service/);
  });
});

test('304 is no redirect, and 407 of the server itself does not blame the proxy of https_proxy', () => {
  const notModified = statusFailure(answer(304), FACTS);
  expect([notModified.code, notModified.message]).toEqual(['STATUS_UNEXPECTED', 'The service answered 304.']);
  expect(statusFailure(answer(407), FACTS).hint).toMatch(
    /^The proxy of https_proxy is not the cause: .* Check server-url and sign-path: they may lead to a proxy/,
  );
});

test('a 413 with Retry-After is an outage; a 404 asks for no pause', () => {
  const { kind, facts } = statusFailure(answer(404, '', ASKED), FACTS);
  expect([kind, facts.maxAttempts, facts.retryAfterMs]).toEqual(['request', 6, undefined]);
  expect(statusFailure(answer(413, '', ASKED), FACTS).kind).toBe('service');
  expect(statusFailure(answer(413), FACTS).kind).toBe('file');
});

describe('401 and 403', () => {
  const hint = (response: WireResponse, asksForCertificate?: boolean): string =>
    statusFailure(response, { ...FACTS, asksForCertificate }).hint ?? '';

  test('name the certificate first when the server did not ask for one', () => {
    const failure = statusFailure(answer(403, '{"message":"Forbidden"}'), { ...FACTS, asksForCertificate: false });
    expect(failure.message).toBe(
      'The service answered 403 without having asked for a client certificate: “Forbidden”.',
    );
    expect(failure.hint).toMatch(/^Check that server-url leads to .* certificate; .*Check app-key and app-secret\.$/);
  });

  test.each([true, undefined])('name the credentials when the server asked for one, or may have: %s', (asks) => {
    expect(hint(answer(401), asks)).toBe('Check app-key and app-secret.');
    expect(statusFailure(answer(401), { ...FACTS, asksForCertificate: asks }).message).toBe(
      'The service answered 401.',
    );
  });

  test('from Apache, which asks too late under TLS 1.3, say what its operators must change', () => {
    const page = '<title>403 Forbidden</title><p>Reason: Cannot perform Post-Handshake Authentication.</p>';
    expect(hint(answer(403, page), false)).toMatch(
      /^The server asks for the certificate only after .*SSLVerifyClient outside of Location\)\.$/,
    );
  });

  test('about a certificate that the server did not ask for advise its operators to ask for one, and not the user to take another', () => {
    const page = '<html><title>403 Client certificate required</title></html>';
    expect(hint(answer(403, page), false)).toMatch(/its operators must turn that on/);
    expect(hint(answer(403, page), true)).toMatch(/^A rule of that server/);
    for (const message of ['Forbidden: X.509 client certificate required', 'MTLS_REQUIRED: no certificate presented']) {
      const body = JSON.stringify({ message });
      expect(hint(answer(403, body), false)).toMatch(
        /^Check that server-url leads to .*If server-url is right, .* does not ask for a client certificate: its operators must turn that on/,
      );
      expect(hint(answer(403, body), false)).not.toContain('accept this client certificate');
      expect(hint(answer(403, body), true)).toContain('accept this client certificate');
    }
  });

  test.each([
    [7, /^403\.7: IIS demands .* in the handshake/],
    [12, /^403\.12: .* no Windows account/],
    [13, /^403\.13: .* revoked, or cannot reach the revocation list/],
    [16, /^403\.16: IIS does not trust the issuer .* trusted roots.* missing in cert/],
    [17, /^403\.17: By the clock of IIS/],
  ])('from IIS with sub-status %i say what it means', (detail, advice) => {
    const page = `<title>IIS 10.0 Detailed Error - 403.${detail} - Forbidden</title><h3>HTTP Error 403.${detail}</h3>`;
    const failure = statusFailure(answer(403, page), { ...FACTS, asksForCertificate: true });
    expect(failure.hint).toMatch(advice);
    expect(failure.hint).not.toContain('A rule of that server');
    expect(failure.facts.mayConcernCertificate).toBe(true);
    const other = page.replaceAll(`403.${detail}`, `403.${detail}8`);
    expect(hint(answer(403, other), true)).toMatch(/^A rule of that server/);
  });

  test.each([
    ['<html><head><title>403 Forbidden</title></head></html>', {}, ' titled “403 Forbidden”'],
    ['<HTML><BODY>Access denied</BODY></HTML>', {}, ' that says “Access denied”'],
    ['<!-- WAF --><p>No.</p>', { 'content-type': 'text/html' }, ' that says “No”'],
  ])('as a page of a web server do not accuse the credentials: %s', (page, headers, titled) => {
    const failure = statusFailure(answer(403, page, headers), { ...FACTS, asksForCertificate: true });
    expect(failure.message).toBe(
      `A web server or gateway answered 403 with its own page${titled}, which is not an answer of the signing API.`,
    );
    expect(failure.hint).toMatch(
      /^A rule of that server forbids the request for its path, size .* requests, the client certificate, or because no/,
    );
    expect(failure.hint).not.toContain('app-key');
    expect(failure.facts.mayConcernCertificate).toBe(true);
    expect(statusFailure(answer(401, page, headers), FACTS).hint).toMatch(/^That server demands a login of its own/);
  });

  test.each([
    ['{"message":"<title>no</title>"}', { 'content-type': 'text/html' }],
    ['<Error><Code>AccessDenied</Code></Error>', { 'content-type': 'application/xml' }],
    ['<problem><title>no right</title></problem>', { 'content-type': 'application/problem+xml' }],
  ])('of an API are no page: %s', (body, headers) => {
    const failure = statusFailure(answer(403, body, headers), FACTS);
    expect(failure.message).toMatch(/^The service answered 403: “/);
    expect(failure.facts.mayConcernCertificate).toBe(false);
  });

  test('from AWS API Gateway name its trust store', () => {
    const headers = { 'x-amzn-errortype': 'ForbiddenException' };
    expect(hint(answer(403, '{"message":"Forbidden"}', headers), true)).toMatch(/trust store/);
    const unknown = { 'x-amzn-errortype': 'MissingAuthenticationTokenException' };
    expect(hint(answer(403, '{"message":"Missing Authentication Token"}', unknown), true)).toMatch(
      /to a path or method that it does not know.*check server-url and sign-path first/,
    );
  });
});

describe('a reason that an answer names is what the advice is about', () => {
  const refusal = (message: string, clock?: 'agrees' | 'differs' | 'unknown') =>
    statusFailure(answer(403, JSON.stringify({ message })), {
      ...FACTS,
      asksForCertificate: true,
      clock: clock && (() => clock),
    });

  test.each([
    ['daily quota of 20 signatures reached', /^Ask the operators .* raise this limit/],
    ['ALREADY_SIGNED: an object with this SHA-256 was signed', /^The service signs the same bytes only once/],
    ['APPROVAL_REQUIRED: awaits a second person', /^Have the release approved by those who may/],
    ['rate limit exceeded', /^Ask the operators .* raise this limit/],
    ['app key locked', /^Ask the operators .* put it right/],
    ['license expired', /^Whoever holds the contract with the service must renew/],
    ['client certificate was revoked on 2026-11-27 (keyCompromise)', /^Ask whoever issues the client certificate/],
    ['certificate of key nw-release has expired (2026-11-20)', /^This concerns a certificate of the signing key/],
    ['code signing certificate was revoked', /^This concerns a certificate of the signing key/],
    ['SigningCertificateNotYetValid', /^This concerns a certificate of the signing key/],
    ['key nw-release-01: certificate expired', /^This concerns a certificate of the signing key/],
    ['the certificate in HSM slot 3 is not yet valid', /^This concerns a certificate of the signing key/],
    ['CA of the signing key is not trusted', /^This concerns a certificate of the signing key/],
    ['certificate has expired', /^The client certificate was valid by its dates when this run began/],
    ['client certificate for signing key 7 is expired', /^The client certificate was valid by its dates/],
    ['this certificate chain belongs to no key in the key store', /^This concerns a certificate of the signing key/],
    ['the certificate of the signer key is blocked', /^This concerns a certificate of the signing key/],
    ["the signer's certificate is unknown", /^This concerns a certificate of the signing key/],
    ['the mTLS certificate and the signing key do not fit', /accept this client certificate/],
    ['expired is this client certificate', /^The client certificate was valid by its dates/],
    ['revoked is this client certificate', /^Ask whoever issues the client certificate/],
    ['client certificate: key compromise', /^Ask whoever issues the client certificate/],
    ['certificate for app key 7 was revoked', /^Ask whoever issues the client certificate/],
    ['certificate revoked because of key compromise', /^Ask whoever issues the client certificate/],
    ['CERT_KEY_USAGE: certificate with wrong key usage', /accept this client certificate/],
    ['certificate is not bound to app key 7', /accept this client certificate/],
    ['app key 7 has expired', /^Ask the operators .* put it right/],
    ['source address 10.20.30.40 is not allowed', /^Ask the operators .* allow this address/],
    ['CN_NOT_BOUND: certificate subject CN=x is not bound', /accept this client certificate/],
    ['CLIENT_NOT_ENROLLED: no client of this name', /accept this client certificate/],
    ['client is not permitted to sign', /give these credentials this right/],
    ['client_id 7 is not known', /^Check app-key and app-secret\. If all that is right, ask/],
    ['missing subscription key', /^Check app-key and app-secret\. If all that is right, ask/],
    ['the account has no right to sign', /give these credentials this right/],
    ['this is not the right secret', /^Check app-key and app-secret\. If all that is right, ask/],
    ['es-auth-appkey is not known', /^Check app-key and app-secret\. If all that is right, ask/],
    ['SIGN_MISMATCH: es-auth-sign does not fit this request', /something on the way changes the request/],
    ['department 7 is closed on Sundays', /^Ask the operators of the service about this reason\.$/],
  ])('%s', (reason, advice) => {
    const { message, hint } = refusal(reason, 'agrees');
    expect(message).toBe(`The service answered 403: “${reason}”.`);
    expect(hint).toMatch(advice);
    expect(hint).not.toMatch(/clock|have the right to sign here/);
    expect(refusal(reason).facts.refusal).toEqual({ isPage: false, advice: hint });
  });

  test.each(['Forbidden', 'ACCESS_DENIED', 'AccessDenied: Access Denied', 'authentication failed', 'error 403'])(
    'but “%s” names none',
    (words) => {
      const { hint, facts } = refusal(words, 'agrees');
      expect(hint).toBe(`${RIGHT} Check app-key and app-secret.`);
      expect(facts.refusal).toEqual({ isPage: false, advice: undefined });
      expect(refusal(words, 'unknown').hint).toBe(
        `${RIGHT} Check app-key and app-secret. Check the clock of the runner too.`,
      );
      expect(refusal(words, 'differs').hint).toMatch(/The clock of the runner and the Date of the answer differ/);
    },
  );
  const RIGHT = 'Ask the operators whether the client certificate and these credentials have the right to sign here.';

  test('the clock is named only for a reason that speaks of the time', () => {
    const hints = (['agrees', 'differs', 'unknown'] as const).map((clock) => refusal('timestamp expired', clock).hint);
    expect(hints).toEqual([
      expect.stringMatching(/agrees with the Date of the answer, so a clock behind the service is wrong/),
      expect.stringMatching(/^The clock of the runner and the Date of the answer differ/),
      'Check the clock of the runner; if it is right, ask the operators of the service about theirs.',
    ]);
    expect(refusal('timestamp expired').hint).toBe('Ask the operators of the service about this reason.');
  });
});

test.each([
  [502, '<html><title>502 Bad Gateway</title></html>', {}, ' with a page titled “502 Bad Gateway”'],
  [503, 'no healthy upstream', { server: 'envoy' }, ': “no healthy upstream”'],
  [504, '', { server: 'nginx/1.27' }, ''],
])('%i of a gateway is not called an answer of the service', (status, body, headers, said) => {
  const { message, hint } = statusFailure(answer(status, body, headers), FACTS);
  expect(message).toBe(`A gateway in front of the service answered ${status}${said}.`);
  expect(hint).toMatch(/signing service behind it.*: ask the operators of the service\.$/);
  expect(statusFailure(answer(status, '{"message":"busy"}', headers), FACTS).message).toBe(
    `The service answered ${status}: “busy”.`,
  );
});

test('an API that has nothing at a path is not called another service', () => {
  const ofApi = statusFailure(answer(404, '{"code":"PATH_UNKNOWN"}'), FACTS);
  expect(ofApi.hint).toMatch(/^Check the path in server-url and sign-path: an API answered/);
  expect(statusFailure(answer(404, '<title>404</title>'), FACTS).hint).toMatch(/this may not be the signing service/);
});

test('415 names the media type that was sent, and where the workflow sets it', () => {
  const asked = { ...FACTS, sentType: 'application/json' };
  expect(statusFailure(answer(415), { ...asked, written: 'the input request' }).hint).toBe(
    'The request was sent as Content-Type: application/json. Write the media type that the service wants into the input request, and the body in that form.',
  );
  expect(statusFailure(answer(415), asked).hint).toMatch(/as Content-Type: application\/json\. Show this answer/);
  expect(statusFailure(answer(406), { ...asked, written: 'the input request' }).hint).toMatch(/the header Accept/);
});

test('413 from a server that did not ask for a certificate names the buffer of Apache', () => {
  const hint = (asksForCertificate: boolean) => statusFailure(answer(413), { ...FACTS, asksForCertificate }).hint;
  expect(hint(false)).toMatch(/SSLRenegBufferSize\. Ask the operators of the service to raise its limit/);
  expect(hint(true)).toBe('Ask the operators of the service to raise its limit.');
});

test.each([400, 406, 418])('%i with a web page is no answer of the API, and shows the request', (status) => {
  const page = '<title>Request blocked</title><p>Your support ID is: 871364</p>';
  const response = { ...answer(status, page), request: 'POST https://sign.example.com/sign' };
  const { message, hint, facts } = statusFailure(response, FACTS);
  expect(message).toBe(
    `A web server or gateway answered ${status} with its own page titled “Request blocked” (support ID 871364), which is not an answer of the signing API.`,
  );
  expect(hint).toBe(
    'The request was POST https://sign.example.com/sign. A rule of that server forbids the request for its path, size or content, the address of this runner, the number of its requests, or because no browser sent it: ask its operators, and give them the support ID 871364.',
  );
  expect(facts.refusal).toEqual({ isPage: true, advice: undefined });
  const bare = statusFailure({ ...response, body: Buffer.from('<title>Bad Request (400)</title>') }, FACTS).hint;
  expect(bare?.includes('it may not serve this host name')).toBe(status === 400);
  expect(statusFailure(answer(status), FACTS).facts.refusal).toBeUndefined();
});

test.each([
  [
    'HSM_ERROR: CKR_MECHANISM_INVALID',
    /^The cause is the HSM or the signing key of the service, and a repeat will not/,
  ],
  ['The key rel-7 is disabled', /^The cause is the HSM or the signing key/],
  ['CKR_DEVICE_ERROR', /^The service, or a system that it depends on, is in trouble/],
])('500 with the reason %s', (message, advice) => {
  expect(statusFailure(answer(500, JSON.stringify({ message })), FACTS).hint).toMatch(advice);
});

test.each([
  'X-SSL-Client-Verify: FAILED:unable to verify the first certificate',
  'client_certificate_invalid: unable to get local issuer certificate',
  'x509: certificate signed by unknown authority',
  'self-signed certificate in certificate chain',
])('403 about a chain that was not verified asks for intermediates: %s', (message) => {
  expect(statusFailure(answer(403, JSON.stringify({ message })), { ...FACTS, asksForCertificate: true }).hint).toMatch(
    /^Put the intermediates of the client certificate after it into cert\. .* to trust the CA of the client certificate\.$/,
  );
});

test('413 with a web page names a gateway in front of the service', () => {
  const page = answer(413, '<html><title>413 Request Entity Too Large</title></html>');
  expect(statusFailure(page, FACTS).hint).toMatch(
    /^This page is probably that of a gateway .* and those of the service/,
  );
});

test.each([
  ['Negotiate', 'it demands a login by Negotiate'],
  ['Basic realm="Artifactory"', 'it demands a login by Basic for “Artifactory”'],
  ['Bearer error="invalid_token", error_description="expired"', 'it demands a login by Bearer, because “expired”'],
])('401 tells the login that %j demands: it may be that of another server', (challenge, says) => {
  const told = sentence(answer(401, '{"error":"no"}', { 'www-authenticate': challenge }));
  expect(told).toBe(`The service answered 401: “no” (${says}).`);
});

test.each([495, 496])('%i, with which nginx can answer instead of 400, is about the client certificate', (status) => {
  const failure = statusFailure(answer(status), FACTS);
  expect([failure.kind, failure.code]).toEqual(['config', 'TLS_CLIENT_REJECTED']);
  expect(failure.message).toContain(String(status));
  // After a success, it is one node of several that does not know the certificate.
  expect(failure.facts.endsRun).toBe('bad-node');
});

test('the words of the service are scrubbed before they are cut', () => {
  const body = JSON.stringify({ message: `${'x'.repeat(190)} top-secret-value` });
  const scrub = (text: string) => text.replaceAll('top-secret-value', '***');
  expect(statusFailure(answer(400, body), { ...FACTS, scrub }).message).toBe(
    `The service answered 400: “${'x'.repeat(190)} ***”.`,
  );
});

describe('a status alone', () => {
  test.each([
    [204, 'request', 'STATUS_UNEXPECTED', { maxAttempts: 3, endsRun: 'first-four-files' }],
    [405, 'request', 'METHOD_REFUSED', { maxAttempts: 6, endsRun: 'first-four-files' }],
    [410, 'file', 'REQUEST_REFUSED', { endsRun: 'first-four-files' }],
    [418, 'file', 'REQUEST_REFUSED', { endsRun: 'first-four-files' }],
    [421, 'file', 'REQUEST_REFUSED', { endsRun: 'first-four-files' }],
    [429, 'service', 'THROTTLED', { throttled: true }],
    [500, 'request', 'SERVER_ERROR', {}],
    [503, 'service', 'UNAVAILABLE', { throttled: true }],
    [504, 'service', 'GATEWAY_TIMEOUT', {}],
    [519, 'request', 'SERVER_ERROR', {}],
    [520, 'service', 'BAD_GATEWAY', {}],
    [522, 'service', 'GATEWAY_TIMEOUT', {}],
    [524, 'service', 'GATEWAY_TIMEOUT', {}],
    [529, 'service', 'UNAVAILABLE', { throttled: true }],
    [530, 'service', 'BAD_GATEWAY', {}],
    [531, 'request', 'SERVER_ERROR', {}],
  ])('%i: kind %s, code %s', (status, kind, code, facts) => {
    const failure = statusFailure(answer(status), FACTS);
    expect([failure.kind, failure.code]).toEqual([kind, code]);
    const { hint, retryAfterMs, ...others } = failure.facts;
    expect([hint, retryAfterMs, others]).toEqual([expect.stringMatching(/\.$/), undefined, facts]);
    expect(failure.message).toBe(`The service answered ${status}.`);
  });

  test.each([408, 429, 500, 503, 531])('%i says nothing about the address', (status) => {
    const response = { ...answer(status), request: 'POST https://sign.example.com/sign' };
    expect(statusFailure(response, FACTS).hint).not.toContain('The request was');
  });

  test.each([
    [502, 'It cannot reach the signing service behind it, or gets no usable answer from it'],
    [503, 'It has no signing service behind it that takes requests'],
    [504, 'The signing service behind it does not answer within the time limit of the gateway'],
    [520, 'It cannot reach the signing service behind it, or gets no usable answer from it'],
    [530, 'It cannot reach the signing service behind it, or gets no usable answer from it'],
  ])('%i of a gateway is explained', (status, why) => {
    const failure = statusFailure(answer(status, 'see{a}', { server: 'cloudflare' }), FACTS);
    expect(failure.message).toBe(`A gateway in front of the service answered ${status}: “see{a}”.`);
    expect(failure.hint).toBe(`${why}: ask the operators of the service.`);
  });

  test.each([
    [500, 'nginx'],
    [519, 'nginx'],
    [531, 'nginx'],
    [502, 'my-nginx'],
  ])('%i of a server that is called %s is an answer of the service', (status, server) => {
    expect(sentence(answer(status, '', { server }))).toBe(`The service answered ${status}.`);
  });
});

test('what an answer allows, and what it has at another path, is told for its status only', () => {
  expect(sentence(answer(404, '', { allow: 'GET' }))).toBe('The service answered 404.');
  for (const body of ['see {"code":1}', 'see{"code":1}'])
    expect(statusFailure(answer(404, body), FACTS).hint).toMatch(/this may not be the signing service/);
  expect(statusFailure(answer(410, '{"code":1}'), FACTS).hint).toMatch(/nothing is at this address any more/);
});

test.each(['<Envelope>', '<Envelope xmlns="x">', '<soap:Envelope xmlns:soap="x">'])('%s is SOAP', (body) => {
  expect(statusFailure(answer(500, body), FACTS).hint).toContain('A service of SOAP answered.');
});

test('the words of a gateway stay as they are where they are no page', () => {
  expect(sentence(answer(503, 'it is down, a page is kept', { server: 'envoy' }))).toBe(
    'A gateway in front of the service answered 503: “it is down, a page is kept”.',
  );
});

test('the input with the address, and that with the request, are named where a protocol has them', () => {
  const facts = { ...FACTS, address: 'server-url and request', written: 'the input request' };
  const hint = (status: number, more = facts) =>
    statusFailure({ ...answer(status), request: 'POST https://sign.example.com/sign' }, more).hint;
  expect(hint(300)).toMatch(/ Put the final address into server-url and request, unless /);
  expect(hint(404)).toMatch(/ Check server-url and request: /);
  expect(hint(400)).toBe(
    'The request was POST https://sign.example.com/sign. Compare the input request with what the service expects: path, headers, members of the body, encoding of the digest. Show this answer to the operators of the service, and to those of a gateway in front of it, which may change requests on the way.',
  );
  expect(hint(422)).toMatch(/Compare the input request with what/);
  expect(hint(415)).toMatch(/Compare the input request with what/);
});

test('without such an input the operators are asked', () => {
  for (const status of [400, 406, 415])
    expect(statusFailure(answer(status), FACTS).hint).toBe(
      'Show this answer to the operators of the service, and to those of a gateway in front of it, which may change requests on the way.',
    );
});

test('a header that is missing was removed on the way, unless the author of the workflow writes the headers', () => {
  const hintOn = (message: string) => statusFailure(answer(400, JSON.stringify({ message })), FACTS).hint;
  for (const message of ['HEADER_MISSING', 'The header es-auth-nonce is missing', 'Absent: the header es-auth-nonce'])
    expect(hintOn(message)).toMatch(/^Every request has the headers of this protocol/);
  const missing = JSON.stringify({ code: 'HEADER_MISSING', message: 'The header es-auth-nonce is missing' });
  const written = { ...FACTS, written: 'the input request' };
  expect(statusFailure(answer(400, missing), written).hint).toMatch(/Compare the input request with what/);
});

test('the errors name a host that the web server does not know, and an answer that holds no signature yet', () => {
  const page = '<h2>Bad Request - Invalid Hostname</h2><p>HTTP Error 400. The request hostname is invalid.</p>';
  expect(statusFailure(answer(400, page), FACTS).hint).toMatch(/^The host name in server-url leads to a server that/);
  const { code, hint } = statusFailure(answer(202, '{"status":"PENDING"}'), FACTS);
  expect([code, hint]).toEqual([
    'STATUS_UNEXPECTED',
    expect.stringMatching(/^The service took the request and sent no/),
  ]);
});

test('a refused client certificate may be refused by one server of several only', () => {
  const { message, facts } = statusFailure(answer(496), FACTS);
  expect(message).toBe('The server refused our client certificate: it got none that it accepts (status 496).');
  expect(facts.isOfOneServer).toBe(true);
});

describe('words of a refusal that services choose differently', () => {
  const hint = (message: string, clock: 'agrees' | 'differ-among-servers' = 'agrees') =>
    statusFailure(answer(403, JSON.stringify({ message })), { ...FACTS, asksForCertificate: true, clock: () => clock })
      .hint;

  test.each([
    ['replay detected', /^The clock of the runner agrees/],
    ['nonce was replayed', /^The clock of the runner agrees/],
    ['NONCE_REUSED: es-auth-nonce was used before', /^The action sends no nonce twice: a gateway or proxy/],
    ['nonce reused', /^The action sends no nonce twice/],
    ['nonce has been seen', /^The action sends no nonce twice/],
    ['reused nonce', /^The action sends no nonce twice/],
    ['duplicate value of the nonce', /^The action sends no nonce twice/],
    ['request of 10:00 has expired', /^The clock of the runner agrees/],
    ['es-auth-sign header does not match', /something on the way changes the request/],
    ['this slot has a lock', /put it right/],
    ['credential of app 7 expired', /put it right/],
    ['not on the allowlist', /allow this address/],
    ['not on the allow list', /allow this address/],
    ['missing in whitelist', /allow this address/],
    ['missing in white list', /allow this address/],
    ['found in blocklist', /allow this address/],
    ['found in block list', /allow this address/],
    ['not authorised to use slot 3', /give these credentials this right/],
    ['not authorized for slot 3', /give these credentials this right/],
  ])('%s', (words, advice) => expect(hint(words)).toMatch(advice));

  test('a server that asks for no certificate is told to ask for one where the reason is the certificate only', () => {
    const hintOn = (message: string) =>
      statusFailure(answer(403, JSON.stringify({ message })), { ...FACTS, asksForCertificate: false }).hint;
    expect(hintOn('certificate not registered')).toMatch(/ does not ask for a client certificate: its operators must/);
    expect(hintOn('daily quota reached')).toMatch(/ Ask the operators of the service to raise this limit/);
  });

  test.each(['Unauthorised', 'Unauthorized', 'not authorised', 'not authorized'])('“%s” names no reason', (words) => {
    expect(hint(words)).toMatch(/^Ask the operators whether .* Check app-key and app-secret\.$/);
  });

  test('servers whose clocks differ are told as such', () => {
    const differ =
      'Two answers of the service have different times in Date, so the clock of one of several servers is wrong: ask the operators of the service.';
    expect(hint('timestamp expired', 'differ-among-servers')).toBe(differ);
    expect(hint('Forbidden', 'differ-among-servers')).toMatch(
      new RegExp(` Check app-key and app-secret\\. ${differ}$`),
    );
  });
});
