import type { X509Certificate } from 'node:crypto';
import type { ConnectProxy } from '../connection/proxy.ts';
import { createTlsContext, type Route } from '../connection/route.ts';
import { openTransport, type Transport } from '../connection/transport.ts';
import { ActionError, toActionError } from '../errors.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import type { Identity } from '../identity/identity.ts';
import { readAnchors, usableAnchors } from '../identity/material/anchors.ts';
import { factsOf } from '../identity/material/certificate.ts';
import { NOWHERE } from '../inputs/address-fields.ts';
import type { PreflightInputs } from '../inputs/inputs.ts';
import { type CanaryOutcome, sendCanary } from '../preflight/canary.ts';
import { type Finding, failed, passed, warned } from '../preflight/finding.ts';
import { checkIdentityText, type IdentityCheck } from '../preflight/identity-findings.ts';
import { describeKey } from '../preflight/key-findings.ts';
import { checkService, skipService } from '../preflight/preflight.ts';
import type { OpenProtocol, Protocol } from '../protocols/protocol.ts';
import { renderManifest } from '../report/manifest.ts';
import type { ReportBuilder, ReportPart } from '../report/report.ts';
import type { Signer } from '../signing/signer.ts';
import type { Context } from './context.ts';
import { CONNECT_TIMEOUT_MS, proxyFor, withSecureContext, worldOf } from './service/route.ts';
import { makeOwnDirectory } from './stages/release.ts';

/** Proves that a release could be signed right now, or lists everything that stands in its way; reads no file of the release. */
export async function preflight(context: Context, inputs: PreflightInputs, report: ReportBuilder): Promise<void> {
  const { signal, clock, startedAt, now, processId } = context;
  const { service, verification } = inputs;
  const identity = checkIdentityText(service.identity, {
    now: new Date(now()),
    expiryWarningDays: service.expiryWarningDays,
  });
  report.add({
    verification,
    certificate: identity.leaf && factsOf(identity.leaf),
    findings: [...describeInputs(context, inputs), ...identity.findings],
  });
  report.add(await lookAtService(context, inputs, identity));
  signal.throwIfAborted();
  report.add({ durationMs: clock.now() - startedAt });
  const tree = new OutputTree(makeOwnDirectory(context), processId);
  tree.writeOwn('manifest.json', renderManifest(report.build(), new Date(now())));
  report.add({ manifest: tree.locate('manifest.json') });
}

function describeInputs({ runner }: Context, { problems }: PreflightInputs): Finding[] {
  const own = problems.map((problem) => failed('inputs', problem));
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
): Promise<ReportPart> {
  const server = inputs.service.serverUrl;
  if (server === NOWHERE) return { findings: skipService('server-url cannot be used') };
  const service = server.origin;
  let proxy: ConnectProxy | undefined;
  try {
    proxy = proxyFor(context, server);
  } catch (error) {
    const problem = toActionError(error, 'PROXY_UNUSABLE', 'the proxy of the environment cannot be used');
    const skipped = skipService('the proxy of the environment cannot be used');
    return { service, findings: [failed('proxy', problem), ...skipped] };
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
    const { findings = [], ...others } = await lookWithoutIdentity(context, inputs, proxy);
    return { ...others, findings: [failed('key', error), ...findings] };
  }
}

function lookWithoutIdentity(
  context: Context,
  inputs: PreflightInputs,
  proxy: ConnectProxy | undefined,
): Promise<ReportPart> {
  const anchors = readAnchors(inputs.service.identity.chain).certificates.map(({ x509 }) => x509);
  const secureContext = createTlsContext({ ca: usableAnchors(anchors, new Date(context.now())).map(String) });
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
): Promise<ReportPart> {
  const { verification, isCallable, protocol } = inputs;
  const { signal, now } = context;
  const transport = openTransport(route);
  const reason = identity ? 'of the problems with the inputs' : 'the client identity cannot be used';
  try {
    const findings = await checkService(route, {
      identity,
      anchors,
      verification,
      sendCanary:
        identity && isCallable && protocol ? () => sendCanaryOver(context, { inputs, protocol }, transport) : reason,
      now,
      signal,
    });
    const key = identity && isCallable && protocol ? await lookAtKey(context, { inputs, protocol }, transport) : [];
    return { service: route.server.origin, findings: [...findings, ...key], requests: transport.requests() };
  } finally {
    transport.close();
  }
}

/** Longest wait for what a service says about its key, in milliseconds. */
const KEY_TIMEOUT_MS = 20_000;

/** Shows what a service that can be asked says about its key; prints the public key for the one who has yet to store it. */
async function lookAtKey(
  context: Context,
  { inputs, protocol }: { readonly inputs: PreflightInputs; readonly protocol: Protocol },
  transport: Transport,
): Promise<readonly Finding[]> {
  const open = protocol.open(
    transport,
    worldOf(context, () => {}),
  );
  if (open.describeKey === undefined) return [];
  try {
    const key = await open.describeKey(AbortSignal.any([context.signal, AbortSignal.timeout(KEY_TIMEOUT_MS)]));
    if (inputs.verification === undefined && key.publicKey) printKey(context, key.publicKey);
    return describeKey(key, inputs.verification);
  } catch (error) {
    return [failed('signing key', toActionError(error, 'KEY_NOT_FOUND', 'the service says nothing about its key'))];
  } finally {
    await open.close();
  }
}

function printKey({ runner }: Context, publicKey: string): void {
  runner.openGroup('Public key of the service, to be stored as verify-key');
  for (const line of publicKey.trimEnd().split('\n')) runner.line(line);
  runner.closeGroup();
}

async function sendCanaryOver(
  context: Context,
  { inputs, protocol }: { readonly inputs: PreflightInputs; readonly protocol: Protocol },
  transport: Transport,
): Promise<CanaryOutcome> {
  const { signal, clock, now } = context;
  const { attempts, timeoutMs } = inputs.effort;
  const opened: OpenProtocol[] = [];
  const createSigner = (through: Transport): Signer => {
    const open = protocol.open(
      through,
      worldOf(context, () => {}),
    );
    opened.push(open);
    return open.signer;
  };
  try {
    return await sendCanary({ transport, createSigner, attempts, timeoutMs, signal, clock, now });
  } finally {
    for (const open of opened) await open.close();
  }
}
