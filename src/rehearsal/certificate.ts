import 'reflect-metadata';
import { KeyObject, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const EC_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What a TLS peer may use a certificate for. */
type Usage = 'client' | 'server';

/** A certificate with its private key, which may issue others. */
export interface KeyedCertificate {
  /** PEM: this certificate first, then its issuers without the root. */
  readonly cert: string;
  /** PEM, PKCS#8. */
  readonly key: string;
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

/** Content of a certificate, including one that a peer must refuse. */
export interface CertificateOptions {
  readonly commonName: string;
  /** DNS names and IP addresses of the SAN; without any, the extension is left out. */
  readonly hosts?: readonly string[];
  /** Extended key usages; without any, the extension is left out. */
  readonly usages?: readonly Usage[];
  /** True for a certificate that may issue others. */
  readonly authority?: boolean;
  /** Default: five minutes ago. */
  readonly notBefore?: Date;
  /** Default: in a day. */
  readonly notAfter?: Date;
}

function extensionsOf(options: CertificateOptions): x509.Extension[] {
  const authority = options.authority ?? false;
  const flags = authority
    ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
    : x509.KeyUsageFlags.digitalSignature;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(authority, undefined, true),
    new x509.KeyUsagesExtension(flags, true),
  ];
  const usages = (options.usages ?? []).map((usage) =>
    usage === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
  );
  if (usages.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension(usages));
  const names = (options.hosts ?? []).map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names));
  return extensions;
}

/** Issues a certificate for a new EC P-256 key; without an issuer it is self-signed. */
export async function issueCertificate(
  issuer: KeyedCertificate | undefined,
  options: CertificateOptions,
): Promise<KeyedCertificate> {
  const keys = await crypto.subtle.generateKey(EC_P256, true, ['sign', 'verify']);
  const subject = [{ CN: [options.commonName] }];
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: issuer?.privateKey ?? keys.privateKey,
    signingAlgorithm: EC_P256,
    notBefore: options.notBefore ?? new Date(Date.now() - 5 * MINUTE_MS),
    notAfter: options.notAfter ?? new Date(Date.now() + DAY_MS),
    extensions: [
      ...extensionsOf(options),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer?.certificate.publicKey ?? keys.publicKey),
    ],
  });
  const isFromRoot = issuer?.certificate.subject === issuer?.certificate.issuer;
  const issuers = issuer === undefined || isFromRoot ? '' : issuer.cert;
  return {
    cert: `${certificate.toString('pem')}\n${issuers}`,
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate,
    privateKey: keys.privateKey,
  };
}
