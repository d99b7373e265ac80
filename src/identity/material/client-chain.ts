import type { KeyObject, X509Certificate } from 'node:crypto';
import { isIssuedBy, isSelfSigned, nameOnOneLine, type PlacedCertificate } from './certificate.ts';

/** The certificates that the client presents. */
export interface ClientChain {
  readonly leaf: PlacedCertificate;
  /** Leaf first, then every certificate that issued one before it. */
  readonly certificates: readonly PlacedCertificate[];
  /** Changes to the order or number of certificates, as texts for the user. */
  readonly tidied: readonly string[];
}

/** Orders certificates for TLS: that of the key, or else the first that issued no other, then its issuers. */
export function orderClientChain(
  found: readonly PlacedCertificate[],
  key: KeyObject | undefined,
): ClientChain | undefined {
  const distinct = [...new Map(found.map((one) => [one.x509.fingerprint256, one])).values()];
  const leaf = chooseLeaf(distinct, key);
  if (leaf === undefined) return undefined;
  const certificates = [leaf];
  for (const { x509 } of certificates) {
    for (const other of distinct) {
      if (!certificates.includes(other) && isIssuedBy(x509, other.x509)) certificates.push(other);
    }
  }
  return { leaf, certificates, tidied: describeChanges(found, distinct, certificates) };
}

/** Names the leaf's issuer, which a server may miss, if it is neither with the leaf nor a root of the anchors. */
export function missingIssuerOf(chain: ClientChain, anchors: readonly X509Certificate[]): string | undefined {
  const { x509 } = chain.leaf;
  if (chain.certificates.length > 1 || isSelfSigned(x509)) return undefined;
  const isRootKnown = anchors.some((anchor) => isIssuedBy(x509, anchor) && isSelfSigned(anchor));
  return isRootKnown ? undefined : nameOnOneLine(x509.issuer);
}

function chooseLeaf(
  certificates: readonly PlacedCertificate[],
  key: KeyObject | undefined,
): PlacedCertificate | undefined {
  const matching = key === undefined ? [] : certificates.filter(({ x509 }) => x509.checkPrivateKey(key));
  // A renewed certificate may keep its key; of several, the one that expires last is the new one.
  const [newest] = matching.toSorted((a, b) => b.x509.validToDate.getTime() - a.x509.validToDate.getTime());
  if (newest !== undefined) return newest;
  const isIssuer = (one: PlacedCertificate) =>
    certificates.some((other) => other !== one && isIssuedBy(other.x509, one.x509));
  return certificates.find((one) => !isIssuer(one)) ?? certificates[0];
}

function describeChanges(
  found: readonly PlacedCertificate[],
  distinct: readonly PlacedCertificate[],
  ordered: readonly PlacedCertificate[],
): readonly string[] {
  const changes: string[] = [];
  if (found.length > distinct.length) changes.push('duplicate certificates left out');
  if (distinct.length > ordered.length) changes.push('certificates outside the chain left out');
  const before = distinct.filter((one) => ordered.includes(one));
  if (before.some((one, index) => one !== ordered[index])) changes.push('certificates put in order, leaf first');
  return changes;
}
