import type { X509Certificate } from 'node:crypto';
import type { ConnectProxy } from '../connection/proxy.ts';
import { createTlsContext, type Route } from '../connection/route.ts';
import { openTransport } from '../connection/transport.ts';
import { ActionError, toActionError } from '../errors.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import type { Identity } from '../identity/identity.ts';
import { readAnchors } from '../identity/material/anchors.ts';
import { factsOf } from '../identity/material/certificate.ts';
import type { PreflightInputs } from '../inputs/inputs.ts';
import { NOWHERE } from '../inputs/service-fields.ts';
import { type CanaryOutcome, sendCanary } from '../preflight/canary.ts';
import { type Finding, failed, passed, warned } from '../preflight/finding.ts';
import { checkIdentityText, type IdentityCheck } from '../preflight/identity-findings.ts';
import { checkService, skipService } from '../preflight/preflight.ts';
import { createSignFileSigner } from '../protocols/es-auth/sign-file.ts';
import { renderManifest } from '../report/manifest.ts';
import type { Context } from './context.ts';
import { makeOwnDirectory } from './stages/release.ts';
import { CONNECT_TIMEOUT_MS, proxyFor, withSecureContext } from './stages/service.ts';

/** Proves that a release could be signed right now, or lists everything that stands in its way; reads no file of the release. */
export async function preflight(context: Context, inputs: PreflightInputs): Promise<void> {
  const { report, signal, clock, startedAt, now, processId } = context;
  const { service, verification } = inputs;
  report.checked = verification !== undefined;
  report.verifyKeySha256 = verification?.verifier.key.spkiSha256;
  const options = { now: new Date(now()), expiryWarningDays: service.expiryWarningDays };
  const identity = checkIdentityText(service.identity, options);
  report.certificate = identity.leaf && factsOf(identity.leaf);
  report.findings = [...describeInputs(context, inputs, identity), ...identity.findings];
  report.findings = [...report.findings, ...(await lookAtService(context, inputs, identity))];
  signal.throwIfAborted();
  report.durationMs = clock.now() - startedAt;
  const tree = new OutputTree(makeOwnDirectory(context), processId);
  tree.write('manifest.json', [...renderManifest(report, new Date(now()))].join(''));
  report.manifest = tree.locate('manifest.json');
}

function describeInputs({ runner }: Context, { problems }: PreflightInputs, { inspection }: IdentityCheck): Finding[] {
  // An empty cert or chain is a problem of both; it is listed once.
  const told = new Set(inspection.problems.map(({ message }) => message));
  const own = problems.filter(({ message }) => !told.has(message)).map((problem) => failed('inputs', problem));
  const { suspiciousVariables } = runner.facts;
  return [
    ...(own.length > 0 ? own : [passed('inputs', 'every other input is valid')]),
    ...(suspiciousVariables.length > 0 ? [warned('environment', describeVariables(suspiciousVariables))] : []),
  ];
}

function describeVariables(names: readonly string[]): string {
  return `the environment sets ${names.join(', ')}; this action verifies the server all the same, other steps may not`;
}

async function lookAtService(
  context: Context,
  inputs: PreflightInputs,
  { inspection }: IdentityCheck,
): Promise<readonly Finding[]> {
  const server = inputs.service.serverUrl;
  if (server === NOWHERE) return skipService('server-url cannot be used');
  context.report.service = server.origin;
  let proxy: ConnectProxy | undefined;
  try {
    proxy = proxyFor(context, server);
  } catch (error) {
    const problem = toActionError(error, 'PROXY_UNUSABLE', 'the proxy of the environment cannot be used');
    return [failed('proxy', problem), ...skipService('the proxy of the environment cannot be used')];
  }
  const { identity } = inspection;
  if (identity === undefined) return lookWithoutIdentity(context, inputs, proxy);
  try {
    return await withSecureContext(context, identity, (secureContext) =>
      look(context, inputs, {
        route: { server, secureContext, proxy, timeoutMs: CONNECT_TIMEOUT_MS },
        identity,
        anchors: identity.anchors,
      }),
    );
  } catch (error) {
    if (!(error instanceof ActionError) || error === context.signal.reason) throw error;
    return [failed('key', error), ...(await lookWithoutIdentity(context, inputs, proxy))];
  }
}

function lookWithoutIdentity(
  context: Context,
  inputs: PreflightInputs,
  proxy: ConnectProxy | undefined,
): Promise<readonly Finding[]> {
  const anchors = readAnchors(inputs.service.identity.chain).certificates.map(({ x509 }) => x509);
  const secureContext = createTlsContext({ ca: anchors.map(String) });
  const route = { server: inputs.service.serverUrl, secureContext, proxy, timeoutMs: CONNECT_TIMEOUT_MS };
  return look(context, inputs, { route, identity: undefined, anchors });
}

interface Examined {
  readonly route: Route;
  readonly identity: Identity | undefined;
  readonly anchors: readonly X509Certificate[];
}

async function look(
  context: Context,
  inputs: PreflightInputs,
  { route, identity, anchors }: Examined,
): Promise<readonly Finding[]> {
  const { service, verification, effort, isCallable } = inputs;
  const { report, now, signal } = context;
  const transport = openTransport(route);
  const send = (): Promise<CanaryOutcome> =>
    sendCanary({
      ...context,
      ...effort,
      transport,
      createSigner: (through) => createSignFileSigner(through, { ...context, ...service, onClockOffset: () => {} }),
    });
  const reason = identity ? 'of the problems with the inputs' : 'the client identity cannot be used';
  try {
    const findings = await checkService(route, {
      identity,
      anchors,
      verification,
      sendCanary: identity && isCallable ? send : reason,
      now,
      signal,
    });
    report.verified = findings.some(({ check, level }) => check === 'signature' && level === 'ok') ? 1 : 0;
    return findings;
  } finally {
    report.requests = transport.requests();
    transport.close();
  }
}
