import { beforeAll, describe, expect, it } from 'vitest';
import { inspectIdentity } from '../../src/identity/identity.ts';
import { base64, makePki, OPTIONS, PASSPHRASE, problemExpecter, problemsOf, soundText } from './pki.ts';

const pki = makePki();
const sound = soundText(pki);
const expectProblem = problemExpecter(sound);

describe('wrong kinds', () => {
  beforeAll(() => {
    pki.openssl('x509', '-in', 'client.pem', '-trustout', '-addtrust', 'clientAuth', '-out', 'trusted.pem');
    pki.openssl('crl2pkcs7', '-nocrl', '-certfile', 'client.pem', '-out', 'client.p7b');
    pki.openssl('pkey', '-in', 'client.key', '-pubout', '-out', 'client.pub');
  });

  it('a certificate request', () => {
    expectProblem({ cert: pki.text('client.csr') }, /block 1 \(CERTIFICATE REQUEST\) is a certificate signing request/);
    expectProblem({ cert: base64(pki.der('req', 'client.csr')) }, /\(CERTIFICATE REQUEST\) is a certificate signing/);
    const relabelled = pki.text('client.csr').replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE');
    expectProblem({ cert: relabelled }, /\(CERTIFICATE REQUEST\) is a certificate signing request/);
  });

  it('a public key is called a public key in cert and in key', () => {
    expectProblem({ key: pki.text('client.pub') }, /input key, block 1 \(PUBLIC KEY\) is a public key/);
    expectProblem({ cert: pki.text('client.pub') }, /input cert, block 1 \(PUBLIC KEY\) is a public key/);
  });

  it('certificate and key swapped', () => {
    const problems = problemsOf({ ...sound, cert: sound.key, key: sound.cert });
    expect(problems[0]).toMatch(/input cert, block 1 \(PRIVATE KEY\) is a private key, not a certificate/);
    expect(problems[1]).toMatch(/input key, block 1 \(CERTIFICATE\) is a certificate, not a private key/);
  });

  it('a private key in the chain', () => {
    expectProblem({ chain: `${sound.chain}${sound.key}` }, /input chain, block 2 \(PRIVATE KEY\) is a private key/);
  });

  it('TRUSTED CERTIFICATE, PKCS#7, PKCS#12 in chain, OpenSSH', () => {
    expectProblem({ chain: pki.text('trusted.pem') }, /OpenSSL's own format.*openssl x509 -in/);
    expectProblem({ cert: pki.text('client.p7b') }, /PKCS#7 container.*openssl pkcs7/);
    pki.openssl('pkcs12', '-export', '-nokeys', '-in', 'root.pem', '-passout', 'pass:', '-out', 'root.p12');
    expectProblem({ chain: base64(pki.bytes('root.p12')) }, /PKCS#12 container.*-cacerts/);
    const openSsh =
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n';
    expectProblem({ key: openSsh }, /OpenSSH's own format.*ssh-keygen/);
  });

  it('the error for a revocation list in chain calls it a revocation list', () => {
    const crl = '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n';
    expectProblem({ chain: `${sound.chain}${crl}` }, /block 2 \(X509 CRL\) is a certificate revocation list/);
  });

  it('a key that cannot sign', () => {
    pki.openssl('genpkey', '-algorithm', 'X25519', '-out', 'x25519.key');
    expectProblem({ key: pki.text('x25519.key') }, /is a key of the type x25519, which cannot sign in TLS/);
  });

  it.each([
    ['secp256k1', 'an EC key on the curve secp256k1'],
    ['secp224r1', 'an EC key on the curve secp224r1'],
    ['prime239v1', 'an EC key on the curve prime239v1'],
    ['SM2', 'an SM2 key'],
  ])('a key on %s, for which TLS has no signature', (curve, kind) => {
    pki.openssl('ecparam', '-name', curve, '-genkey', '-noout', '-out', 'curve.key');
    for (const args of [[], ['-topk8', '-v2', 'aes-256-cbc', '-passout', `pass:${PASSPHRASE}`]]) {
      if (args.length > 0) pki.openssl('pkcs8', '-in', 'curve.key', ...args, '-out', 'curve-encrypted.key');
      const key = pki.text(args.length > 0 ? 'curve-encrypted.key' : 'curve.key');
      expectProblem({ key, keyPassphrase: PASSPHRASE }, new RegExp(`is ${kind}, which cannot sign in TLS`));
    }
  });

  it.each(['prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'])(
    'a key on %s is no such key',
    (curve) => {
      pki.openssl('ecparam', '-name', curve, '-genkey', '-noout', '-out', 'curve.key');
      const { problems } = inspectIdentity({ ...sound, key: pki.text('curve.key') }, OPTIONS);
      expect(problems.map(({ code }) => code)).toEqual(['IDENTITY_KEY_MISMATCH']);
    },
  );
});
