import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { refusal } from './refusal.ts';

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256Pem = spki(p256.publicKey);
let directory = '';
let certificatePem = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'verify-key-'));
  writeFileSync(join(directory, 'key.pem'), pkcs8(p256.privateKey));
  certificatePem = openssl('req', '-x509', '-key', 'key.pem', '-days', '1', '-subj', '/CN=Release, Signing/O=Example');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function spki(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

function pkcs8(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

describe('a key is read', () => {
  test.each([
    ['EC P-256', 'ec-p256', p256.publicKey],
    ['EC P-384', 'ec-p384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['EC P-521', 'ec-p521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey],
    ['RSA 2048', 'rsa', rsa.publicKey],
    ['RSA-PSS 2048', 'rsa-pss', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
    ['Ed25519', 'ed25519', generateKeyPairSync('ed25519').publicKey],
  ])('%s', (name, kind, publicKey) => {
    const key = readVerifyKey(spki(publicKey));
    const der = publicKey.export({ format: 'der', type: 'spki' });
    const spkiSha256 = createHash('sha256').update(der).digest('hex');
    expect(key).toMatchObject({ name, kind, spkiSha256, certificate: undefined });
    expect(key.keyObject.equals(publicKey)).toBe(true);
  });

  test('from a certificate, with what it says', () => {
    writeFileSync(join(directory, 'certificate.pem'), certificatePem);
    const print = openssl('x509', '-in', 'certificate.pem', '-noout', '-fingerprint', '-sha256');
    const key = readVerifyKey(certificatePem);
    expect(key.spkiSha256).toBe(readVerifyKey(p256Pem).spkiSha256);
    expect(key.certificate?.subject).toBe('CN=Release\\, Signing, O=Example');
    expect(key.certificate?.issuer).toBe(key.certificate?.subject);
    expect(key.certificate?.sha256).toBe(print.trim().split('=')[1]?.replaceAll(':', '').toLowerCase());
    expect(Math.abs(Date.parse(key.certificate?.notAfter ?? '') - Date.now() - 86_400_000)).toBeLessThan(60_000);
  });

  test('from a certificate that expired long ago, because only its key is used', async () => {
    const notAfter = new Date('2001-02-03T04:05:06Z');
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify']);
    const ended = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=Release',
      notBefore: new Date('2000-01-01'),
      notAfter,
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-384' },
    });
    const key = readVerifyKey(ended.toString('pem'));
    expect(key).toMatchObject({
      kind: 'ec-p384',
      certificate: { subject: 'CN=Release', notAfter: notAfter.toISOString() },
    });
  });

  test.each<[string, (pem: string) => string]>([
    ['CRLF', (pem) => pem.replaceAll('\n', '\r\n')],
    ['CR', (pem) => pem.replaceAll('\n', '\r')],
    ['a byte order mark', (pem) => `\uFEFF${pem}`],
    ['text around it', (pem) => `Key of the signer\nsubject=x\n${pem}\n# end`],
    ['no final line end', (pem) => pem.trimEnd()],
    ['\\n written as two characters', (pem) => pem.replaceAll('\n', '\\n')],
    ['\\r\\n written as four characters', (pem) => pem.replaceAll('\n', '\\r\\n')],
    ['one line with blanks', (pem) => pem.replaceAll('\n', ' ')],
    ['indentation and trailing blanks', (pem) => pem.replaceAll('\n', ' \t\n    ')],
  ])('with %s', (_, mangle) => {
    for (const pem of [p256Pem, certificatePem, spki(rsa.publicKey)]) {
      expect(readVerifyKey(mangle(pem)).spkiSha256).toBe(readVerifyKey(pem).spkiSha256);
    }
  });
});

describe('a text is refused', () => {
  test.each<[string, () => string, string, RegExp]>([
    ['no PEM at all', () => 'hello', 'VERIFY_KEY_MISSING', /no PEM block/],
    ['a BEGIN without a label', () => '-----BEGIN', 'VERIFY_KEY_MISSING', /no PEM block/],
    ['two keys', () => p256Pem + p256Pem, 'VERIFY_KEY_BLOCKS', /2 PEM blocks \(PUBLIC KEY, PUBLIC KEY\)/],
    ['a chain', () => certificatePem.repeat(6), 'VERIFY_KEY_BLOCKS', /6 PEM blocks \(CERTIFICATE, .*, …\)/],
    [
      'no END line',
      () => p256Pem.slice(0, 100),
      'VERIFY_KEY_UNREADABLE',
      /block 1 \(PUBLIC KEY\): its END line is missing/,
    ],
    [
      'a broken BEGIN line',
      () => p256Pem.replace('KEY-----', 'KEY'),
      'VERIFY_KEY_UNREADABLE',
      /BEGIN line is (missing or )?damaged/,
    ],
    ['a second block cut off', () => p256Pem + p256Pem.slice(0, 90), 'VERIFY_KEY_BLOCKS', /2 PEM blocks/],
    [
      'a missing line',
      () => spki(rsa.publicKey).replace(/\n.{64}\n/, '\n'),
      'VERIFY_KEY_UNREADABLE',
      /its PUBLIC KEY block holds a damaged key/,
    ],
    ['a lost character', () => p256Pem.replace(/\nMF/, '\nM'), 'VERIFY_KEY_UNREADABLE', /damaged/],
    [
      'an empty block',
      () => '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
      'VERIFY_KEY_UNREADABLE',
      /it is empty/,
    ],
    [
      'a key in a CERTIFICATE block',
      () => p256Pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
      'VERIFY_KEY_UNREADABLE',
      /X\.509/,
    ],
    [
      'private bytes in a PUBLIC KEY block',
      () => pkcs8(p256.privateKey).replaceAll('PRIVATE', 'PUBLIC'),
      'VERIFY_KEY_UNREADABLE',
      /its PUBLIC KEY block holds a damaged key/,
    ],
    [
      'a PGP block',
      () => p256Pem.replaceAll('PUBLIC KEY', 'PGP PUBLIC KEY BLOCK'),
      'VERIFY_KEY_KIND',
      /PGP PUBLIC KEY BLOCK block/,
    ],
  ])('%s', (_, make, code, sentence) => {
    expect(refusal(make())).toMatchObject({
      code,
      message: expect.stringMatching(sentence),
      hint: expect.stringMatching(/./),
    });
  });

  test('a PKCS#1 public key, with the command that converts it', () => {
    const pem = rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    const error = refusal(pem);
    expect(error).toMatchObject({ code: 'VERIFY_KEY_KIND', message: expect.stringContaining('RSA PUBLIC KEY block') });
    writeFileSync(join(directory, 'old.pem'), pem);
    const command = /openssl (.*)$/.exec(error.hint ?? '')?.[1]?.split(' ') ?? [];
    openssl(...command);
    expect(readVerifyKey(openssl('pkey', '-pubin', '-in', 'key.pem')).name).toBe('RSA 2048');
    writeFileSync(join(directory, 'key.pem'), pkcs8(p256.privateKey));
  });

  test.each(['TRUSTED CERTIFICATE', 'X509 CERTIFICATE'])('a %s, with the command that converts it', (label) => {
    const pem = certificatePem.replaceAll('CERTIFICATE', label);
    const error = refusal(pem);
    expect(error).toMatchObject({ code: 'VERIFY_KEY_KIND', message: expect.stringContaining(`${label} block`) });
    writeFileSync(join(directory, 'old.pem'), pem);
    openssl(...(/openssl (.*)$/.exec(error.hint ?? '')?.[1]?.split(' ') ?? []));
    expect(readVerifyKey(openssl('x509', '-in', 'certificate.pem')).certificate).toBeDefined();
  });

  test.each(['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'])(
    'a %s, with the command that takes its key out',
    (label) => {
      const request = openssl('req', '-new', '-key', 'key.pem', '-subj', '/CN=x').replaceAll(
        'CERTIFICATE REQUEST',
        label,
      );
      const error = refusal(request);
      expect(error).toMatchObject({ code: 'VERIFY_KEY_KIND', message: expect.stringContaining('CERTIFICATE REQUEST') });
      writeFileSync(join(directory, 'request.pem'), request);
      const command = /openssl (.*)$/.exec(error.hint ?? '')?.[1]?.split(' ') ?? [];
      expect(readVerifyKey(openssl(...command)).spkiSha256).toBe(readVerifyKey(p256Pem).spkiSha256);
    },
  );

  test.each([
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey, /curve secp256k1/],
    [
      'a brainpool curve',
      generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }).publicKey,
      /curve brainpoolP256r1/,
    ],
    ['RSA 1024', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, /1024 bits; at least 2048/],
    ['DSA', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey, /the kind dsa/],
    ['X25519', generateKeyPairSync('x25519').publicKey, /the kind x25519/],
    ['Ed448', generateKeyPairSync('ed448').publicKey, /the kind ed448/],
  ])('a key of another kind: %s', (_, publicKey, sentence) => {
    const facts = {
      code: 'VERIFY_KEY_UNSUPPORTED',
      message: expect.stringMatching(sentence),
      hint: expect.stringContaining('P-256'),
    };
    expect(refusal(spki(publicKey))).toMatchObject(facts);
  });

  test('an RSA key with exponent 1 is refused, because anybody could make its signatures', () => {
    const { n = '' } = rsa.publicKey.export({ format: 'jwk' });
    const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQ' }, format: 'jwk' });
    const facts = { code: 'VERIFY_KEY_UNSUPPORTED', message: expect.stringContaining('exponent') };
    expect(refusal(spki(key))).toMatchObject(facts);
  });
});
