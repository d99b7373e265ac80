import type { X509Certificate } from 'node:crypto';
import { createDiagnosis } from '../../connection/diagnosis/diagnosis.ts';
import { explainRefusal, type OwnCertificate } from '../../connection/diagnosis/own-certificate.ts';
import { missingNames } from '../../connection/diagnosis/server-certificate.ts';
import { AddressBook } from '../../connection/dialling/addresses.ts';
import { createTlsContexts, type TlsContexts } from '../../connection/route.ts';
import { openTransport, type Transport } from '../../connection/transport.ts';
import { type Identity, inspectIdentity, requireIdentity, requireTrust, type Trust } from '../../identity/identity.ts';
import type { AuthoritySettings } from '../../identity/issued/authority.ts';
import { RenewingTransport } from '../../identity/issued/renewing-transport.ts';
import type { ServiceInputs } from '../../inputs/inputs.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import type { ReportBuilder } from '../../report/report.ts';
import { sentence } from '../../report/summary/units.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Signer } from '../../signing/signer.ts';
import { annotate, type Context } from '../context.ts';
import { describeIssued, withIssuer } from '../service/issuing.ts';
import { announceProxy, connectTimeout, parting, withSecureContext, worldOf } from '../service/route.ts';

/** A signer that is ready to use, with its transport. */
export interface OpenService {
  readonly signer: Signer;
  readonly transport: Transport;
  /** SHA-256 of the public key in the client certificate, as hex; `undefined` without one. */
  readonly clientKeySha256: string | undefined;
  /** Most memory for requests in flight, in bytes; `undefined` for the default. */
  readonly maxBytesInFlight: number | undefined;
}

/** Node ends an HTTP/2 session with more than 10 MB of unsent data; a file takes more memory than its body. */
const HTTP2_BYTES_IN_FLIGHT = 16 * 1024 * 1024;

/** Examines certificate, key and chain, logs warnings, and throws if they cannot work; opens no socket. */
export function checkIdentity(
  { runner, now }: Context,
  inputs: ServiceInputs,
  report: ReportBuilder,
): Identity | Trust {
  const { authority, shows } = inputs;
  if (authority) requireTrust(authority.chain, new Date(now()), authority.chainInput);
  if (shows !== 'stored certificate') return requireTrust(inputs.identity.chain, new Date(now()));
  runner.openGroup('Identity');
  const inspection = inspectIdentity(inputs.identity, {
    now: new Date(now()),
    expiryWarningDays: inputs.expiryWarningDays,
  });
  for (const notice of inspection.notices) runner.annotate('notice', 'Credentials tidied', sentence(notice));
  for (const warning of inspection.warnings) runner.annotate('warning', 'Credentials', sentence(warning));
  report.add({ notes: inspection.warnings });
  const identity = requireIdentity(inspection);
  report.add({ certificate: identity.certificate });
  runner.line(`Client certificate: ${identity.certificate.subject}`);
  runner.line(`  issued by ${identity.certificate.issuer}, valid until ${identity.certificate.notAfter}`);
  runner.line(`  SHA-256 ${identity.certificate.sha256}`);
  runner.closeGroup();
  return identity;
}

/** How to reach the service; a rehearsal never leaves this machine. */
export interface ServiceTask {
  readonly inputs: ServiceInputs;
  readonly protocol: Protocol;
  /** Only trust when no certificate is stored. */
  readonly identity: Identity | Trust;
  readonly proxied: 'as the environment says' | 'never';
  /** Time limit of a request, in milliseconds. */
  readonly requestMs: number;
  /** Whether requests are certain, so that a certificate is issued before anything else happens. */
  readonly isNeeded: boolean;
  /** Receives the origin of the service, and warnings about it. */
  readonly report: ReportBuilder;
}

/** Opens a signer for the duration of `use`. */
export function withService<T>(
  context: Context,
  task: ServiceTask,
  use: (service: OpenService) => Promise<T>,
): Promise<T> {
  const { inputs, protocol, identity, proxied, report } = task;
  const { serverUrl: server, authority } = inputs;
  const proxy = proxied === 'never' ? undefined : announceProxy(context, server);
  report.add({ service: server.origin });
  const own = 'certificate' in identity ? identity : undefined;
  let taken: readonly string[] | undefined;
  const onServer = (certificate: X509Certificate, algorithms: readonly string[]): void => {
    const text = taken === undefined ? missingNames(certificate) : undefined;
    taken = algorithms;
    if (text !== undefined) report.add(annotate(context, ['warning', 'Server certificate'], text));
  };
  const open = ({ secureContext, tls12Context }: TlsContexts): Transport => {
    const addressBook = new AddressBook();
    const route = {
      server,
      secureContext,
      tls12Context,
      proxy,
      timeoutMs: connectTimeout(task.requestMs),
      addressBook,
    };
    const diagnosis = createDiagnosis(route, { anchors: identity.anchors, own: own?.certificates, now: context.now });
    return openTransport(route, { protocol: inputs.http, diagnosis, onServer });
  };
  const seen = (): readonly string[] => taken ?? [];
  if (authority) return withIssuedService(context, { task, authority, open, taken: seen }, use);
  return withSecureContext(context, identity, (contexts) => {
    return useService(
      context,
      { inputs, protocol, report, transport: open(contexts), taken: seen, shown: () => own },
      use,
    );
  });
}

interface IssuedTask extends Pick<UseTask, 'taken'> {
  readonly task: ServiceTask;
  readonly authority: AuthoritySettings;
  readonly open: (contexts: TlsContexts) => Transport;
}

/** Opens a signer whose certificates are issued during the run, each with its own TLS context and connections. */
function withIssuedService<T>(
  context: Context,
  { task, authority: settings, open, taken }: IssuedTask,
  use: (service: OpenService) => Promise<T>,
): Promise<T> {
  const { inputs, protocol, identity: trust, isNeeded, report } = task;
  return withIssuer(context, { settings, trust }, async (issuer) => {
    let newest: Identity | undefined;
    const transport = new RenewingTransport({
      now: context.now,
      async obtain(signal) {
        const issued = await issuer.obtain(signal);
        report.add(describeIssued(context, issued, newest ? 'renewed' : 'first'));
        newest = issued;
        const { certificatesPem: cert, keyPem: key, anchorsPem, endsAt } = issued;
        return { transport: open(createTlsContexts({ cert, key, ca: [anchorsPem] })), endsAt };
      },
    });
    try {
      if (isNeeded) await transport.begin(context.signal);
    } catch (error) {
      transport.close();
      throw error;
    }
    return useService(context, { inputs, protocol, report, transport, taken, shown: () => newest }, use);
  });
}

interface UseTask extends Pick<ServiceTask, 'inputs' | 'protocol' | 'report'> {
  readonly transport: Transport;
  /** The signature algorithms for client certificates that the server takes; empty when unknown. */
  readonly taken: () => readonly string[];
  /** The identity of new connections; `undefined` without a certificate. */
  readonly shown: () => Identity | undefined;
}

async function useService<T>(
  context: Context,
  { inputs, protocol, report, transport, taken, shown }: UseTask,
  use: (service: OpenService) => Promise<T>,
): Promise<T> {
  const open = protocol.open(
    transport,
    worldOf(context, (title, text) => report.add(annotate(context, ['warning', title], text))),
  );
  try {
    const signer = namingRefused(open.signer, () => {
      const identity = shown();
      return identity && { identity, server: inputs.serverUrl, taken: taken(), now: new Date(context.now()) };
    });
    const maxBytesInFlight = inputs.http === 'http2' ? HTTP2_BYTES_IN_FLIGHT : undefined;
    const clientKeySha256 = inputs.authority ? undefined : shown()?.certificate.publicKeySha256;
    return await use({ signer, transport, clientKeySha256, maxBytesInFlight });
  } finally {
    await open.close(parting(context));
    transport.close();
  }
}

/** Adds the refused certificate to a signer's failures. */
function namingRefused(signer: Signer, ownNow: () => OwnCertificate | undefined): Signer {
  return {
    sharing: signer.sharing,
    weigh: signer.weigh,
    sign: (source, signal, used) =>
      signer.sign(source, signal, used).catch((error: unknown) => {
        const own = ownNow();
        throw error instanceof Failure && own ? explainRefusal(error, own) : error;
      }),
  };
}
