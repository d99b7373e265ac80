import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { isIssuedBy, isValidAt, nameOnOneLine } from '../../identity/material/certificate.ts';
import type { Failure } from '../../signing/policy/failure.ts';
import { targetOf } from '../route.ts';
import { describeDates } from '../tls/server-chain.ts';
import { followPath, includes, type Link } from './certificate-path.ts';
import { type Detail, findChainFault, findPurposeFault } from './chain-faults.ts';
import { namingEnvironment } from './environments.ts';
import { adviseOnForeignName, adviseOnIssuer, describeSelfSigned } from './unknown-issuer.ts';

/** What is needed to check the server's certificate. */
export interface TrustFacts {
  readonly server: URL;
  /** The certificates of the input `chain`. */
  readonly anchors: readonly X509Certificate[];
  /** The client's own certificates, its leaf first; absent when unknown. */
  readonly own?: readonly X509Certificate[] | undefined;
  readonly now: Date;
  /** The proxy in use, by variable, host and port; absent without one. */
  readonly proxy?: string | undefined;
}

/** A correct clock cannot be earlier than this. */
const RELEASED_AT = new Date('2026-11-01T00:00:00Z');
const MAX_LISTED = 10;

type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** Adds the content of the server's certificate, the certificate at fault, and a hint to a failure about it. */
export function explainServer(failure: Failure, chain: readonly X509Certificate[], facts: TrustFacts): Failure {
  const [leaf, ...issuers] = chain;
  if (leaf === undefined) return failure;
  // Node appends certificates of its own store to those of the server.
  const sent: Chain = [leaf, ...issuers.filter((one) => !includes(facts.anchors, one))];
  const detail = describe(failure, sent, facts);
  if (detail === undefined) return failure;
  const { sentence = failure.message.replace(/^.*?: |\.$/g, ''), what, todo = failure.hint ?? '' } = detail;
  return failure.with({ message: `${facts.server.origin}: ${sentence}: ${what}.`, hint: todo });
}

/** Returns a warning when a certificate names its host only in the subject, which other clients refuse; otherwise `undefined`. */
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
 * Lists all faults of a server's certificates by OpenSSL's codes; empty when there are none.
 *
 * OpenSSL itself names only the first fault, and none when the handshake ended earlier. An empty list is not a
 * verification.
 */
export function faultsOf(chain: readonly X509Certificate[], { server, anchors, now }: TrustFacts): readonly string[] {
  const [leaf, ...issuers] = chain;
  if (leaf === undefined) return [];
  const { hostname } = targetOf(server);
  const borne = isIP(hostname) === 0 ? leaf.checkHost(hostname.replace(/\.$/, '')) : leaf.checkIP(hostname);
  const { links, isAnchored } = followPath([leaf, ...issuers], anchors, now);
  return [
    ...(links.some(({ x509 }) => x509.validToDate < now) ? ['CERT_HAS_EXPIRED'] : []),
    ...(links.some(({ x509 }) => x509.validFromDate > now) ? ['CERT_NOT_YET_VALID'] : []),
    ...(borne === undefined ? ['ERR_TLS_CERT_ALTNAME_INVALID'] : []),
    ...(isAnchored ? [] : ['UNABLE_TO_VERIFY_LEAF_SIGNATURE']),
  ];
}

function describe({ code, cause }: Failure, sent: Chain, facts: TrustFacts): Detail | undefined {
  const { links } = followPath(sent, facts.anchors, facts.now);
  switch (code) {
    case 'TLS_SERVER_EXPIRED':
    case 'TLS_SERVER_NOT_YET_VALID':
      return findBadDates(links, facts.now);
    case 'TLS_SERVER_NAME':
      return namingEnvironment(describeNames(sent[0], targetOf(facts.server).hostname), sent[0], facts);
    case 'TLS_SERVER_UNTRUSTED':
      return namingEnvironment(describeTrust(sent, facts), sent[0], facts);
    case 'TLS_SERVER_PURPOSE':
      return findPurposeFault(links);
    case 'TLS_SERVER_INVALID':
      return findChainFault(cause instanceof Error ? cause.message : '', links);
    default:
      return undefined;
  }
}

/** Names of the certificates of a path in sentences about their dates. */
const WHOSE: Readonly<Record<Link['role'], string>> = {
  server: "the server's certificate",
  intermediate: 'an intermediate certificate that the server sends',
  anchor: 'a certificate in chain',
};

const RENEW: Readonly<Record<Link['role'], string>> = {
  server:
    'The operators of the service must renew it, on each server behind this name: one of several may have been left out.',
  intermediate: 'The operators of the service must install the renewed intermediate certificate.',
  anchor: 'Put the renewed certificate of that CA into chain.',
};

const REPLACE: Readonly<Record<Link['role'], string>> = {
  server: 'The operators of the service must install a certificate that is valid now.',
  intermediate: 'The operators of the service must install an intermediate certificate that is valid now.',
  anchor: 'Put a certificate of that CA that is valid now into chain.',
};

function findBadDates(links: readonly Link[], now: Date): Detail | undefined {
  const bad = links.find(({ x509 }) => !isValidAt(x509, now));
  if (bad === undefined) return undefined;
  const isOver = bad.x509.validToDate < now;
  const sentence = `${WHOSE[bad.role]} ${isOver ? 'has expired' : 'is not valid yet'}`;
  const what = describeDates(bad.x509, now);
  const clock = 'If that clock is wrong, set it.';
  if (now >= RELEASED_AT) return { sentence, what, todo: `${(isOver ? RENEW : REPLACE)[bad.role]} ${clock}` };
  const todo = "Set this machine's clock: it is wrong.";
  return { sentence, what: `${what}, which is before this action was released`, todo };
}

const ONE_LABEL =
  'In a certificate, * stands for one label without a dot: the operators of that server must have its certificate issued with this name. If server-url is new, check its host.';

function describeNames(leaf: X509Certificate, hostname: string): Detail {
  const names = namesOf(leaf);
  if (isIP(hostname) !== 0 && names.includes(hostname)) {
    return {
      what: `it bears the address ${hostname} as a DNS name, and clients look for an address among the IP addresses only`,
      todo: 'Its operators must have it issued with the address as an IP address; or use a host name that it bears in server-url.',
    };
  }
  const borne = names.length > 0 ? `it bears ${list(names)}` : `it bears no names but ${nameOnOneLine(leaf.subject)}`;
  const isWildcard = names.some((name) => name.startsWith('*.') && hostname.endsWith(name.slice(1)));
  const whole = names.find((name) => name.startsWith(`${hostname}.`));
  const todo = isWildcard ? ONE_LABEL : whole && `Write the whole name, ${whole}, into server-url.`;
  return { what: `${hostname} was asked for, ${borne}`, ...(todo ? { todo } : {}) };
}

function describeTrust(sent: Chain, { server, anchors, own = [], now, proxy }: TrustFacts): Detail {
  const top = sent.at(-1) ?? sent[0];
  const names = sent.map(({ subject, issuer }) => `${nameOnOneLine(subject)} (issuer ${nameOnOneLine(issuer)})`);
  const what = `the server sent ${countOf(names)}, ${list(names)}; chain holds ${list(anchors.map(({ subject }) => nameOnOneLine(subject)))}`;
  const old = anchors.find((anchor) => !isValidAt(anchor, now) && sent.some((one) => isIssuedBy(one, anchor)));
  if (old) {
    const state = old.validToDate < now ? `ended at ${old.validToDate.toISOString()}` : 'is not valid yet';
    return {
      what: `${what}; of these, ${nameOnOneLine(old.subject)} ${state}`,
      todo: 'Put the renewed certificate of that CA into chain.',
    };
  }
  // As a server name, an absolute name has no dot at its end.
  const hostname = targetOf(server).hostname.replace(/\.$/, '');
  const foreign = adviseOnForeignName(sent[0], hostname);
  if (foreign !== undefined) return { what: `${what}. It is not for ${hostname} either`, todo: foreign };
  if (sent[0].subject === sent[0].issuer) return describeSelfSigned(sent[0], anchors, what);
  const namesake = describeNamesakes(top, anchors);
  if (namesake) return { ...namesake, what: `${what}; ${namesake.what}` };
  return { what, todo: adviseOnIssuer({ top, anchors, own, host: server.hostname, proxy }) };
}

/** Explains why a certificate of chain with the issuer's name did not help. */
function describeNamesakes(top: X509Certificate, anchors: readonly X509Certificate[]): Detail | undefined {
  const namesakes = anchors.filter(({ subject }) => subject === top.issuer);
  if (namesakes.length === 0) return undefined;
  if (namesakes.some((anchor) => isIssuedBy(top, anchor))) {
    return {
      what: 'several certificates in chain have the name of its issuer, and OpenSSL took one with another key',
      todo: 'Leave only the present certificate of that CA in chain.',
    };
  }
  return {
    what: 'the issuer of that name in chain has another key',
    todo: 'The CA was renewed under the same name: ask the operators of the service for its present certificate, and put that into chain.',
  };
}

function countOf(names: readonly string[]): string {
  return names.length === 1 ? '1 certificate' : `${names.length} certificates`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
