import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import { ActionError } from '../../errors.ts';
import { childrenOf, octetsOf, oidOf, readElement, TAG } from '../der/der.ts';
import { labelOfDer } from '../der/label.ts';
import { type Block, placeOf } from '../text/pem.ts';
import { wrongKind } from '../text/wrong-kind.ts';

/** A certificate and its place in the inputs, for messages. */
export interface PlacedCertificate {
  readonly x509: X509Certificate;
  readonly place: string;
}

/** Facts about a certificate for the reports and the manifest. */
export interface CertificateFacts {
  /** Distinguished names on one line, such as `C=DE, O=Example, CN=release`. */
  readonly subject: string;
  readonly issuer: string;
  /** Serial number in upper-case hex. */
  readonly serial: string;
  /** Start of the validity in ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 of the certificate's DER, in lower-case hex. */
  readonly sha256: string;
  /** SHA-256 of its public key as SubjectPublicKeyInfo, in lower-case hex. */
  readonly publicKeySha256: string;
}

const MAX_NAME_LENGTH = 200;

/** Parses a block as a certificate; returns the problem when it is not a certificate. */
export function readCertificate(block: Block): PlacedCertificate | ActionError {
  if (block.label !== 'CERTIFICATE') return wrongKind(block);
  const label = labelOfDer(block.der);
  if (label !== undefined && label !== 'CERTIFICATE') return wrongKind({ ...block, label });
  try {
    const x509 = new X509Certificate(block.der);
    // Both getters can throw on material that the constructor accepts.
    x509.validFromDate.toISOString();
    x509.validToDate.toISOString();
    publicKeyPrint(x509.publicKey);
    return { x509, place: placeOf(block) };
  } catch (cause) {
    return new ActionError('IDENTITY_BLOCK_BROKEN', `${placeOf(block)}: this is not a certificate that can be read`, {
      hint: 'Its characters were changed on the way, or its key is of an unknown kind. Store the original file again.',
      cause,
    });
  }
}

/** Returns the facts of a certificate that are safe and useful to show. */
export function factsOf(x509: X509Certificate): CertificateFacts {
  return {
    subject: nameOnOneLine(x509.subject),
    issuer: nameOnOneLine(x509.issuer),
    serial: x509.serialNumber,
    notBefore: x509.validFromDate.toISOString(),
    notAfter: x509.validToDate.toISOString(),
    sha256: hash('sha256', x509.raw, 'hex'),
    publicKeySha256: publicKeyPrint(x509.publicKey),
  };
}

/** Returns the SHA-256 of a public key's SubjectPublicKeyInfo, in lower-case hex. */
export function publicKeyPrint(key: KeyObject): string {
  return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex');
}

const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
};

/** Returns the digest of a signature that TLS refuses as too weak; `undefined` also before Node 24.9. */
export function weakDigestOf(x509: X509Certificate): string | undefined {
  const [, algorithm] = childrenOf(readElement(x509.raw));
  return WEAK_SIGNATURES[oidOf(childrenOf(algorithm)[0]) ?? ''];
}

/** Returns the value of an extension in DER; `undefined` when the certificate does not have it. */
export function extensionOf(x509: X509Certificate, oid: string): Buffer | undefined {
  const [body] = childrenOf(readElement(x509.raw));
  const list = childrenOf(body).find(({ tag }) => tag === TAG.context0 + 3);
  const extension = childrenOf(childrenOf(list)[0]).find((one) => oidOf(childrenOf(one)[0]) === oid);
  return octetsOf(childrenOf(extension).at(-1));
}

/** Tells whether the public key's curve is given by its parameters; RFC 5480 allows only named curves. */
export function hasUnnamedCurve({ publicKey }: X509Certificate): boolean {
  const [algorithm] = childrenOf(readElement(publicKey.export({ type: 'spki', format: 'der' })));
  return publicKey.asymmetricKeyType === 'ec' && childrenOf(algorithm)[1]?.tag === TAG.sequence;
}

/** Tells whether a certificate is valid at a time, by its own dates. */
export function isValidAt({ validFromDate, validToDate }: X509Certificate, at: Date): boolean {
  return validFromDate <= at && at <= validToDate;
}

/** Tells whether a certificate is signed by its own key. */
export function isSelfSigned(x509: X509Certificate): boolean {
  return isIssuedBy(x509, x509);
}

/** Tells whether `issuer` signed `x509`: by name, and by checking the signature. */
export function isIssuedBy(x509: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return x509.checkIssued(issuer) && x509.verify(issuer.publicKey);
  } catch {
    // A key that cannot verify this kind of signature did not make it.
    return false;
  }
}

/** Writes a distinguished name on one line, cut when it is longer than 200 characters. */
export function nameOnOneLine(name: string): string {
  const line = name.split('\n').join(', ');
  if (line === '') return '(empty name)';
  return line.length > MAX_NAME_LENGTH ? `${line.slice(0, MAX_NAME_LENGTH)}…` : line;
}
