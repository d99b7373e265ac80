import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { misplacedKeys, misplacedTokens, secretsOf } from '../../src/identity/secrets.ts';
import { base64, makePki, PASSPHRASE } from './pki.ts';

const pki = makePki();
const key = pki.text('client.key');
const cert = pki.text('client.pem') + pki.text('intermediate.pem');

const derOf = (each: KeyObject): Buffer => each.export({ format: 'der', type: 'pkcs8' });

function makeKey(type: 'ec' | 'ed25519' | 'rsa'): KeyObject {
  if (type === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return (type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519'))
    .privateKey;
}

const dataLines = (pem: string): string[] => pem.split('\n').filter((line) => line !== '' && !line.startsWith('-'));

/** Does what the runner does with a log line. */
function mask(line: string, secrets: readonly string[]): string {
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((text, secret) => text.replaceAll(secret, '***'), line);
}

/** Expects that no 16 characters in a row of the private text survive in a log that prints it whole, line by line or joined. */
function expectMasked(text: string, secrets: readonly string[], material = text): void {
  const parts = dataLines(material.replaceAll('\\n', '\n').replace(/\s+/g, '\n'));
  for (const print of [...text.split(/[\r\n]+/), ...dataLines(key), dataLines(key).join('')]) {
    const shown = mask(print, secrets);
    for (const part of parts.filter((one) => one.length >= 16)) {
      for (let at = 0; at + 16 <= part.length; at += 4) expect(shown).not.toContain(part.slice(at, at + 16));
    }
  }
}

const shapes: Record<string, (pem: string) => string> = {
  'as it is': (pem) => pem,
  CRLF: (pem) => pem.replaceAll('\n', '\r\n'),
  'escaped line ends': (pem) => pem.replaceAll('\n', '\\n'),
  'one line': (pem) => pem.replaceAll('\n', ' '),
  indented: (pem) => pem.replaceAll(/^/gm, '  '),
  base64: base64,
  'base64 in lines': (pem) => base64(pem).replace(/.{76}/g, '$&\n'),
  'base64 in lines of Windows': (pem) => base64(pem).replace(/.{76}/g, '$&\r\n'),
  'cut off': (pem) => pem.slice(0, -40),
  'without its BEGIN line': (pem) => pem.slice(pem.indexOf('\n')),
  'with a damaged BEGIN line': (pem) => pem.slice(1),
};

/** Here nothing tells where the key ends. */
const DAMAGED = ['cut off', 'with a damaged BEGIN line'];

describe.each(Object.entries(shapes))('a key: %s', (name, shape) => {
  it('is masked in key, and beside a certificate in cert or chain', () => {
    const text = shape(key);
    expectMasked(text, secretsOf({ key: text }));
    expectMasked(key, secretsOf({ key: text }));
    const both = shape(cert + key);
    expectMasked(key, secretsOf({ cert: both }));
    expectMasked(key, secretsOf({ chain: both }));
    expectMasked(key, secretsOf({ key: both }));
  });

  it('is masked in an input where no key is expected, alone and among other lines, which stay readable', () => {
    const text = shape(key);
    const [before, after] = ['dist/release/documentation/**', '!dist/release/documentation/drafts/**'];
    const list = [before, text, after].join('\n');
    for (const each of [text, list, `${before}\n${text}`]) expectMasked(key, misplacedKeys(each));
    if (DAMAGED.includes(name)) return;
    expect([before, after].map((line) => mask(line, misplacedKeys(list)))).toEqual([before, after]);
  });

  it('makes no short mask and no mask of a marker line', () => {
    const secrets = secretsOf({ key: shape(key), cert: shape(cert + key) });
    expect(secrets.filter((secret) => secret.length < 16)).toEqual([]);
    for (const line of key.split('\n').filter((one) => one.startsWith('-'))) expect(secrets).not.toContain(line);
  });
});

describe('what is public stays readable', () => {
  it('certificates, requests and public keys, in PEM, base64 of PEM and DER', () => {
    const publicTexts = [cert, base64(cert), base64(pki.der('x509', 'client.pem')), pki.text('client.csr')];
    for (const text of publicTexts) expect(secretsOf({ cert: text, chain: text, key: text })).toEqual([]);
  });

  it('the certificates of a text that holds a key too', () => {
    for (const input of ['cert', 'key'] as const) {
      const text = cert + key;
      const shown = mask(cert, secretsOf({ [input]: text }));
      expect(shown).toBe(cert);
    }
  });

  it('any text without a key, in an input where no key is expected', () => {
    const paths = Array.from({ length: 2000 }, (_, at) => `dist/a/long/path/of/a/release/file${at}`).join('\n');
    const certificate = base64(pki.der('x509', 'client.pem'));
    const noKeys = ['{"kty":"key","k":"abcdefghijklmnop"}', '{"kty":"oct","k":"abcdefghijklmnop"}'];
    noKeys.push(`{"kty":"archive","d":"${'d'.repeat(43)}"}`, `{"kty":"RSA","n":"${'n'.repeat(342)}","e":"AQAB"}`);
    for (const text of [
      cert,
      certificate,
      base64(cert),
      paths,
      ...noKeys,
      '{"a": 1}',
      'https://sign.example.com/v1',
      '30',
      '',
    ])
      expect(misplacedKeys(text)).toEqual([]);
  });

  it('empty inputs mask nothing', () => {
    expect(secretsOf({})).toEqual([]);
    expect(secretsOf({ cert: '', key: ' \n', keyPassphrase: '', chain: undefined })).toEqual([]);
  });
});

describe('other secrets', () => {
  it('a passphrase, with and without the white space around it', () => {
    expect(secretsOf({ keyPassphrase: PASSPHRASE })).toEqual([PASSPHRASE]);
    expect(secretsOf({ keyPassphrase: 'abc\n' })).toEqual(['abc\n', 'abc']);
  });

  it('a PKCS#12, whole or cut off', () => {
    pki.openssl(
      'pkcs12',
      '-export',
      '-in',
      'client.pem',
      '-inkey',
      'client.key',
      '-passout',
      'pass:x',
      '-out',
      'a.p12',
    );
    for (const bytes of [pki.bytes('a.p12'), pki.bytes('a.p12').subarray(0, 400)]) {
      const text = base64(bytes).replace(/.{76}/g, '$&\n');
      expectMasked(text, secretsOf({ cert: text }));
    }
  });

  it('an encrypted key in the old format, but not its header', () => {
    pki.openssl('ec', '-in', 'client.key', '-aes128', '-passout', 'pass:secret', '-out', 'old.key');
    const old = pki.text('old.key');
    expectMasked(old, secretsOf({ key: old }), dataLines(old).slice(2).join('\n'));
  });

  it.each<[string, (key: KeyObject) => string]>([
    ['JSON', (each) => JSON.stringify(each.export({ format: 'jwk' }))],
    ['JSON over several lines', (each) => JSON.stringify({ keys: [each.export({ format: 'jwk' })] }, null, 2)],
    ['base64 of DER', (each) => derOf(each).toString('base64')],
    ['hex of DER', (each) => derOf(each).toString('hex')],
    [
      'hex with colons over several lines',
      (each) => derOf(each).toString('hex').replace(/../g, '$&:').replace(/.{45}/g, '$&\n    '),
    ],
  ])('a key as %s where nobody expects one', (_, textOf) => {
    for (const type of ['ec', 'ed25519', 'rsa'] as const) {
      const each = makeKey(type);
      const { d = '' } = each.export({ format: 'jwk' });
      const secret = textOf(each).includes('"kty"') ? String(d) : (textOf(each).split('\n')[1] ?? textOf(each)).trim();
      const list = `dist/**\n${textOf(each)}\n!dist/a`;
      expect(mask(list, misplacedKeys(list))).not.toContain(secret);
    }
  });

  it('a symmetric key as JSON, and a key in a string of JSON', () => {
    const k = randomBytes(16).toString('base64url');
    const d = String(makeKey('ec').export({ format: 'jwk' })['d']);
    for (const [secret, jwk] of [
      [k, { kty: 'oct', k }],
      [d, { kty: 'EC', crv: 'P-256', d }],
    ] as const)
      for (const text of [
        JSON.stringify(jwk),
        JSON.stringify({ key: JSON.stringify(jwk) }),
        JSON.stringify(jwk).replaceAll(':', ' : '),
      ])
        expect(misplacedKeys(text)).toEqual([secret]);
  });

  it.each([
    'hvs.CAESIJ1gR7aT2kq0Zl4mVb8xYw3uN6cD',
    'hvb.AAAAAQJ1gR7aT2kq0Zl4mVb8xYw3uN6cD-xyz_1',
    's.Jx3bQk7Rz0Lw2Vn5Tf8Hs1Yp',
    's.0QJx3bk7Rz0Lw2Vn5Tf8Hs1Y',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    `github_pat_${'11ABCDE0x'.repeat(4)}_z`,
    `eyJ${'hbGciOi'.repeat(3)}.eyJ${'zdWIiOi'.repeat(3)}.${'c2lnbmVk'.repeat(3)}`,
  ])('a token where nobody expects one: %s', (token) => {
    for (const text of [token, `dist/**\n${token}\n`, `POST /\nX-Vault-Token: ${token}\n\n{digest}`, `a=${token}&b=1`])
      expect(misplacedTokens(text)).toEqual([token]);
  });

  it('names of files, patterns and addresses are not taken for tokens', () => {
    const names = [
      's.abcdefghijklmnopqrstuvwx',
      's.ABCDEFGHIJKLMNOPQRSTUVWX',
      'dist/s.Jx3bQk7Rz0Lw2Vn5Tf8Hs1Yp',
      's.Jx3bQk7Rz0Lw2Vn5Tf8Hs1Yp.zip',
    ];
    for (const text of [
      ...names,
      'hvs.zip',
      'dist/hvs.release',
      'https://s.example.com/v1/transit',
      'ghp_key',
      'github_pat_key',
    ])
      expect(misplacedTokens(text)).toEqual([]);
  });

  it('whatever else stands in key', () => {
    expect(secretsOf({ key: 'not a key but still secret\nshort' })).toContain('not a key but still secret');
  });
});
