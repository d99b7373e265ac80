import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Failure } from '../signing/policy/failure.ts';
import type { ConnectProxy } from './proxy.ts';

/** Where a service is and how a connection to it is made. */
export interface Route {
  /** An https URL; only its origin counts. */
  readonly server: URL;
  /** The client's identity and the trust anchors; one for all connections. */
  readonly secureContext: SecureContext;
  readonly proxy?: ConnectProxy | undefined;
  /** Longest time for name look-up, TCP, proxy and handshake together, in milliseconds. */
  readonly timeoutMs: number;
}

/** Key and certificates as PEM. */
export interface TlsMaterial {
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  /** Trust anchors. */
  readonly ca: readonly (string | Buffer)[];
}

/** Builds the one TLS context that all connections share: with a context each, 100 connections cost a quarter more. */
export function createTlsContext({ cert, key, passphrase, ca }: TlsMaterial): SecureContext {
  return createSecureContext({
    cert,
    key,
    ca: [...ca],
    minVersion: 'TLSv1.2',
    // Each certificate of `chain` is an anchor, so that a lone intermediate or the server's own certificate works.
    allowPartialTrustChain: true,
    // Node refuses an undefined passphrase beside an encrypted key.
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

/** Host and port that a connection leads to. */
export interface Target {
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
}

/** Returns the host and port that a URL leads to. */
export function targetOf(server: URL): Target {
  return { hostname: server.hostname.replace(/^\[|\]$/g, ''), port: Number(server.port || 443) };
}

/** Returns the options that say which name a server's certificate must bear. */
export function peerName(hostname: string): { readonly host: string; readonly servername?: string } {
  // Neither Node nor TLS allows an address as server name; the certificate is still matched against `host`.
  // An absolute name ends in a dot, which is no part of a server name (RFC 6066, section 3).
  return isIP(hostname) === 0 ? { host: hostname, servername: hostname.replace(/\.$/, '') } : { host: hostname };
}

/** Returns the failure of a connection that took too long. */
export function connectTimeout({ server, timeoutMs }: Route): Failure {
  const { hostname, port } = targetOf(server);
  const sentence = `No connection to ${hostname}:${port} within ${timeoutMs / 1000} s.`;
  return new Failure('service', 'CONNECT_TIMEOUT', sentence, {
    hint: 'A firewall that drops packets looks like this. Check that the runner may reach the service.',
  });
}
