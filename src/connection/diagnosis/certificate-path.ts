import type { X509Certificate } from 'node:crypto';
import { isValidAt } from '../../identity/material/certificate.ts';

/** A certificate on the path from a server to an anchor. */
export interface Link {
  readonly x509: X509Certificate;
  /** The server's own certificate, an issuer that the server sends, or a certificate of the input `chain`. */
  readonly role: 'server' | 'intermediate' | 'anchor';
}

/** Follows a server's certificate from issuer to issuer, as far as the certificates it sent and those of `chain` lead. */
export function followPath(
  sent: readonly [X509Certificate, ...X509Certificate[]],
  anchors: readonly X509Certificate[],
  now: Date,
): { readonly links: readonly [Link, ...Link[]]; readonly isAnchored: boolean } {
  // OpenSSL prefers an anchor that is valid now.
  const preferred = anchors.toSorted((a, b) => Number(isValidAt(b, now)) - Number(isValidAt(a, now)));
  const links: [Link, ...Link[]] = [{ x509: sent[0], role: 'server' }];
  for (const { x509 } of links) {
    if (includes(anchors, x509)) return { links, isAnchored: true };
    const anchor = preferred.find((one) => isSignedBy(x509, one));
    if (anchor) return { links: [...links, { x509: anchor, role: 'anchor' }], isAnchored: true };
    const known = links.map((link) => link.x509);
    const issuer = sent.find((one) => !includes(known, one) && isSignedBy(x509, one));
    if (issuer) links.push({ x509: issuer, role: 'intermediate' });
  }
  return { links, isAnchored: false };
}

/** Tells whether a certificate was signed with another one's key, even if that one may not issue certificates. */
function isSignedBy(x509: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return x509.issuer === issuer.subject && x509.verify(issuer.publicKey);
  } catch {
    // A key that cannot verify this kind of signature did not make it.
    return false;
  }
}

/** Tells whether a list contains exactly this certificate. */
export function includes(certificates: readonly X509Certificate[], one: X509Certificate): boolean {
  return certificates.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256);
}
