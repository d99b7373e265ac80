/** Returns the counters of a service, at zero. */
export function startCounters() {
  return {
    /** TCP connections. */
    connections: 0,
    /** Failed TLS handshakes, including clients without the right certificate. */
    refusedHandshakes: 0,
    requests: 0,
    /** Valid requests that were answered with a signature. */
    signed: 0,
    /** Requests that broke a rule of the wire protocol. */
    refused: 0,
    /** Requests that ended before they were read or answered. */
    aborted: 0,
    /** Requests that were answered in another way, for tests. */
    faulted: 0,
    /** Requests whose nonce had been used before. */
    replays: 0,
    /** Decoded bytes that were signed. */
    signedBytes: 0,
    inFlight: 0,
    mostInFlight: 0,
  };
}

/** The counters of a service. */
export type Counters = ReturnType<typeof startCounters>;

/** Log entry of a request, if the service records. */
export interface RequestEntry {
  readonly index: number;
  readonly method: string;
  readonly path: string;
  readonly nonce: string | undefined;
  readonly timestamp: string | undefined;
  readonly remotePort: number | undefined;
  clientSubject?: string | undefined;
  /** Kind of the fault, for tests. */
  fault?: string | undefined;
  /** Result of the request; `undefined` when a fault came first. */
  verdict?: 'signed' | 'refused' | undefined;
  /** Code of the refusal. */
  code?: string | undefined;
  /** Status of the regular answer, set before it is sent. */
  status?: number | undefined;
  /** Number of decoded bytes, if the body was valid. */
  bytes?: number | undefined;
  /** SHA-256 of the decoded bytes in hex, if the body was valid. */
  sha256?: string | undefined;
}
