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
  /** PEM of the authority that clients must have their certificate from. */
  readonly clientAuthority: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** How a server speaks. */
export interface ServerOptions {
  readonly tls: ServerTls;
  /** True offers HTTP/2 beside HTTP/1.1. */
  readonly http2: boolean;
  /** How long an idle connection is kept, 0 for as long as the client likes. */
  readonly keepAliveTimeoutMs: number;
}

/** Takes one request of either protocol version. */
export type Handler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** Creates the server, not yet listening: a client certificate is demanded and checked in the handshake, and no timer ends a slow upload. */
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
