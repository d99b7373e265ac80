import type { Pki } from './pki.ts';
import type { Intervene } from './requests/handler.ts';
import type { ServerTls } from './server.ts';

/** Options of a service; each has a default. */
export interface ServiceOptions {
  /** An existing PKI, so that a service can restart with the same identity. */
  readonly pki?: Pki;
  /** Port on 127.0.0.1; default: a free one. */
  readonly port?: number;
  readonly appKey?: string;
  readonly appSecret?: string;
  /** Path and query that the request signature covers; default `/api/v1/sign_file`. */
  readonly signPath?: string;
  /** Path before `signPath` that the signature does not cover; default: none. */
  readonly pathPrefix?: string;
  /** Largest deviation of a timestamp in milliseconds; default: five minutes. */
  readonly windowMs?: number;
  /** Clock of the service, in milliseconds since the epoch; default: that of the machine. */
  readonly now?: () => number;
  /** Wait before each regular answer, in milliseconds. */
  readonly delayMs?: number;
  /** True also offers HTTP/2. */
  readonly http2?: boolean;
  /** How long an idle connection is kept; default: until the client closes it. */
  readonly keepAliveTimeoutMs?: number;
  /** Replaces single TLS options, for tests. */
  readonly tls?: Partial<ServerTls>;
  /** True keeps an entry for every request in `log`. */
  readonly record?: boolean;
  /** Answers some requests in another way, for tests. */
  readonly intervene?: Intervene;
  /** Returns false to reset a new TCP connection before TLS; gets the number of earlier connections. */
  readonly acceptConnection?: (index: number) => boolean;
}
