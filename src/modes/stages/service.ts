import { readFileSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import { createDiagnosis } from '../../connection/diagnosis/diagnosis.ts';
import { explainRefusal } from '../../connection/diagnosis/own-certificate.ts';
import { missingNames } from '../../connection/diagnosis/server-certificate.ts';
import { type ConnectProxy, chooseProxy } from '../../connection/proxy.ts';
import { createTlsContext } from '../../connection/route.ts';
import { openTransport, type Transport } from '../../connection/transport.ts';
import { type CredentialPaths, withCredentials } from '../../identity/credentials.ts';
import {
  type Identity,
  inspectIdentity,
  missingIssuerHint,
  requireIdentity,
  requireTrust,
  type Trust,
} from '../../identity/identity.ts';
import { isBlank } from '../../identity/text/inputs.ts';
import type { ServiceInputs } from '../../inputs/inputs.ts';
import type { Protocol, ProtocolWorld } from '../../protocols/protocol.ts';
import type { ReportBuilder } from '../../report/report.ts';
import { sentence } from '../../report/summary/units.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Signer } from '../../signing/signer.ts';
import type { Context } from '../context.ts';

/** A signer that is ready to use, and what it works with. */
export interface OpenService {
  readonly signer: Signer;
  readonly transport: Transport;
  /** SHA-256 of the public key in the client certificate, as hex; `undefined` without one. */
  readonly clientKeySha256: string | undefined;
  /** Most memory that requests in flight may take, in bytes; `undefined` for the usual. */
  readonly maxBytesInFlight: number | undefined;
}

/** Node ends an HTTP/2 session that holds more than 10 MB of what was written; a file takes more memory than its body. */
const HTTP2_BYTES_IN_FLIGHT = 16 * 1024 * 1024;

/** Examines certificate, key and chain, tells what is odd about them, and refuses what cannot work; opens no socket. */
export function checkIdentity(
  { runner, now }: Context,
  { inputs, protocol }: Pick<ServiceTask, 'inputs' | 'protocol'>,
  report: ReportBuilder,
): Identity | Trust {
  const { cert, key, chain } = inputs.identity;
  if (protocol.certificate === 'optional' && isBlank(cert) && isBlank(key)) return requireTrust(chain, new Date(now()));
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

/** How the service is reached: rehearsals never leave this machine. */
export interface ServiceTask {
  readonly inputs: ServiceInputs;
  readonly protocol: Protocol;
  /** Trust alone where the protocol needs no client certificate and none is given. */
  readonly identity: Identity | Trust;
  readonly proxied: 'as the environment says' | 'never';
  /** Gets the origin of the service, and what is odd about it while it signs. */
  readonly report: ReportBuilder;
}

/** Longest time for name look-up, TCP, proxy and handshake together. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Opens a signer for the duration of `use`. */
export function withService<T>(
  context: Context,
  task: ServiceTask,
  use: (service: OpenService) => Promise<T>,
): Promise<T> {
  const { inputs, protocol, identity, proxied, report } = task;
  const { serverUrl: server, http } = inputs;
  const proxy = proxied === 'never' ? undefined : announceProxy(context, server);
  report.add({ service: server.origin });
  return withSecureContext(context, identity, async (secureContext) => {
    const route = { server, secureContext, proxy, timeoutMs: CONNECT_TIMEOUT_MS };
    const transport = openTransport(route, {
      protocol: http,
      diagnosis: createDiagnosis(route, { anchors: identity.anchors, now: context.now }),
      onServer: (certificate) => warn(context, report, ['Server certificate', missingNames(certificate)]),
    });
    const open = protocol.open(
      transport,
      worldOf(context, (title, text) => warn(context, report, [title, text])),
    );
    try {
      const signer = 'certificate' in identity ? namingRefused(open.signer, identity) : open.signer;
      const maxBytesInFlight = http === 'http2' ? HTTP2_BYTES_IN_FLIGHT : undefined;
      const clientKeySha256 = 'certificate' in identity ? identity.certificate.publicKeySha256 : undefined;
      return await use({ signer, transport, clientKeySha256, maxBytesInFlight });
    } finally {
      await open.close();
      transport.close();
    }
  });
}

/** Makes a signer's failures say which certificate a server refused. */
function namingRefused(signer: Signer, identity: Identity): Signer {
  const own = { certificate: identity.certificate, missingIssuerHint: missingIssuerHint(identity) };
  return {
    sign: (source, signal) =>
      signer.sign(source, signal).catch((error: unknown) => {
        throw error instanceof Failure ? explainRefusal(error, own) : error;
      }),
  };
}

function announceProxy(context: Context, server: URL): ConnectProxy | undefined {
  const proxy = proxyFor(context, server);
  if (proxy) context.runner.line(`Through the proxy ${proxy.url.origin}`);
  return proxy;
}

/** Picks the proxy of the environment and masks its credentials; throws `PROXY_UNUSABLE`. */
export function proxyFor({ runner }: Context, server: URL): ConnectProxy | undefined {
  const proxy = chooseProxy(runner.facts, server);
  if (proxy?.authorization) runner.mask(credentialsIn(proxy.authorization));
  return proxy;
}

/** The credentials as the proxy gets them and as they stand in the variable; a short password would mask innocent text. */
function credentialsIn(authorization: string): string[] {
  const encoded = authorization.replace(/^Basic /, '');
  const password = Buffer.from(encoded, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
  const forms = password.length < 8 ? [] : [password, encodeURIComponent(password)];
  return [authorization, encoded, ...forms];
}

/** Builds the TLS context of an identity; its files lie on disk only meanwhile. */
export function withSecureContext<T>(
  { runner }: Context,
  identity: Identity | Trust,
  use: (secureContext: SecureContext) => Promise<T>,
): Promise<T> {
  if (!('keyPem' in identity)) return use(createTlsContext({ ca: [identity.anchorsPem] }));
  const announce = (directory: string): void => runner.saveState('credentials', directory);
  const build = (paths: CredentialPaths): SecureContext =>
    createTlsContext({
      cert: readFileSync(paths.certificates),
      key: readFileSync(paths.key),
      ca: [readFileSync(paths.anchors)],
      passphrase: paths.passphrase,
    });
  return withCredentials(identity, { runnerTemp: runner.facts.temporaryDirectory, announce, build }, use);
}

/** Returns what a protocol may use of this run. */
export function worldOf({ runner, now, clock, randomInt }: Context, onWarning: ProtocolWorld['warn']): ProtocolWorld {
  return {
    now,
    elapsed: () => clock.now(),
    randomInt,
    warn: onWarning,
    scrub: runner.scrub,
    mask: (secret) => runner.mask([secret]),
    drawIdToken: (audience) => runner.drawIdToken(audience),
  };
}

function warn(
  { runner }: Context,
  report: ReportBuilder,
  [title, text]: readonly [title: string, text: string | undefined],
): void {
  if (text === undefined) return;
  runner.annotate('warning', title, text);
  report.add({ notes: [text] });
}
