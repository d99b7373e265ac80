/** Returns the counters of a service, at zero. */
export function startCounters() {
  return {
    /** TCP connections. */
    connections: 0,
    /** TLS handshakes that failed, among them those of clients without the right certificate. */
    refusedHandshakes: 0,
    requests: 0,
    /** Requests that were right in everything and were answered with a signature. */
    signed: 0,
    /** Requests that broke a rule of the wire protocol. */
    refused: 0,
    /** Requests that ended before they were read or answered. */
    aborted: 0,
    /** Requests that a script chose a fault for. */
    faulted: 0,
    /** Requests whose nonce had been used before. */
    replays: 0,
    /** Decoded bytes that were signed. */
    signedBytes: 0,
    inFlight: 0,
    mostInFlight: 0,
  };
}

/** What a service counted so far. */
export type Counters = ReturnType<typeof startCounters>;

/** What is noted of one request when a service records. */
export interface RequestEntry {
  readonly index: number;
  readonly method: string;
  readonly path: string;
  readonly nonce: string | undefined;
  readonly timestamp: string | undefined;
  readonly remotePort: number | undefined;
  readonly clientSubject: string | undefined;
  /** Kind of the fault that a script chose. */
  fault?: string | undefined;
  /** Whether the request was judged, and how; undefined when a fault came first. */
  verdict?: 'signed' | 'refused' | undefined;
  /** Code of the refusal. */
  code?: string | undefined;
  /** Status of the answer, unless a fault took its place; set before it is sent. */
  status?: number | undefined;
  /** Decoded bytes, when the body was right. */
  bytes?: number | undefined;
  /** SHA-256 of the decoded bytes in hex, when the body was right. */
  sha256?: string | undefined;
}
