import { childrenOf, type Element, integerOf, oidOf, readElement, TAG } from './der.ts';

const PKCS7_TYPES = '1.2.840.113549.1.7.';

/** Returns the PEM label that fits a DER object (`PKCS12` for that container); `undefined` for an unknown one. */
export function labelOfDer(der: Buffer): string | undefined {
  const [first, second, third] = childrenOf(readElement(der));
  if (first === undefined) return undefined;
  if (oidOf(first)?.startsWith(PKCS7_TYPES)) return 'PKCS7';
  if (first.tag === TAG.integer) return labelByVersion(integerOf(first), second);
  if (first.tag !== TAG.sequence || second === undefined) return undefined;
  if (third?.tag === TAG.bitString) return labelOfSigned(first);
  if (second.tag === TAG.bitString) return 'PUBLIC KEY';
  return second.tag === TAG.octetString ? 'ENCRYPTED PRIVATE KEY' : undefined;
}

function labelByVersion(version: number | undefined, second: Element | undefined): string | undefined {
  switch (second?.tag ?? 0) {
    case TAG.sequence:
      return version === 3 ? 'PKCS12' : 'PRIVATE KEY';
    case TAG.octetString:
      return 'EC PRIVATE KEY';
    case TAG.integer:
      return version === 0 ? 'RSA PRIVATE KEY' : 'RSA PUBLIC KEY';
    default:
      return undefined;
  }
}

// Certificates, requests and revocation lists are all SEQUENCE { content, algorithm, signature }; the content tells them apart.
function labelOfSigned(content: Element): string {
  const [first, , third, fourth] = childrenOf(content);
  if (first?.tag === TAG.context0) return 'CERTIFICATE';
  if (integerOf(first) === 0 && childrenOf(third)[1]?.tag === TAG.bitString) return 'CERTIFICATE REQUEST';
  const isRevocationList = first?.tag === TAG.sequence || isTime(fourth);
  return isRevocationList ? 'X509 CRL' : 'CERTIFICATE';
}

function isTime(element: Element | undefined): boolean {
  return element?.tag === TAG.utcTime || element?.tag === TAG.generalizedTime;
}
