import { createDiagnosis } from '../../connection/diagnosis/diagnosis.ts';
import { chooseProxy } from '../../connection/proxy/proxy.ts';
import { createTlsContext } from '../../connection/route.ts';
import { openTransport } from '../../connection/transport.ts';
import { requireTrust } from '../../identity/identity.ts';
import { type IssuedIdentity, Issuer } from '../../identity/issued/issuer.ts';
import type { ReportPart } from '../../report/report.ts';
import { sentence } from '../../report/summary/units.ts';
import type { Context } from '../context.ts';
import { CONNECT_TIMEOUT_MS, parting, worldOf } from './route.ts';

/** Opens an issuer for the duration of `use`; the authority is a separate server, which gets no client certificate. */
export async function withIssuer<T>(
  context: Context,
  { settings, trust, onStep }: Pick<ConstructorParameters<typeof Issuer>[0], 'settings' | 'trust' | 'onStep'>,
  use: (issuer: Issuer) => Promise<T>,
): Promise<T> {
  const { now, clock } = context;
  const authority = requireTrust(settings.chain, new Date(now()), settings.chainInput);
  const route = {
    server: settings.url,
    secureContext: createTlsContext({ ca: [authority.anchorsPem] }),
    proxy: chooseProxy(context.runner.facts, settings.url),
    timeoutMs: CONNECT_TIMEOUT_MS,
  };
  const issuer = new Issuer({
    settings,
    trust,
    transport: openTransport(route, { diagnosis: createDiagnosis(route, { anchors: authority.anchors, now }) }),
    world: worldOf(context),
    clock,
    ...(onStep ? { onStep } : {}),
  });
  try {
    return await use(issuer);
  } finally {
    await issuer.close(parting(context));
  }
}

/** Logs an issued certificate, and returns its facts; only the first gets warnings, as all are issued alike. */
export function describeIssued(
  { runner, now }: Context,
  issued: IssuedIdentity,
  nth: 'first' | 'renewed' = 'first',
): ReportPart {
  const { certificate, source, job, endsAt } = issued;
  const warnings = nth === 'first' ? issued.warnings : [];
  const minutes = Math.round((endsAt - now()) / 6000) / 10;
  runner.line(`Client certificate from ${source}, for this run alone: ${certificate.subject}`);
  runner.line(`  issued by ${certificate.issuer}, serial ${certificate.serial}`);
  runner.line(`  valid until ${certificate.notAfter}, ${minutes} min from now`);
  for (const warning of warnings) runner.annotate('warning', 'Issued certificate', sentence(warning));
  return { certificate, certificateSource: source, job, notes: warnings };
}
