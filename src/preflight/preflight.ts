import type { X509Certificate } from 'node:crypto';
import { LISTEN_MS, refusalIn } from '../connection/diagnosis/diagnosis.ts';
import { explainRefusal, type OwnCertificate } from '../connection/diagnosis/own-certificate.ts';
import { type Handshake, inspectHandshake } from '../connection/diagnosis/probe.ts';
import type { Route } from '../connection/route.ts';
import { type Identity, missingIssuerHint, refusalHint } from '../identity/identity.ts';
import type { Failure } from '../signing/policy/failure.ts';
import type { Verification } from '../verifying/check.ts';
import type { CanaryOutcome } from './canary.ts';
import { describeCanary } from './canary-findings.ts';
import { type Finding, notChecked, passed, warned } from './finding.ts';
import { describeNetwork } from './network-findings.ts';
import { describeResumption, describeTls } from './tls-findings.ts';

/** What a service is examined with and judged by. */
interface ServiceCheckOptions {
  /** `undefined` when it cannot be used: then only the server's side is looked at. */
  readonly identity: Identity | undefined;
  /** Why no certificate is shown. */
  readonly obstacle: string;
  /** Certificates of `chain`, as far as they can be read. */
  readonly anchors: readonly X509Certificate[];
  readonly verification: Verification | undefined;
  /** Has a few bytes signed; or why that cannot be. */
  readonly sendCanary: (() => Promise<CanaryOutcome>) | string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Examines a service from the host name to the signature and returns everything that was found. */
export async function checkService(route: Route, options: ServiceCheckOptions): Promise<readonly Finding[]> {
  const { server, proxy } = route;
  const { identity, anchors, sendCanary, signal } = options;
  const pending = typeof sendCanary === 'string' ? undefined : sendCanary();
  // A service that answers has accepted us; only otherwise is a refusal worth waiting for.
  const enough = pending?.then(({ isAnswered }) => (isAnswered ? undefined : new Promise(() => {})));
  const [handshake, outcome] = await Promise.all([
    inspectHandshake(route, { listenMs: identity ? LISTEN_MS : 0, enough, signal }),
    pending,
  ]);
  const resumption = identity && (await resume(route, handshake, signal));
  const refusal = identity && findRefusal(handshake, outcome, { server, identity });
  const reason = typeof sendCanary === 'string' ? sendCanary : 'a step before it failed; see above';
  return [
    ...describeNetwork(handshake, server, proxy?.url),
    ...describeTls(handshake, {
      server,
      anchors,
      now: new Date(options.now()),
      refusal,
      isAnswered: outcome?.isAnswered ?? false,
      identity,
      obstacle: options.obstacle,
    }),
    ...(resumption ? [describeResumption(resumption, route.server)] : []),
    ...(identity ? [describeIssuers(identity, refusal)] : []),
    ...(await describeCanary(
      isExplained(handshake, outcome, refusal) ? undefined : namingRefused(outcome, identity),
      reason,
      options.verification,
    )),
  ];
}

/** Time in which a server that takes the handshake breaks off a resumed session all the same. */
const RESUMED_LISTEN_MS = 100;

/** Does what signing does from its second connection on; `undefined` when the server offered no session. */
async function resume(route: Route, { end, session }: Handshake, signal: AbortSignal): Promise<Handshake | undefined> {
  if (end !== 'open' || session === undefined || signal.aborted) return undefined;
  return inspectHandshake(route, { listenMs: RESUMED_LISTEN_MS, session, signal });
}

function findRefusal(
  handshake: Handshake,
  outcome: CanaryOutcome | undefined,
  { server, identity }: { readonly server: URL; readonly identity: Identity },
): Failure | undefined {
  const seen = outcome?.isAnswered ? undefined : refusalIn(handshake, server.origin);
  const told = outcome?.failure?.code === 'TLS_CLIENT_REJECTED' ? outcome.failure : seen;
  return told && explainRefusal(told, ownCertificateOf(identity));
}

/** Says which certificate a server refused that answered the canary. */
function namingRefused(outcome: CanaryOutcome | undefined, identity: Identity | undefined): CanaryOutcome | undefined {
  if (outcome?.failure === undefined || identity === undefined) return outcome;
  return { ...outcome, failure: explainRefusal(outcome.failure, ownCertificateOf(identity)) };
}

function ownCertificateOf(identity: Identity): OwnCertificate {
  return { certificate: identity.certificate, refusalHint: refusalHint(identity) };
}

/** Tells whether the steps before say already why the canary failed. */
function isExplained(
  { end, untrusted }: Handshake,
  outcome: CanaryOutcome | undefined,
  refusal: Failure | undefined,
): boolean {
  if (refusal) return true;
  return outcome?.failure !== undefined && !outcome.isAnswered && (end !== 'open' || untrusted !== undefined);
}

function describeIssuers(identity: Identity, refusal: Failure | undefined): Finding {
  const check = 'client chain';
  const hint = missingIssuerHint(identity);
  if (hint === undefined) return passed(check, 'no issuer of the client certificate is missing');
  if (refusal === undefined) return passed(check, `${hint} The server does not seem to miss it.`);
  return warned(check, hint, 'Append the intermediate certificates after the client certificate in cert.');
}

/** Lists the checks of a service that cannot even be looked at. */
export function skipService(reason: string): readonly Finding[] {
  return [
    'host name',
    'TCP',
    'TLS version and cipher',
    'server certificate',
    'client certificate accepted',
    'canary request',
  ].map((check) => notChecked(check, reason));
}
