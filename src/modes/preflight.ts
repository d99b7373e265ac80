import type { X509Certificate } from 'node:crypto';
import { AddressBook } from '../connection/dialling/addresses.ts';
import { type ConnectProxy, chooseProxy } from '../connection/proxy/proxy.ts';
import { createTlsContext, createTlsContexts, type Route } from '../connection/route.ts';
import { ActionError, toActionError } from '../errors.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import { trustIn } from '../identity/identity.ts';
import type { AuthoritySettings, Step } from '../identity/issued/authority.ts';
import { readAnchors } from '../identity/material/anchors.ts';
import { factsOf } from '../identity/material/certificate.ts';
import { NOWHERE } from '../inputs/address-fields.ts';
import type { PreflightInputs } from '../inputs/inputs.ts';
import { type Finding, failed, notChecked, passed, warned } from '../preflight/finding.ts';
import { checkChainText, checkIdentityText, type IdentityCheck } from '../preflight/identity-findings.ts';
import { skipService } from '../preflight/preflight.ts';
import { renderManifest } from '../report/manifest.ts';
import type { ReportBuilder, ReportPart } from '../report/report.ts';
import type { Context } from './context.ts';
import { describeIssued, withIssuer } from './service/issuing.ts';
import { look } from './service/look.ts';
import { connectTimeout, withSecureContext } from './service/route.ts';
import { lookAtAuthorities } from './stages/own/timestamp.ts';
import { makeOwnDirectory } from './stages/release.ts';

/** Checks whether a release could be signed now, and lists every obstacle; reads no file of the release. */
export async function preflight(context: Context, inputs: PreflightInputs, report: ReportBuilder): Promise<void> {
  const { signal, clock, startedAt, now, processId, patience } = context;
  const { service, verification } = inputs;
  const dates = { now: new Date(now()), expiryWarningDays: service.expiryWarningDays };
  const isStored = service.shows === 'stored certificate';
  const identity = isStored
    ? checkIdentityText(service.identity, dates)
    : checkChainText(service.identity.chain, dates);
  report.add({
    verification,
    certificate: identity.leaf && factsOf(identity.leaf),
    findings: [...describeInputs(context, inputs), ...identity.findings],
  });
  report.add(await lookAtService(context, inputs, identity));
  signal.throwIfAborted();
  report.add({ findings: await lookAtAuthorities(context, inputs.timestamp) });
  signal.throwIfAborted();
  report.add({ durationMs: clock.now() - startedAt });
  const tree = new OutputTree(makeOwnDirectory(context), processId);
  await patience.write('manifest.json', () =>
    tree.write(
      'manifest.json',
      renderManifest(report.build(), { createdAt: new Date(now()), scrub: context.runner.scrub }),
    ),
  );
  report.add({ manifest: tree.locate('manifest.json') });
}

function describeInputs({ runner }: Context, { problems }: PreflightInputs): Finding[] {
  const own = problems.map((problem) => failed('inputs', problem));
  const { suspiciousVariables } = runner.facts;
  const environment = `the environment sets ${suspiciousVariables.join(', ')}; this action verifies the server all the same, other steps may not`;
  return [
    ...(own.length > 0 ? own : [passed('inputs', 'every other input is valid')]),
    ...(suspiciousVariables.length > 0 ? [warned('environment', environment)] : []),
  ];
}

async function lookAtService(
  context: Context,
  inputs: PreflightInputs,
  { inspection }: IdentityCheck,
): Promise<ReportPart> {
  const { serverUrl: server, shows, authority } = inputs.service;
  if (server === NOWHERE) return { findings: skipService('server-url cannot be used') };
  const service = server.origin;
  let proxy: ConnectProxy | undefined;
  try {
    proxy = chooseProxy(context.runner.facts, server);
  } catch (error) {
    const problem = toActionError(error, 'PROXY_UNUSABLE', 'the proxy of the environment cannot be used');
    const skipped = skipService('the proxy of the environment cannot be used');
    return { service, findings: [failed('proxy', problem), ...skipped] };
  }
  const way = { server, proxy, timeoutMs: connectTimeout(inputs.effort.timeoutMs), addressBook: new AddressBook() };
  if (authority) return lookIssued(context, { inputs, settings: authority, way });
  if (shows === 'issued certificate') return lookWithoutIdentity(context, { inputs, way, obstacle: UNISSUED });
  if (shows === 'no certificate') return lookWithoutIdentity(context, { inputs, way });
  const { identity } = inspection;
  if (identity === undefined) return lookWithoutIdentity(context, { inputs, way, obstacle: UNUSABLE });
  try {
    return await withSecureContext(context, identity, (contexts) =>
      look(context, inputs, { route: { ...contexts, ...way }, identity, anchors: identity.anchors }),
    );
  } catch (error) {
    if (!(error instanceof ActionError) || error === context.signal.reason) throw error;
    return behind([failed('key', error)], await lookWithoutIdentity(context, { inputs, way, obstacle: UNUSABLE }));
  }
}

const UNUSABLE = 'the client identity cannot be used';
const UNISSUED = 'no certificate was issued';

interface Way {
  readonly inputs: PreflightInputs;
  /** The route without its TLS context. */
  readonly way: Omit<Route, 'secureContext'>;
  /** Why the required client certificate is not presented. */
  readonly obstacle?: string;
}

/** Examines the service without a client certificate. */
function lookWithoutIdentity(context: Context, { inputs, way, obstacle }: Way): Promise<ReportPart> {
  const anchors = anchorsOf(inputs);
  const { anchorsPem } = trustIn(anchors, new Date(context.now()));
  const route = { ...way, secureContext: createTlsContext({ ca: anchorsPem === '' ? [] : [anchorsPem] }) };
  return look(context, inputs, { route, identity: undefined, obstacle, anchors });
}

/** Obtains a certificate step by step, and examines the service with it, or without it when a step failed. */
async function lookIssued(
  context: Context,
  { inputs, way, settings }: Way & { readonly settings: AuthoritySettings },
): Promise<ReportPart> {
  const { clock, signal, now } = context;
  const steps: Finding[] = [];
  let since = clock.now();
  const onStep = ({ check, what }: Step): void => {
    steps.push(passed(check, what, clock.now() - since));
    since = clock.now();
  };
  const anchors = anchorsOf(inputs);
  let failure: ActionError | undefined;
  const found = await withIssuer(
    context,
    { settings, trust: trustIn(anchors, new Date(now())), onStep },
    async (issuer) => {
      const issued = await issuer.obtain(signal);
      const { certificatesPem: cert, keyPem: key, anchorsPem, warnings } = issued;
      const route = { ...way, ...createTlsContexts({ cert, key, ca: [anchorsPem] }) };
      const { notes: _, ...facts } = describeIssued(context, issued);
      const findings = [...steps, ...warnings.map((text) => warned('client use', text))];
      return { ...facts, ...behind(findings, await look(context, inputs, { route, identity: issued, anchors })) };
    },
  ).catch((error: unknown) => {
    if (!(error instanceof ActionError) || signal.aborted) throw error;
    failure = error;
    return undefined;
  });
  if (found || failure === undefined) return found ?? {};
  const findings = [...steps, ...describeBroken(settings, steps, { failure, ms: clock.now() - since })];
  return behind(findings, await lookWithoutIdentity(context, { inputs, way, obstacle: UNISSUED }));
}

/** Returns the failed step, and the steps after it as not checked. */
function describeBroken(
  { from }: AuthoritySettings,
  done: readonly Finding[],
  { failure, ms }: { readonly failure: ActionError; readonly ms: number },
): readonly Finding[] {
  const all: readonly Step['check'][] = [
    'OIDC token',
    'token claims',
    ...(from === 'vault' ? ['login' as const] : []),
    'certificate',
  ];
  const [broken = 'certificate', ...others] = all.filter((each) => done.every(({ check }) => check !== each));
  return [failed(broken, failure, ms), ...others.map((each) => notChecked(each, 'a step before it failed; see above'))];
}

function anchorsOf({ service }: PreflightInputs): readonly X509Certificate[] {
  return readAnchors(service.identity.chain).certificates.map(({ x509 }) => x509);
}

/** Puts findings in front of those of a later stage. */
function behind(first: readonly Finding[], { findings = [], ...others }: ReportPart): ReportPart {
  return { ...others, findings: [...first, ...findings] };
}
