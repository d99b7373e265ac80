import type { X509Certificate } from 'node:crypto';
import { LISTEN_MS, refusalIn } from '../connection/diagnosis/diagnosis.ts';
import { explainRefusal, type OwnCertificate } from '../connection/diagnosis/own-certificate.ts';
import { type Handshake, inspectHandshake } from '../connection/diagnosis/probe.ts';
import type { Route } from '../connection/route.ts';
import { type Identity, missingIssuerHint } from '../identity/identity.ts';
import type { Failure } from '../signing/policy/failure.ts';
import type { Verification } from '../verifying/check.ts';
import type { CanaryOutcome } from './canary.ts';
import { describeCanary } from './canary-findings.ts';
import { type Finding, notChecked, passed, warned } from './finding.ts';
import { describeNetwork } from './network-findings.ts';
import { describeResumption, describeTls } from './tls-findings.ts';

/** What is needed to examine a service. */
interface ServiceCheckOptions {
  /** `undefined` when it cannot be used; then only the server is examined. */
  readonly identity: Identity | undefined;
  /** Why no client certificate is presented. */
  readonly obstacle: string;
  /** The readable certificates of `chain`. */
  readonly anchors: readonly X509Certificate[];
  readonly verification: Verification | undefined;
  /** Requests a signature for a few bytes, or says why that is not possible. */
  readonly sendCanary: (() => Promise<CanaryOutcome>) | string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Examines a service from the host name to the signature and returns all findings. */
export async function checkService(route: Route, options: ServiceCheckOptions): Promise<readonly Finding[]> {
  const { server, proxy } = route;
  const { identity, anchors, sendCanary, signal } = options;
  const pending = typeof sendCanary === 'string' ? undefined : sendCanary();
  // An answer means that the service accepted the certificate; only without one is it worth waiting for a refusal.
  const enough = pending?.then(({ isAnswered }) => (isAnswered ? undefined : new Promise(() => {})));
  const [handshake, outcome] = await Promise.all([
    inspectHandshake(route, { listenMs: identity ? LISTEN_MS : 0, enough, signal }),
    pending,
  ]);
  const resumption = identity && (await resume(route, handshake, signal));
  const now = new Date(options.now());
  const own = identity && { identity, server, taken: handshake.clientAlgorithms, now };
  const refusal = own && findRefusal(handshake, outcome, own);
  const reason = typeof sendCanary === 'string' ? sendCanary : 'a step before it failed; see above';
  return [
    ...describeNetwork(handshake, server, proxy?.url),
    ...describeTls(handshake, {
      server,
      anchors,
      now,
      refusal,
      isAnswered: outcome?.isAnswered ?? false,
      identity,
      obstacle: options.obstacle,
    }),
    ...(resumption ? [describeResumption(resumption, route.server)] : []),
    ...(identity ? [describeIssuers(identity, refusal)] : []),
    ...(await describeCanary(
      isExplained(handshake, outcome, refusal) ? undefined : namingRefused(outcome, own),
      reason,
      options.verification,
    )),
  ];
}

/** How long to wait, in milliseconds, for a server that accepts a resumed handshake and then closes the connection. */
const RESUMED_LISTEN_MS = 100;

/** Connects with the session of the first handshake, as signing does; `undefined` if the server offered none. */
async function resume(route: Route, { end, session }: Handshake, signal: AbortSignal): Promise<Handshake | undefined> {
  if (end !== 'open' || session === undefined || signal.aborted) return undefined;
  return inspectHandshake(route, { listenMs: RESUMED_LISTEN_MS, session, signal });
}

function findRefusal(
  handshake: Handshake,
  outcome: CanaryOutcome | undefined,
  own: OwnCertificate,
): Failure | undefined {
  const seen = outcome?.isAnswered ? undefined : refusalIn(handshake, own.server.origin);
  const told = outcome?.failure?.code === 'TLS_CLIENT_REJECTED' ? outcome.failure : seen;
  return told && explainRefusal(told, own);
}

/** Adds the refused certificate to the failure of a canary. */
function namingRefused(outcome: CanaryOutcome | undefined, own: OwnCertificate | undefined): CanaryOutcome | undefined {
  if (outcome?.failure === undefined || own === undefined) return outcome;
  return { ...outcome, failure: explainRefusal(outcome.failure, own) };
}

/** Tells whether earlier findings already explain why the canary failed. */
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

/** Lists the checks that are skipped when a service cannot be examined. */
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
