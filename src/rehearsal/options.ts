import type { Script } from './faults/faults.ts';
import type { Pki } from './pki.ts';
import type { ServerTls } from './server.ts';

/** How a service differs from the ordinary one; every part has a default. */
export interface ServiceOptions {
  /** A PKI made before, so that a service can come back under the same identity. */
  readonly pki?: Pki;
  /** Port on 127.0.0.1; default: a free one. */
  readonly port?: number;
  readonly appKey?: string;
  readonly appSecret?: string;
  /** Path and query that the request signature covers; default `/api/v1/sign_file`. */
  readonly signPath?: string;
  /** Path ahead of it that the signature does not cover; default none. */
  readonly pathPrefix?: string;
  /** How far a timestamp may be off; default five minutes. */
  readonly windowMs?: number;
  /** How far the service's clock is ahead of the machine's. */
  readonly clockOffsetMs?: number;
  /** The machine's clock. */
  readonly now?: () => number;
  /** Wait before each regular answer. */
  readonly delayMs?: number;
  /** True offers HTTP/2 beside HTTP/1.1. */
  readonly http2?: boolean;
  /** How long an idle connection is kept; default: as long as the client likes. */
  readonly keepAliveTimeoutMs?: number;
  /** Replaces single facts of the TLS side, for tests. */
  readonly tls?: Partial<ServerTls>;
  /** True keeps an entry for every request in `log`. */
  readonly record?: boolean;
  /** Faults for requests. */
  readonly script?: Script;
  /** Resets a new TCP connection ahead of TLS when it returns false; gets the number of connections before. */
  readonly acceptConnection?: (index: number) => boolean;
}
