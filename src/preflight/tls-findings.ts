import type { X509Certificate } from 'node:crypto';
import type { Handshake } from '../connection/diagnosis/probe.ts';
import {
  explainServer,
  faultsOf,
  missingNames,
  namesOf,
  type TrustFacts,
} from '../connection/diagnosis/server-certificate.ts';
import { dialFailure } from '../connection/dialling/dial-failure.ts';
import { targetOf } from '../connection/route.ts';
import { codeOf, errorWithCode } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { nameOnOneLine } from '../identity/material/certificate.ts';
import type { Failure } from '../signing/policy/failure.ts';
import { type Finding, failed, notChecked, passed, warned } from './finding.ts';
import { failureOf } from './network-findings.ts';

/** Facts for judging a handshake. */
interface TlsFacts extends TrustFacts {
  /** Why the server refused our certificate, in the handshake or the canary. */
  readonly refusal: Failure | undefined;
  /** Whether the canary was answered. */
  readonly isAnswered: boolean;
  /** The identity presented to the server; `undefined` when it cannot be used. */
  readonly identity: Identity | undefined;
  /** Why no client certificate is presented. */
  readonly obstacle: string;
}

const CHECKS = [
  'TLS version and cipher',
  'server certificate',
  'server trust',
  'client certificate asked for',
  'client certificate sent',
  'client certificate accepted',
] as const;

/** Returns the findings about each step of a TLS handshake. */
export function describeTls(handshake: Handshake, facts: TlsFacts): Finding[] {
  const { connectMs, version } = handshake;
  if (connectMs === undefined) return CHECKS.map((check) => notChecked(check, 'there is no connection to the server'));
  if (version === undefined) {
    const failure = failureOf(handshake, facts.server);
    const [first, ...others] = CHECKS;
    const begun = failure ? failed(first, failure) : notChecked(first, 'the run ended before');
    return [begun, ...others.map((check) => notChecked(check, 'there was no TLS handshake'))];
  }
  return [
    passed(CHECKS[0], [version, handshake.cipher].filter(Boolean).join(', '), handshake.handshakeMs),
    ...describeServer(handshake, facts),
    describeAsked(handshake),
    describeSent(handshake, facts),
    describeAccepted(handshake, facts),
  ];
}

/** Returns the finding about a handshake that offered an earlier session. */
export function describeResumption(resumption: Handshake, server: URL): Finding {
  const check = 'session resumption';
  if (resumption.end === 'open') {
    const what = resumption.isResumed ? 'the server resumes sessions' : 'the server takes full handshakes only';
    return passed(check, what, resumption.handshakeMs);
  }
  const reason = failureOf(resumption, server)?.message.replace(/\.$/, '') ?? 'no reason was given';
  return warned(
    check,
    `the server breaks off handshakes that resume a session (${reason}); signing goes on with full handshakes, which take longer`,
    'Its operators should set a session id context for their server, or switch off session tickets.',
  );
}

function describeServer(handshake: Handshake, facts: TlsFacts): Finding[] {
  const [leaf] = handshake.serverChain;
  if (leaf === undefined) {
    return ['server certificate', 'server trust'].map((check) => notChecked(check, 'the server sent no certificate'));
  }
  const names = namesOf(leaf).join(', ') || 'no names';
  const dates = `${leaf.validFromDate.toISOString()} to ${leaf.validToDate.toISOString()}`;
  const what = `${nameOnOneLine(leaf.subject)} for ${names}, issued by ${nameOnOneLine(leaf.issuer)}, valid from ${dates}`;
  return [passed('server certificate', what), ...describeTrust(handshake, leaf, facts)];
}

function describeTrust(handshake: Handshake, leaf: X509Certificate, facts: TlsFacts): Finding[] {
  const { untrusted, serverChain, handshakeMs } = handshake;
  const check = 'server trust';
  if (facts.anchors.length === 0) return [notChecked(check, 'chain holds no certificate that can be read')];
  const isVerified = handshakeMs !== undefined && untrusted === undefined;
  if (!isVerified) {
    const codes = new Set([...(untrusted ? [codeOf(untrusted) ?? ''] : []), ...faultsOf(serverChain, facts)]);
    const failures = new Map([...codes].map((code) => [serverFailure(code, handshake, facts).code, code]));
    if (failures.size === 0)
      return [passed(check, 'its names, dates and issuers fit; the handshake broke off before more was known')];
    return [...failures.values()].map((code) => failed(check, serverFailure(code, handshake, facts)));
  }
  const names = missingNames(leaf);
  if (names) return [warned(check, names)];
  return [
    passed(check, `the server chains to a certificate in chain and bears the name ${targetOf(facts.server).hostname}`),
  ];
}

function serverFailure(
  code: string,
  { serverChain, untrusted, tunnelledBy: proxy }: Handshake,
  facts: TlsFacts,
): Failure {
  const error = untrusted && codeOf(untrusted) === code ? untrusted : errorWithCode(code, code);
  return explainServer(dialFailure(error, facts.server.origin), serverChain, {
    ...facts,
    own: facts.identity?.certificates,
    proxy,
  });
}

function describeAsked({ isClientAsked }: Handshake): Finding {
  const check = 'client certificate asked for';
  if (isClientAsked) return passed(check, 'the server asked for a client certificate');
  if (isClientAsked === undefined) return notChecked(check, 'the handshake did not get so far');
  return warned(
    check,
    'the server did not ask for a client certificate',
    'Check that server-url is the address for mutual TLS; otherwise whoever has app-key and app-secret can have files signed.',
  );
}

function describeSent({ isClientAsked }: Handshake, { identity, obstacle }: TlsFacts): Finding {
  const check = 'client certificate sent';
  if (identity === undefined) return notChecked(check, obstacle);
  if (!isClientAsked) return notChecked(check, 'the server did not ask, or the handshake did not get so far');
  const { length } = identity.certificates;
  return passed(check, `${length} ${length === 1 ? 'certificate' : 'certificates'} sent, the client's own first`);
}

function describeAccepted(
  handshake: Handshake,
  { refusal, isAnswered, identity, obstacle, server }: TlsFacts,
): Finding {
  const check = 'client certificate accepted';
  if (identity === undefined) return notChecked(check, obstacle);
  if (refusal) return failed(check, refusal);
  if (!handshake.isClientAsked) return notChecked(check, 'the server did not ask for it');
  if (isAnswered) return passed(check, 'the server answered a request over such a connection');
  const failure = failureOf(handshake, server);
  if (failure) return failed(check, failure);
  return passed(check, 'the server kept the connection open');
}
