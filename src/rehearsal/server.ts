import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttpsServer, type Server } from 'node:https';
import type { SecureVersion, TlsOptions } from 'node:tls';

const HTTP2_WINDOW_BYTES = 1024 * 1024;

/** The TLS side of a service. */
export interface ServerTls {
  /** PEM, leaf first. */
  readonly cert: string;
  readonly key: string;
  /** PEM of the authority that must have issued the clients' certificates. */
  readonly clientAuthority: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** Options of a server. */
interface ServerOptions {
  readonly tls: ServerTls;
  /** True also offers HTTP/2. */
  readonly http2: boolean;
  /** How long an idle connection is kept in milliseconds; 0: until the client closes it. */
  readonly keepAliveTimeoutMs: number;
}

/** Handles a request of either protocol version. */
export type Handler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** Creates the server without listening. The handshake requires a valid client certificate, and no timer ends a slow upload. */
export function createServer(options: ServerOptions, handler: Handler): Server | Http2SecureServer {
  const tls: TlsOptions = {
    cert: options.tls.cert,
    key: options.tls.key,
    ca: options.tls.clientAuthority,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: options.tls.minVersion ?? 'TLSv1.2',
    maxVersion: options.tls.maxVersion ?? 'TLSv1.3',
  };
  if (!options.http2) {
    const timeouts = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: options.keepAliveTimeoutMs };
    return createHttpsServer({ ...tls, ...timeouts }, handler);
  }
  const server = createSecureServer({ ...tls, allowHTTP1: true, settings: { initialWindowSize: HTTP2_WINDOW_BYTES } });
  server.on('session', (session) => session.setLocalWindowSize(16 * HTTP2_WINDOW_BYTES));
  server.on('request', handler);
  return server;
}
