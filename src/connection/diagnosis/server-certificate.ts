import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { isIssuedBy, nameOnOneLine } from '../../identity/material/certificate.ts';
import { Failure } from '../../signing/policy/failure.ts';

/** What the server's certificate is held against. */
export interface TrustFacts {
  readonly hostname: string;
  /** The certificates of the input `chain`. */
  readonly anchors: readonly X509Certificate[];
  readonly now: Date;
}

/** No clock that is right stands before this. */
const RELEASED_AT = new Date('2026-11-01T00:00:00Z');
const MAX_LISTED = 10;

/** Tells whether a failure is about the server's certificate, so that {@link explainServer} has more to say. */
export function isAboutServer({ code }: Failure): boolean {
  return code.startsWith('TLS_SERVER_');
}

/** Adds to a failure about the server's certificate what that certificate says and what it was held against. */
export function explainServer(failure: Failure, chain: readonly X509Certificate[], facts: TrustFacts): Failure {
  const [leaf] = chain;
  if (leaf === undefined) return failure;
  const detail = describe(failure.code, [leaf, ...chain.slice(1)], facts);
  if (detail === undefined) return failure;
  const message = `${failure.message.replace(/\.$/, '')}: ${detail.what}.`;
  return new Failure(failure.kind, failure.code, message, {
    ...failure.facts,
    hint: detail.todo ?? failure.hint ?? '',
    cause: failure.cause,
  });
}

/** Names the fact that a certificate names its host only in the subject, which other clients refuse; `undefined` when it does not. */
export function missingNames(leaf: X509Certificate): string | undefined {
  if (leaf.subjectAltName !== undefined) return undefined;
  return `The certificate of the service, ${nameOnOneLine(leaf.subject)}, names its host in the subject only. Most clients refuse that: its operators should have it issued with a subject alternative name.`;
}

/** Lists the names in a certificate's SAN; empty without one. */
export function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '');
}

/**
 * Lists everything wrong with a server's certificates by OpenSSL's codes; empty when they look sound.
 *
 * OpenSSL itself names the first fault only, and none when the handshake broke off before it came to that. Never take the
 * empty list for a verification.
 */
export function faultsOf(chain: readonly X509Certificate[], { hostname, anchors, now }: TrustFacts): readonly string[] {
  const [leaf] = chain;
  if (leaf === undefined) return [];
  const borne = isIP(hostname) === 0 ? leaf.checkHost(hostname) : leaf.checkIP(hostname);
  return [
    ...(chain.some(({ validToDate }) => validToDate < now) ? ['CERT_HAS_EXPIRED'] : []),
    ...(chain.some(({ validFromDate }) => validFromDate > now) ? ['CERT_NOT_YET_VALID'] : []),
    ...(borne === undefined ? ['ERR_TLS_CERT_ALTNAME_INVALID'] : []),
    ...(endsIn(leaf, chain, anchors) ? [] : ['UNABLE_TO_VERIFY_LEAF_SIGNATURE']),
  ];
}

function endsIn(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
): boolean {
  const path = [leaf];
  for (const one of path) {
    if (anchors.some((anchor) => anchor.fingerprint256 === one.fingerprint256 || isIssuedBy(one, anchor))) return true;
    const issuer = chain.find((other) => !path.includes(other) && isIssuedBy(one, other));
    if (issuer) path.push(issuer);
  }
  return false;
}

interface Detail {
  readonly what: string;
  readonly todo?: string;
}

function describe(
  code: string,
  chain: readonly [X509Certificate, ...X509Certificate[]],
  facts: TrustFacts,
): Detail | undefined {
  const [leaf] = chain;
  switch (code) {
    case 'TLS_SERVER_EXPIRED':
    case 'TLS_SERVER_NOT_YET_VALID':
      return describeDates(chain, facts);
    case 'TLS_SERVER_NAME':
      return describeNames(leaf, facts);
    case 'TLS_SERVER_UNTRUSTED':
      return describeTrust(chain, facts);
    case 'TLS_SERVER_PURPOSE':
      return { what: `${nameOnOneLine(leaf.subject)} may be used for ${usesOf(leaf)}` };
    default:
      return undefined;
  }
}

function describeDates(chain: readonly X509Certificate[], { anchors, now }: TrustFacts): Detail | undefined {
  const bad = [...chain, ...anchors].find(({ validFromDate, validToDate }) => validToDate < now || validFromDate > now);
  if (bad === undefined) return undefined;
  const state =
    bad.validToDate < now
      ? `ended at ${bad.validToDate.toISOString()}`
      : `begins at ${bad.validFromDate.toISOString()}`;
  const what = `${nameOnOneLine(bad.subject)} ${state}; this machine's clock says ${now.toISOString()}`;
  if (now >= RELEASED_AT) return { what };
  return {
    what: `${what}, which is before this action was released`,
    todo: "Set this machine's clock: it is wrong.",
  };
}

function describeNames(leaf: X509Certificate, { hostname }: TrustFacts): Detail {
  const names = namesOf(leaf);
  const borne = names.length > 0 ? `it bears ${list(names)}` : `it bears no names but ${nameOnOneLine(leaf.subject)}`;
  return { what: `${hostname} was asked for, ${borne}` };
}

function describeTrust(chain: readonly [X509Certificate, ...X509Certificate[]], { anchors }: TrustFacts): Detail {
  const top = chain.at(-1) ?? chain[0];
  const sent = chain.map(({ subject, issuer }) => `${nameOnOneLine(subject)} (issuer ${nameOnOneLine(issuer)})`);
  const known = list(anchors.map(({ subject }) => nameOnOneLine(subject)));
  const what = `the server sent ${list(sent)}; chain holds ${known}`;
  if (chain[0].subject === chain[0].issuer) {
    return {
      what: `it is self-signed; ${what}`,
      todo: 'If this is the right server, put this very certificate into chain; get it from the operators, not from the network.',
    };
  }
  if (anchors.some((anchor) => anchor.subject === top.issuer && !isIssuedBy(top, anchor))) {
    return {
      what: `${what}; the issuer of that name in chain has another key`,
      todo: 'The CA was renewed under the same name: put its present certificate into chain.',
    };
  }
  return {
    what,
    todo: `Put the certificate of ${nameOnOneLine(top.issuer)} into chain. If chain is right, the server does not send its intermediate certificates: its operators must add them.`,
  };
}

const USES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'servers',
  '1.3.6.1.5.5.7.3.2': 'clients',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'e-mail',
};

function usesOf({ keyUsage }: X509Certificate): string {
  const uses: readonly string[] | undefined = keyUsage;
  return uses === undefined ? 'nothing that it names' : list(uses.map((use) => USES[use] ?? use));
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
