import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { startTokenService, type TokenService } from '../../../tools/oidc/token-service.ts';
import { type StepCa, type StepCaOptions, startStepCa } from '../../helpers/step-ca.ts';
import { type IssueOptions, type Issuing, issue } from './world.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

interface Result extends Issuing {
  readonly ca: StepCa;
  readonly tokens: TokenService;
}

/** Asks a stand-in for step-ca; the token is drawn over HTTP, as the runner does. */
async function ask(
  options: Partial<StepCaOptions> = {},
  asked: Partial<IssueOptions> = {},
  claims = {},
): Promise<Result> {
  const tokens = await startTokenService({ claims });
  const ca = await startStepCa({ issuer: tokens.issuer, ...options });
  open.push(tokens, ca);
  const result = await issue({
    from: 'step-ca',
    url: ca.url,
    chain: ca.root,
    drawIdToken: drawing(tokens),
    hurry: 100,
    ...asked,
  });
  return { ...result, ca, tokens };
}

function drawing({ env }: TokenService): (audience: string) => Promise<string> {
  return async (audience) => {
    const url = `${env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=${encodeURIComponent(audience)}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}` } });
    return ((await answer.json()) as { value: string }).value;
  };
}

test('one request with one token gives a certificate for the key in memory, with its intermediate', async () => {
  const { issued, error, ca, masked, steps, tokens } = await ask();
  expect(error).toBeUndefined();
  expect(issued?.source).toBe('step-ca');
  expect(issued?.certificates.map(({ subject }) => subject)).toEqual([
    'CN=repo:acme/app:ref:refs/tags/v1.0.0',
    'CN=Step Intermediate CA',
  ]);
  const leaf = new X509Certificate(issued?.certificatesPem ?? '');
  expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(issued?.keyPem).toContain('BEGIN PRIVATE KEY');
  expect(ca.requests).toHaveLength(1);
  expect(ca.requests[0]).toMatchObject({ notAfter: '900s' });
  expect(masked).toEqual([ca.requests[0]?.['ott']]);
  expect(tokens.audiences).toEqual([ca.url]);
  expect(steps.map(({ check }) => check)).toEqual(['OIDC token', 'token claims', 'certificate']);
});

test('an authority that issues only shorter certificates is asked again without a requested duration, with a new token', async () => {
  const { issued, ca } = await ask({ maxSeconds: 600 });
  expect(ca.requests.map(({ notAfter }) => notAfter)).toEqual(['900s', undefined]);
  expect(new Set(ca.requests.map(({ ott }) => ott)).size).toBe(2);
  expect((issued?.endsAt ?? 0) - Date.now()).toBeLessThanOrEqual(600_000);
});

test('a request whose answer was lost is repeated with a new token', async () => {
  const { issued, ca } = await ask({ instead: (nth) => (nth === 0 ? [502, 'bad gateway'] : undefined) });
  expect(issued).toBeDefined();
  expect(new Set(ca.requests.map(({ ott }) => ott)).size).toBe(2);
});

describe('refusals end at once, and say what was sent', () => {
  test.each<[string, Partial<StepCaOptions>, Record<string, string | number>, string, RegExp]>([
    ['a token that is over', {}, { exp: 1 }, 'ID_TOKEN_REFUSED', /aud https.*sub repo:acme.*exp 1970.*clock says 20/],
    ['another audience', {}, { aud: 'https://else.example' }, 'ID_TOKEN_REFUSED', /aud https:\/\/else\.example/],
    [
      'another issuer',
      {},
      { iss: 'https://elsewhere.example' },
      'ID_TOKEN_REFUSED',
      /iss https:\/\/elsewhere\.example/,
    ],
    [
      'a template that refuses',
      { template: () => 'workflow not allowed' },
      {},
      'CERTIFICATE_NOT_ISSUED',
      /answered 400: .*workflow not allowed/,
    ],
    ['400', { instead: () => [400, '{"message":"no"}'] }, {}, 'CERTIFICATE_NOT_ISSUED', /answered 400: no/],
    ['403', { instead: () => [403, '{"message":"no"}'] }, {}, 'CERTIFICATE_NOT_ISSUED', /answered 403: no/],
    ['404', { instead: () => [404, '<html>'] }, {}, 'CERTIFICATE_NOT_ISSUED', /answered 404\./],
    [
      'a redirect',
      { instead: () => [302, '', { location: 'https://login.example' }] },
      {},
      'CERTIFICATE_NOT_ISSUED',
      /answered 302/,
    ],
    [
      '201 without a certificate',
      { instead: () => [201, '{}'] },
      {},
      'CERTIFICATE_NOT_ISSUED',
      /missing in its answer/,
    ],
    ['201 with HTML', { instead: () => [201, '<html>'] }, {}, 'CERTIFICATE_NOT_ISSUED', /missing in its answer/],
    [
      '201 with rubbish',
      { instead: () => [201, '{"crt":"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"}'] },
      {},
      'CERTIFICATE_NOT_ISSUED',
      /cannot be read/,
    ],
    [
      'a heap of certificates, each of which would be checked against the others',
      {
        instead: () => [
          201,
          JSON.stringify({
            crt: '',
            certChain: Array(17).fill('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'),
          }),
        ],
      },
      {},
      'CERTIFICATE_NOT_ISSUED',
      /no more than 16/,
    ],
    ['a certificate of eight seconds', { maxSeconds: 8 }, {}, 'CERTIFICATE_NOT_ISSUED', /fewer than 10 s/],
  ])('%s', async (_, options, claims, code, sentence) => {
    const { error, ca } = await ask(options, {}, claims);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(sentence);
    expect(error?.hint).toBeTruthy();
    expect(ca.requests.length).toBeLessThanOrEqual(options.maxSeconds ? 2 : 1);
  });

  test('a certificate for another key', async () => {
    const other = await ask();
    const { certificatesPem = '' } = other.issued ?? {};
    const { error } = await ask({ instead: () => [201, JSON.stringify({ certChain: [certificatesPem] })] });
    expect(error?.message).toMatch(/not for the key of the request/);
  });

  test('a clock that is behind: the certificate is not valid yet', async () => {
    const { error } = await ask({}, { now: () => Date.now() - 3_600_000 });
    expect(error?.message).toMatch(/not valid before/);
    expect(error?.hint).toMatch(/clocks/);
  });
});

describe('an authority in trouble is asked five times at most, within 60 s', () => {
  test.each<[string, Partial<StepCaOptions>, RegExp]>([
    [
      '429',
      { instead: () => [429, '{"message":"slow down"}'] },
      /answered 429: slow down\. That was the last of 5 requests/,
    ],
    ['503', { instead: () => [503, ''] }, /answered 503\. That was the last of 5/],
    ['500', { instead: () => [500, '{"message":"database"}'] }, /answered 500: database/],
  ])('%s', async (_, options, sentence) => {
    const { error, ca, pauses } = await ask(options);
    expect(error?.code).toBe('CERTIFICATE_NOT_ISSUED');
    expect(error?.message).toMatch(sentence);
    expect(ca.requests).toHaveLength(5);
    expect(pauses.filter((ms) => ms % 1000 === 0 && ms < 9000)).toEqual([1000, 2000, 4000, 8000]);
  });

  test('an authority that asks for a longer wait than the time that is left is asked only once', async () => {
    const { error, ca } = await ask({ instead: () => [503, '', { 'retry-after': '300' }] });
    expect(error?.message).toMatch(/last of 1 request\./);
    expect(ca.requests).toHaveLength(1);
  });

  test('a port where nobody listens', async () => {
    const { tokens, ca } = await ask();
    const { error } = await issue({
      from: 'step-ca',
      url: 'https://127.0.0.1:1',
      chain: ca.root,
      drawIdToken: drawing(tokens),
      hurry: 100,
    });
    expect(error?.code).toBe('CERTIFICATE_NOT_ISSUED');
    expect(error?.message).toMatch(/CONNECT_REFUSED/);
    expect(error?.hint).toMatch(/certificate-url/);
  });

  test('a server that does not chain to certificate-chain is not asked again', async () => {
    const { tokens, ca } = await ask();
    const { ca: other } = await ask();
    const { error } = await issue({
      from: 'step-ca',
      url: ca.url,
      chain: other.root,
      drawIdToken: drawing(tokens),
      hurry: 100,
    });
    expect(error?.message).toMatch(/TLS_SERVER_UNTRUSTED/);
    expect(error?.hint).toMatch(/certificate-chain/);
    expect(ca.requests).toHaveLength(1);
  });
});
