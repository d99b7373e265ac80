import { isIP } from 'node:net';
import {
  createSecureContext,
  getCACertificates,
  rootCertificates,
  type SecureContext,
  type SecureVersion,
} from 'node:tls';
import { Failure } from '../signing/policy/failure.ts';
import type { AddressBook, Attempts } from './dialling/addresses.ts';
import { NO_TUNNEL } from './exchange-progress.ts';
import { type ConnectProxy, nameProxy } from './proxy/proxy.ts';

/** Address of a service and how to connect to it. */
export interface Route {
  /** An https URL, of which only the origin is used. */
  readonly server: URL;
  /** The client's identity and the trust anchors; shared by all connections. */
  readonly secureContext: SecureContext;
  /** Builds the same context for at most TLS 1.2, for a server that asks for the certificate after the request. */
  readonly tls12Context?: (() => SecureContext) | undefined;
  readonly proxy?: ConnectProxy | undefined;
  /** Longest time for name look-up, TCP, proxy and handshake together, in milliseconds. */
  readonly timeoutMs: number;
  /** The host's known addresses for all dials of this route; absent for a single dial. */
  readonly addressBook?: AddressBook | undefined;
}

/** Key and certificates as PEM. */
interface TlsMaterial {
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  /** Trust anchors. */
  readonly ca: readonly (string | Buffer)[];
  /** Newest version of TLS to speak; TLS 1.3 when absent. */
  readonly maxVersion?: SecureVersion | undefined;
}

/**
 * Groups for the key exchange, with a share of the first one in the first message. A share of a post-quantum group
 * would make the message longer than a packet, which breaks old firewalls and servers; a server that wants such a group
 * asks for it.
 */
const GROUPS = 'X25519:P-256:P-384:P-521:X448:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192:X25519MLKEM768';

/** Builds the TLS context of all connections; with a context for each, 100 of them would take a quarter longer. */
export function createTlsContext({ cert, key, passphrase, ca, maxVersion }: TlsMaterial): SecureContext {
  return createSecureContext({
    cert,
    key,
    ca: [...ca],
    minVersion: 'TLSv1.2',
    maxVersion: maxVersion ?? 'TLSv1.3',
    ecdhCurve: GROUPS,
    // Each certificate of `chain` is an anchor, so that a lone intermediate or the server's own certificate works.
    allowPartialTrustChain: true,
    // Node refuses an undefined passphrase with an encrypted key.
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

/** TLS contexts of an identity. */
export type TlsContexts = Pick<Route, 'secureContext' | 'tls12Context'>;

/** Builds the TLS context of all connections, and a function for the TLS 1.2 context, if a server needs it. */
export function createTlsContexts({ cert, key, passphrase, ca }: TlsMaterial): TlsContexts {
  return {
    secureContext: createTlsContext({ cert, key, passphrase, ca }),
    tls12Context: () => createTlsContext({ cert, key, passphrase, ca, maxVersion: 'TLSv1.2' }),
  };
}

/** Builds a TLS context for public servers, which trusts the system's roots and these anchors. */
export function createWebContext(anchors: readonly string[]): SecureContext {
  return createTlsContext({ ca: [...getCACertificates('default'), ...anchors] });
}

/** Returns Node's bundled roots as PEM, independent of the environment. */
export function bundledRoots(): readonly string[] {
  return rootCertificates;
}

/** Returns host and port of a URL; an IPv6 address has no brackets. */
export function targetOf(server: URL): { readonly hostname: string; readonly port: number } {
  return { hostname: server.hostname.replace(/^\[|\]$/g, ''), port: Number(server.port || 443) };
}

/** Returns the options for the name that a server's certificate must have. */
export function peerName(hostname: string): { readonly host: string; readonly servername?: string } {
  // Neither Node nor TLS allows an address as server name; the certificate is still matched against `host`. The final
  // dot of an absolute name is not part of a server name (RFC 6066, section 3).
  return isIP(hostname) === 0 ? { host: hostname, servername: hostname.replace(/\.$/, '') } : { host: hostname };
}

/** How far a dial has come: TCP or a tunnel is not open yet, it is open, or the server has begun the handshake. */
export type DialStage = 'connecting' | 'connected' | 'begun';

/** Returns how far a dial has come, by when TCP or the tunnel was open and whether the server has sent what the keys are made of. */
export function stageOf(connectedAt: number | undefined, hasKeys: boolean): DialStage {
  if (connectedAt === undefined) return 'connecting';
  return hasKeys ? 'begun' : 'connected';
}

/** Returns the error of a dial that took too long, for TLS or for TCP, with the result of each of several addresses. */
export function dialTimeout(route: Route, attempts: Attempts, stage: DialStage): Error {
  return stage === 'connecting' ? connectTimeout(route, attempts) : handshakeTimeout(route, stage);
}

function connectTimeout({ server, timeoutMs }: Route, attempts: Attempts): Error {
  const error = attempts.giveUp();
  // An address of IPv6 has words of its own, also when it is the only one.
  if (error instanceof AggregateError || (error && isIP(attempts.current ?? '') === 6)) return error;
  const { hostname, port } = targetOf(server);
  const { current } = attempts;
  const where = current === undefined || current === hostname ? '' : ` (${current})`;
  const sentence = `No connection to ${hostname}:${port}${where} within ${timeoutMs / 1000} s.`;
  return new Failure('service', 'CONNECT_TIMEOUT', sentence, { hint: NO_PACKETS, unreached: 'no connection was made' });
}

/** What to do about a host that does not answer. */
export const NO_PACKETS =
  "Ask the operators of the runner's network whether the runner may reach the service directly: a firewall that drops packets looks like this. Where only a proxy may, https_proxy must name that proxy, and no_proxy must not cover the host.";

function handshakeTimeout({ server, proxy, timeoutMs }: Route, stage: DialStage): Failure {
  const { hostname, port } = targetOf(server);
  const stands = proxy ? `${nameProxy(proxy)} opened a tunnel` : 'TCP is connected';
  const came =
    stage === 'begun' ? 'the server did not complete the TLS handshake' : 'no answer to the TLS handshake came';
  const sentence = `${server.origin}: ${stands}, but ${came} within ${timeoutMs / 1000} s.`;
  const silent = stage === 'begun' ? STALLED_SERVER : SILENT_SERVER;
  return new Failure('service', 'CONNECT_TIMEOUT', sentence, {
    hint: proxy ? silentTunnel(`${hostname}:${port}`) : silent,
    unreached: proxy ? NO_TUNNEL : 'no TLS connection was made',
  });
}

const SILENT_SERVER =
  "Ask the operators of the service first: the server, or a balancer in front of it, takes connections and hangs. If neither sees a connection of this runner, ask the operators of the runner's network: a firewall may take connections in place of the server, or a VPN may lose large packets (MTU).";
const STALLED_SERVER =
  "Ask the operators of the service first: the server began the handshake and hangs, for example while it checks the client certificate. If its log shows nothing, ask the operators of the runner's network: a VPN that loses large packets (MTU) looks like this.";

/** What to do about a tunnel in which nothing answers. */
function silentTunnel(target: string): string {
  return `Ask the operators of the proxy whether it reaches ${target}: a proxy that opens tunnels before it reaches the service, or that opens TLS itself, looks like this when it hangs. If the proxy does reach the service, ask the operators of the service: the server, or a balancer in front of it, hangs.`;
}
