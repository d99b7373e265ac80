import type { X509Certificate } from 'node:crypto';
import { ActionError } from '../errors.ts';
import { isIssuedBy, isValidAt, nameOnOneLine } from '../identity/material/certificate.ts';
import { type CertificateRules, readRules } from './structures.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const ANY_USE = '2.5.29.37.0';
/**
 * Critical extensions that are handled: basic constraints, key usage, extended key usage, and certificate policies,
 * which restrict only readers that require some.
 */
const KNOWN_CRITICAL = ['2.5.29.19', '2.5.29.15', '2.5.29.37', '2.5.29.32'];
/** Longest chain; longer ones do not occur. */
const MAX_ISSUERS = 8;

const UNKNOWN_ROOT =
  'The authority may have a new root: compare timestamp-chain with the root that the authority publishes, and put that root into timestamp-chain. If that issuer is an intermediate certificate, the authority leaves it out: put it into timestamp-chain as well.';
const WRONG_CERTIFICATE =
  'The authority signs with a certificate that is not fit for time stamps: ask its operators, or use another authority.';
const NOT_VALID =
  'That certificate of the authority has expired or is not yet valid, or the clock of the authority is wrong: ask its operators, or use another authority.';

/** What is needed to check the signer of a stamp. */
interface SignerTrust {
  /** Trust anchors for the signer. */
  readonly anchors: readonly X509Certificate[];
  /** Certificates that came with the stamp. */
  readonly certificates: readonly X509Certificate[];
  /** The time of the stamp. */
  readonly at: Date;
}

/** Checks that a certificate may only sign stamps, and chained to an anchor then; throws `TIMESTAMP_UNTRUSTED`. */
export function checkSigner(signer: X509Certificate, { anchors, certificates, at }: SignerTrust): void {
  const rules = rulesOf(signer);
  const misuse = whyNotForStamps(rules);
  if (misuse) throw untrusted(signer, misuse, WRONG_CERTIFICATE);
  if (!isValidAt(signer, at)) {
    const validity = `is valid from ${signer.validFrom} to ${signer.validTo}, and not at the time of the stamp, ${at.toISOString()}`;
    throw untrusted(signer, validity, NOT_VALID);
  }
  if (leadsToAnchor(signer, { anchors, certificates, at })) return;
  const [why, hint] = whyNoAnchor(signer, { anchors, certificates, at });
  throw untrusted(signer, `does not chain to a trusted certificate: ${why}`, hint);
}

/** Most trusted certificates that a sentence lists: Node's own roots are more. */
const MAX_LISTED = 5;

/** Says where a chain ends that leads to no anchor, and what to do about that. */
function whyNoAnchor(signer: X509Certificate, { anchors, certificates, at }: SignerTrust): readonly [string, string] {
  const known = [...anchors, ...certificates];
  let top = signer;
  for (let below = 0; below < MAX_ISSUERS; below++) {
    const issuers = known.filter((each) => isIssuedBy(top, each));
    const issuer = issuers.find((each) => isValidAt(each, at)) ?? issuers[0];
    if (issuer === undefined || issuer.fingerprint256 === top.fingerprint256) break;
    if (!isValidAt(issuer, at)) {
      const why = `the issuer ${nameOnOneLine(issuer.subject)} is valid from ${issuer.validFrom} to ${issuer.validTo}, and not at the time of the stamp, ${at.toISOString()}`;
      return [
        why,
        anchors.includes(issuer) ? 'Put the renewed certificate of that issuer into timestamp-chain.' : NOT_VALID,
      ];
    }
    if (anchors.includes(issuer))
      return ['an issuer in its chain may not issue certificates for time stamps', WRONG_CERTIFICATE];
    top = issuer;
  }
  const held =
    anchors.length > MAX_LISTED
      ? `${anchors.length} others`
      : anchors.map(({ subject }) => nameOnOneLine(subject)).join(', ');
  return [`the chain ends at the issuer ${nameOnOneLine(top.issuer)}, and trusted are ${held}`, UNKNOWN_ROOT];
}

/**
 * Searches the issuers level by level. Each certificate is visited once, on its shortest path, which is allowed
 * whenever a longer one is; so many certificates with one name and key stay cheap.
 */
function leadsToAnchor(signer: X509Certificate, { anchors, certificates, at }: SignerTrust): boolean {
  const trusted = new Set(anchors.map(({ fingerprint256 }) => fingerprint256));
  if (trusted.has(signer.fingerprint256)) return true;
  const others = new Map([...anchors, ...certificates].map((each) => [each.fingerprint256, each]));
  others.delete(signer.fingerprint256);
  let level = [signer];
  for (let issuersBelow = 0; issuersBelow < MAX_ISSUERS && level.length > 0; issuersBelow++) {
    const next: X509Certificate[] = [];
    for (const [fingerprint, issuer] of others) {
      if (!level.some((certificate) => mayIssue(issuer, certificate, { issuersBelow, at }))) continue;
      if (trusted.has(fingerprint)) return true;
      others.delete(fingerprint);
      next.push(issuer);
    }
    level = next;
  }
  return false;
}

function whyNotForStamps({ extendedUses, otherKeyUses, criticalExtensions }: CertificateRules): string | undefined {
  if (extendedUses?.names.length !== 1 || extendedUses.names[0] !== TIME_STAMPING)
    return 'is not for time stamps alone (extended key usage timeStamping)';
  if (!extendedUses.isCritical) return 'has an extended key usage that is not critical, as RFC 3161 demands';
  if (otherKeyUses) return 'has a key usage other than signing';
  return whyUnknown(criticalExtensions);
}

function whyUnknown(criticalExtensions: readonly string[]): string | undefined {
  const unknown = criticalExtensions.find((oid) => !KNOWN_CRITICAL.includes(oid));
  return unknown && `has a critical extension that is not understood, ${unknown}`;
}

function mayIssue(
  issuer: X509Certificate,
  certificate: X509Certificate,
  { issuersBelow, at }: { readonly issuersBelow: number; readonly at: Date },
): boolean {
  if (!certificate.checkIssued(issuer) || !isValidAt(issuer, at)) return false;
  const { isAuthority, pathLength, extendedUses, criticalExtensions } = rulesOf(issuer);
  const isMeant = extendedUses?.names.some((name) => name === TIME_STAMPING || name === ANY_USE) ?? true;
  const isAllowed = isAuthority && issuersBelow <= (pathLength ?? MAX_ISSUERS);
  return isMeant && isAllowed && whyUnknown(criticalExtensions) === undefined && certificate.verify(issuer.publicKey);
}

function rulesOf(certificate: X509Certificate): CertificateRules {
  try {
    return readRules(certificate);
  } catch (error) {
    throw untrusted(certificate, 'cannot be read', WRONG_CERTIFICATE, error);
  }
}

function untrusted({ subject }: X509Certificate, why: string, hint: string, cause?: unknown): ActionError {
  const name = nameOnOneLine(subject);
  return new ActionError('TIMESTAMP_UNTRUSTED', `The certificate that signed the time stamp, ${name}, ${why}.`, {
    hint,
    cause,
  });
}
