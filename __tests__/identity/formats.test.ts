import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspectIdentity } from '../../src/identity/identity.ts';
import type { IdentityText } from '../../src/identity/text/inputs.ts';
import { base64, CLIENT, expectSameIdentity, makePki, OPTIONS, PASSPHRASE, soundText } from './pki.ts';

const pki = makePki();
const sound = soundText(pki);

/** Expects the changed text to give the sound identity all the same; returns the notice. */
const expectSame = (change: Partial<IdentityText>, certificateCount = 2): string =>
  expectSameIdentity(pki, { ...sound, ...change }, certificateCount);

describe('formats of the key', () => {
  it.each([
    ['SEC1', ['ec', '-in', 'client.key']],
    ['SEC1 behind EC PARAMETERS', ['ecparam', '-name', 'prime256v1']],
    ['PKCS#8', ['pkcs8', '-topk8', '-nocrypt', '-in', 'client.key']],
  ])('%s', (_, args) => {
    pki.openssl(...args, '-out', 'formatted.key');
    pki.openssl('ec', '-in', 'client.key', '-out', 'sec1.key');
    const text = pki.text('formatted.key');
    expect(expectSame({ key: args[0] === 'ecparam' ? text + pki.text('sec1.key') : text })).toBe('');
  });

  it.each([
    ['PKCS#8 with AES-256 and HMAC-SHA-256', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', '20000']],
    ['PKCS#8 with scrypt', ['-scrypt', '-scrypt_N', '1024']],
    ['PKCS#8 with 3DES', ['-v1', 'PBE-SHA1-3DES']],
  ])('%s, with its passphrase', (_, args) => {
    const passphrase = ['-passout', `pass:${PASSPHRASE}`];
    pki.openssl('pkcs8', '-topk8', '-in', 'client.key', ...args, ...passphrase, '-out', 'encrypted.key');
    const key = pki.text('encrypted.key');
    expect(expectSame({ key, keyPassphrase: PASSPHRASE })).toBe('');
    expect(expectSame({ key, keyPassphrase: `${PASSPHRASE}\r\n` })).toBe('');
    expect(inspectIdentity({ ...sound, key, keyPassphrase: PASSPHRASE }, OPTIONS).identity?.keyPem).toBe(key);
    expect(expectSame({ key: base64(pki.der('pkey', 'client.key')) })).toContain('DER');
  });

  it('PKCS#8 that was encrypted with an empty passphrase', () => {
    pki.openssl('pkcs8', '-topk8', '-in', 'client.key', '-passout', 'pass:', '-out', 'empty.key');
    expect(expectSame({ key: pki.text('empty.key'), keyPassphrase: '' })).toBe('');
  });

  it.each(['aes-128-cfb', 'aes-256-ofb', 'des-ede3-cfb'])('PKCS#1 with %s, which fills no block up', (cipher) => {
    const passphrase = ['-passout', `pass:${PASSPHRASE}`];
    pki.openssl('ec', '-in', 'client.key', `-${cipher}`, ...passphrase, '-out', 'encrypted.key');
    expect(expectSame({ key: pki.text('encrypted.key'), keyPassphrase: PASSPHRASE })).toBe('');
  });

  it('a passphrase that is not needed does no harm', () => {
    expect(expectSame({ keyPassphrase: PASSPHRASE })).toBe('');
    expect(inspectIdentity({ ...sound, keyPassphrase: PASSPHRASE }, OPTIONS).identity?.passphrase).toBeUndefined();
  });

  it('PKCS#1 of an RSA key, and Ed25519, in PEM and DER', () => {
    for (const key of [
      ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
      ['-algorithm', 'ED25519'],
    ]) {
      const name = `other-${key[1]}`;
      pki.issue(name, { key, issuer: 'intermediate', extensions: CLIENT });
      if (key[1] === 'RSA') pki.openssl('rsa', '-in', `${name}.key`, '-traditional', '-out', `${name}.key`);
      for (const text of [pki.text(`${name}.key`), base64(pki.der('pkey', `${name}.key`))]) {
        const { identity } = inspectIdentity({ ...sound, cert: pki.text(`${name}.pem`), key: text }, OPTIONS);
        expect(identity?.certificate.subject).toBe(`CN=${name}`);
      }
    }
  });

  it('a label that does not fit the format', () => {
    expectSame({ key: sound.key?.replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY') });
  });
});

describe('certificates', () => {
  const der = (name: string) => base64(pki.der('x509', name));

  it('DER in base64, for cert and chain', () => {
    expect(expectSame({ cert: der('client.pem') }, 1)).toContain('DER');
    expect(expectSame({ chain: der('server-root.pem') })).toContain('chain: base64 decoded, DER read');
  });

  it('the leaf last is put first, duplicates and strangers are left out', () => {
    const [leaf, issuer] = [pki.text('client.pem'), pki.text('intermediate.pem')];
    expect(expectSame({ cert: issuer + leaf })).toContain('leaf first');
    expect(expectSame({ cert: leaf + leaf + issuer + leaf })).toContain('duplicate');
    expect(expectSame({ cert: pki.text('server-root.pem') + leaf + issuer })).toContain('outside the chain');
    expect(expectSame({ chain: `${sound.chain}${sound.chain}` })).toBe('');
  });

  it('root first becomes leaf, intermediate, root', { tags: ['fault-24'] }, () => {
    const cert = pki.text('root.pem') + pki.text('intermediate.pem') + pki.text('client.pem');
    const { identity } = inspectIdentity({ ...sound, cert }, OPTIONS);
    expect(identity?.certificates.map(({ subject }) => subject)).toEqual(['CN=client', 'CN=intermediate', 'CN=root']);
  });

  it('of two certificates for one key the newer one is used', () => {
    const old = pki.text('client.pem');
    pki.openssl(
      'x509',
      '-req',
      '-in',
      'client.csr',
      '-CA',
      'root.pem',
      '-CAkey',
      'root.key',
      '-days',
      '900',
      '-out',
      'renewed.pem',
    );
    for (const cert of [old + pki.text('renewed.pem'), pki.text('renewed.pem') + old]) {
      expect(inspectIdentity({ ...sound, cert }, OPTIONS).identity?.certificate.issuer).toBe('CN=root');
    }
  });

  it('certificate and key in one text, with an empty key or the same text as key', () => {
    const cert = `${sound.key}${sound.cert}`;
    expect(expectSame({ cert, key: '' })).toContain('private key taken from here');
    expectSame({ cert, key: cert });
    expectSame({ cert, key: undefined });
    expectSame({ key: cert });
  });
});

describe('PKCS#12', () => {
  const pack = (...args: string[]): string => {
    const material = ['-in', 'client.pem', '-inkey', 'client.key', '-certfile', 'intermediate.pem'];
    pki.openssl('pkcs12', '-export', ...material, ...args, '-out', 'packed.p12');
    return base64(pki.bytes('packed.p12'));
  };

  it.each([
    ['AES-256', []],
    ['3DES, as Windows exports it', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['AES-128 and unencrypted certificates', ['-keypbe', 'AES-128-CBC', '-certpbe', 'NONE']],
    ['no encryption at all', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['no integrity check', ['-nomac']],
    ['Camellia', ['-keypbe', 'camellia-256-cbc', '-certpbe', 'camellia-128-cbc']],
    ['ARIA', ['-keypbe', 'aria-256-cbc', '-certpbe', 'aria-192-cbc']],
    ['SM4, and AES in the mode CFB', ['-keypbe', 'sm4-cbc', '-certpbe', 'aes-256-cfb']],
    ['3DES with two keys', ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES']],
  ])('%s', (_, args) => {
    const cert = pack(...args, '-passout', `pass:${PASSPHRASE}`);
    expect(expectSame({ cert, key: '', keyPassphrase: PASSPHRASE })).toContain('PKCS#12 unpacked');
    expectSame({ cert, key: cert, keyPassphrase: `${PASSPHRASE}\n` });
  });

  it('an empty passphrase opens a file that was written with one', () => {
    expectSame({ cert: pack('-passout', 'pass:'), key: '', keyPassphrase: '' });
  });

  const { certificate, files }: { readonly certificate: string; readonly files: Readonly<Record<string, string>> } =
    JSON.parse(readFileSync(new URL('../vectors/pkcs12-null-password.json', import.meta.url), 'utf8'));

  it.each(Object.keys(files))('no passphrase at all, as key vaults and .NET export it: %s', (name) => {
    for (const keyPassphrase of ['', undefined]) {
      const text = { cert: files[name], key: '', keyPassphrase, chain: sound.chain };
      const { identity, problems } = inspectIdentity(text, { ...OPTIONS, now: new Date('2027-01-01') });
      expect(problems).toEqual([]);
      expect(identity?.certificatesPem).toBe(certificate);
      const key = createPrivateKey({ key: identity?.keyPem ?? '', passphrase: identity?.passphrase ?? '' });
      expect(identity?.certificates[0]?.checkPrivateKey(key)).toBe(true);
    }
  });

  it('a file without any passphrase is not opened with a given passphrase', () => {
    for (const cert of Object.values(files)) {
      const { problems } = inspectIdentity({ ...sound, cert, key: '', keyPassphrase: 'x' }, OPTIONS);
      expect(problems[0]?.code).toBe('IDENTITY_PASSPHRASE_WRONG');
    }
  });

  it('indefinite lengths, as some exporters write them', () => {
    const packed = Buffer.from(pack('-passout', 'pass:x'), 'base64');
    const content = packed.subarray(4);
    const indefinite = Buffer.concat([Buffer.from([0x30, 0x80]), content, Buffer.alloc(2)]);
    expectSame({ cert: base64(indefinite), key: '', keyPassphrase: 'x' });
  });

  it('certificates only, with the key beside it', () => {
    expectSame({ cert: pack('-nokeys', '-passout', 'pass:x'), keyPassphrase: 'x' });
  });
});
