import { describe, expect, it } from 'vitest';
import { inspectIdentity } from '../../src/identity/identity.ts';
import type { IdentityText } from '../../src/identity/text/inputs.ts';
import { base64, makePki, OPTIONS, problemExpecter, soundText } from './pki.ts';

const pki = makePki();
const sound = soundText(pki);
const expectProblem = problemExpecter(sound);

describe('key and certificate', () => {
  it('that do not belong together show both fingerprints', () => {
    pki.issue('stranger', { issuer: 'root' });
    expectProblem(
      { key: pki.text('stranger.key') },
      /IDENTITY_KEY_MISMATCH: .*\(PRIVATE KEY\) does not belong to the client certificate CN=client in input cert, block 1.* [0-9a-f]{64} for the key and [0-9a-f]{64} for/,
    );
  });

  it('too small an RSA key, or SHA-1', () => {
    const key = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'];
    pki.issue('small', { issuer: 'root', key });
    const small = { cert: pki.text('small.pem'), key: pki.text('small.key') };
    expectProblem(small, /IDENTITY_KEY_TOO_SMALL: .*RSA key has 1024 bits; TLS needs at least 2048/);
    pki.issue('old', { issuer: 'root', digest: 'sha1' });
    expectProblem(
      { cert: pki.text('old.pem'), key: pki.text('old.key') },
      /signed with SHA-1; TLS needs at least SHA-256/,
    );
  });
});

describe('passphrases', () => {
  const passout = ['-passout', 'pass:right-passphrase'];
  it.each([
    ['PKCS#8', ['pkcs8', '-topk8', '-in', 'client.key', ...passout]],
    ['old PEM', ['ec', '-in', 'client.key', '-aes256', ...passout]],
  ])('%s: missing and wrong are told apart', (_, args) => {
    pki.openssl(...args, '-out', 'encrypted.key');
    const key = pki.text('encrypted.key');
    expectProblem(
      { key },
      /IDENTITY_PASSPHRASE_MISSING: input key, block 1 .* is encrypted, and input key-passphrase is empty/,
    );
    expectProblem({ key, keyPassphrase: 'wrong' }, /IDENTITY_PASSPHRASE_WRONG: .* not opened by the passphrase/);
    expectProblem({ key, keyPassphrase: 'wröng' }, /IDENTITY_PASSPHRASE_WRONG: .* again with a passphrase in ASCII/);
  });

  it('PKCS#12: missing and wrong are told apart, and nothing else is said', () => {
    pki.openssl('pkcs12', '-export', '-in', 'client.pem', '-inkey', 'client.key', ...passout, '-out', 'client.p12');
    const cert = base64(pki.bytes('client.p12'));
    expectProblem({ cert, key: '' }, /IDENTITY_PASSPHRASE_MISSING: input cert, block 1 \(PKCS12\) is encrypted/);
    expectProblem({ cert, key: '', keyPassphrase: 'wrong' }, /IDENTITY_PASSPHRASE_WRONG: input cert, block 1/);
    const cut = base64(pki.bytes('client.p12').subarray(0, 500));
    expectProblem({ cert: cut, key: '', keyPassphrase: 'x' }, /announces \d+ bytes and holds 500/);
  });

  it('retired encryption says how to renew it', () => {
    const legacy = ['-provider', 'legacy', '-provider', 'default'];
    pki.openssl('pkcs8', '-topk8', '-v1', 'PBE-MD5-DES', ...legacy, '-in', 'client.key', ...passout, '-out', 'old.key');
    const passphrase = { keyPassphrase: 'right-passphrase' };
    expectProblem({ key: pki.text('old.key'), ...passphrase }, /OpenSSL 3 refuses.*openssl pkcs8 -provider legacy/);
    pki.openssl('pkcs8', '-topk8', '-v2', 'cast5-cbc', ...legacy, '-in', 'client.key', ...passout, '-out', 'cast5.key');
    expectProblem({ key: pki.text('cast5.key'), ...passphrase }, /IDENTITY_KEY_ENCRYPTION_RETIRED/);
    pki.openssl(
      'pkcs12',
      '-export',
      '-legacy',
      '-in',
      'client.pem',
      '-inkey',
      'client.key',
      ...passout,
      '-out',
      'old.p12',
    );
    const cert = base64(pki.bytes('old.p12'));
    expectProblem({ cert, key: '', ...passphrase }, /IDENTITY_PKCS12_RETIRED: .*openssl pkcs12 -legacy/);
  });

  it('an encryption with millions of rounds is refused at once', () => {
    pki.openssl('pkcs8', '-topk8', '-iter', '65536', '-in', 'client.key', ...passout, '-out', 'slow.key');
    const der = Buffer.from(pki.text('slow.key').replace(/-----.*-----/g, ''), 'base64');
    der.set([0x7f, 0xff, 0xff], der.indexOf(Buffer.from([0x02, 0x03, 0x01, 0x00, 0x00])) + 2);
    expectProblem({ key: base64(der), keyPassphrase: 'x' }, /asks for 8388607 rounds/);
    // With a function that is not known here.
    der.set([0x63], der.indexOf(Buffer.from('2a864886f70d0209', 'hex')) + 7);
    expectProblem({ key: base64(der), keyPassphrase: 'x' }, /asks for 8388607 rounds/);
  });

  it('an encryption with scrypt whose parameters take minutes is refused at once', () => {
    pki.openssl('pkcs8', '-topk8', '-scrypt', '-scrypt_N', '1024', '-in', 'client.key', ...passout, '-out', 'slow.key');
    const der = Buffer.from(pki.text('slow.key').replace(/-----.*-----/g, ''), 'base64');
    const costs = Buffer.from('02020400020108020101', 'hex');
    der.set(Buffer.from('02024000020108020140', 'hex'), der.indexOf(costs));
    expectProblem({ key: base64(der), keyPassphrase: 'x' }, /asks for 8388608 rounds/);
  });

  it('a PKCS#12 of which only the key asks for millions of rounds is refused at once', () => {
    const material = ['-in', 'client.pem', '-inkey', 'client.key', '-certpbe', 'NONE', '-nomac', '-iter', '65536'];
    pki.openssl('pkcs12', '-export', ...material, '-keypbe', 'AES-256-CBC', ...passout, '-out', 'slow.p12');
    const der = Buffer.from(pki.bytes('slow.p12'));
    der.set([0x7f, 0xff, 0xff], der.indexOf(Buffer.from('0203010000', 'hex')) + 2);
    expectProblem({ cert: base64(der), key: '', keyPassphrase: 'right-passphrase' }, /asks for 8388607 rounds/);
  });

  it('a number of rounds of many bytes, and a key in a bag within a bag of PKCS#12, are counted too', () => {
    const wrap = (tag: number, ...parts: Buffer[]): Buffer => {
      const content = Buffer.concat(parts);
      return Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content]);
    };
    const sequence = (...parts: Buffer[]): Buffer => wrap(0x30, ...parts);
    const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
    const oid = (hex: string): Buffer => wrap(0x06, bytes(hex));
    const keyWith = (rounds: string): Buffer => {
      const derivation = sequence(
        oid('2a864886f70d01050c'),
        sequence(wrap(0x04, Buffer.alloc(8)), wrap(0x02, bytes(rounds))),
      );
      const cipher = sequence(oid('60864801650304012a'), wrap(0x04, Buffer.alloc(16)));
      return sequence(sequence(oid('2a864886f70d01050d'), sequence(derivation, cipher)), wrap(0x04, Buffer.alloc(144)));
    };
    const bagOf = (kind: string, content: Buffer): Buffer =>
      sequence(oid(`2a864886f70d010c0a01${kind}`), wrap(0xa0, content));
    const data = (content: Buffer): Buffer => sequence(oid('2a864886f70d010701'), wrap(0xa0, wrap(0x04, content)));
    const pfx = (bag: Buffer): Buffer => sequence(wrap(0x02, bytes('03')), data(sequence(data(sequence(bag)))));
    const keyPassphrase = 'right-passphrase';
    expectProblem(
      { key: base64(keyWith('0100000077359400')), keyPassphrase },
      /asks for at least 281474976710656 rounds/,
    );
    const nested = bagOf('06', sequence(bagOf('02', keyWith('77359400'))));
    expectProblem({ cert: base64(pfx(nested)), key: '', keyPassphrase }, /asks for 2000000000 rounds/);
    const deep = Array.from({ length: 9 }).reduce<Buffer>((bag) => bagOf('06', sequence(bag)), nested);
    expectProblem({ cert: base64(pfx(deep)), key: '', keyPassphrase }, /asks for at least 281474976710656 rounds/);
  });

  it('a PKCS#12 without key or without certificate', () => {
    pki.openssl('pkcs12', '-export', '-nokeys', '-in', 'client.pem', ...passout, '-out', 'nokey.p12');
    const keyPassphrase = 'right-passphrase';
    expectProblem({ cert: base64(pki.bytes('nokey.p12')), key: '', keyPassphrase }, /PKCS#12 without a private key/);
    pki.openssl('pkcs12', '-export', '-nocerts', '-inkey', 'client.key', ...passout, '-out', 'nocert.p12');
    expectProblem(
      { cert: base64(pki.bytes('nocert.p12')), key: '', keyPassphrase },
      /IDENTITY_WRONG_KIND: input cert is a PKCS#12 that holds a private key and no certificate/,
    );
  });

  it('a PKCS#12 without a check of the whole is not called damaged when its passphrase is missing or wrong', () => {
    const material = ['-in', 'client.pem', '-inkey', 'client.key'];
    pki.openssl('pkcs12', '-export', ...material, '-nomac', ...passout, '-out', 'nomac.p12');
    const cert = base64(pki.bytes('nomac.p12'));
    expectProblem({ cert, key: '', keyPassphrase: 'wrong' }, /IDENTITY_PASSPHRASE_WRONG/);
    expectProblem({ cert, key: '' }, /IDENTITY_PASSPHRASE_MISSING/);
  });

  it.each([
    [['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'], /IDENTITY_KEY_TOO_SMALL: .* 1024 bits/],
    [['-algorithm', 'SM2'], /IDENTITY_WRONG_KIND: .* is an SM2 key/],
    [['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], /IDENTITY_WRONG_KIND: .* curve secp256k1/],
  ])('a PKCS#12 whose key TLS does not take is told by its key, not as damage: %j', (key, problem) => {
    const name = `odd-${key[1]}`;
    pki.issue(name, { key, issuer: 'intermediate' });
    const material = ['-in', `${name}.pem`, '-inkey', `${name}.key`];
    pki.openssl('pkcs12', '-export', ...material, ...passout, '-out', `${name}.p12`);
    const cert = base64(pki.bytes(`${name}.p12`));
    expectProblem({ cert, key: '', keyPassphrase: 'right-passphrase' }, problem);
  });

  it('the files of other programs are told by their kind', () => {
    expectProblem({ cert: base64(Buffer.from('feedfeed0000000200000001', 'hex')) }, /Java keystore.*keytool/);
    expectProblem({ key: 'PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nEncryption: none' }, /key of PuTTY/);
    expectProblem({ key: '{"crv": "P-256", "kty": "EC", "d": "x"}' }, /JSON Web Key/);
  });

  it('a curve that is spelt out in the certificate gets a warning, because most servers refuse it', () => {
    const key = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'];
    pki.issue('explicit', { key, issuer: 'intermediate' });
    const warnings = (given: IdentityText): string => inspectIdentity(given, OPTIONS).warnings.join();
    const explicit = { ...sound, cert: pki.text('explicit.pem'), key: pki.text('explicit.key') };
    expect(warnings(explicit)).toContain('spells out the parameters of its curve instead of its name');
    expect(warnings(sound)).not.toContain('curve');
  });
});
