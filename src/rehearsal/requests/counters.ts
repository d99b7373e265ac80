/** What a service counted so far. */
export interface Counters {
  /** TCP connections. */
  connections: number;
  /** TLS handshakes that failed, among them those of clients without the right certificate. */
  refusedHandshakes: number;
  requests: number;
  /** Requests that were right in everything and were answered with a signature. */
  signed: number;
  /** Requests that broke a rule of the wire protocol. */
  refused: number;
  /** Requests that ended before they were read or answered. */
  aborted: number;
  /** Requests that a script chose a fault for. */
  faulted: number;
  /** Requests whose nonce had been used before. */
  replays: number;
  /** Decoded bytes that were signed. */
  signedBytes: number;
  inFlight: number;
  mostInFlight: number;
}

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
  fault: string | undefined;
  /** Whether the request was judged, and how; undefined when a fault came first. */
  verdict: 'signed' | 'refused' | undefined;
  /** Code of the refusal. */
  code: string | undefined;
  /** Status of the answer, unless a fault took its place; set before it is sent. */
  status: number | undefined;
  /** Decoded bytes, when the body was right. */
  bytes: number | undefined;
  /** SHA-256 of the decoded bytes in hex, when the body was right. */
  sha256: string | undefined;
}

/** Returns counters at zero. */
export function startCounters(): Counters {
  return {
    connections: 0,
    refusedHandshakes: 0,
    requests: 0,
    signed: 0,
    refused: 0,
    aborted: 0,
    faulted: 0,
    replays: 0,
    signedBytes: 0,
    inFlight: 0,
    mostInFlight: 0,
  };
}
