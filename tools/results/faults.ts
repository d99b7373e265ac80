/** A step of an upload, download or deletion at which the results service can be told to fail. */
export type FaultPoint = 'create' | 'block' | 'commit' | 'finalize' | 'list' | 'sign-url' | 'download' | 'delete';

type FaultKind =
  /** An HTTP status with a message; a status below 400 makes an answer that is well-formed and says `ok: false`. */
  | { readonly kind: 'status'; readonly status: number; readonly message?: string }
  /** The connection is cut without an answer. */
  | { readonly kind: 'drop' }
  /** The request is served, and its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** Nothing happens for this long (ms), then the request is served; a service that stops meanwhile cuts the connection. */
  | { readonly kind: 'stall'; readonly ms: number };

/** One fault: where, on which passes, and what. */
export type Fault = FaultKind & {
  readonly at: FaultPoint;
  /** The first pass that fails, counted from 1; 1 when absent. */
  readonly nth?: number;
  /** How many passes fail; one when absent, `Infinity` for all from there on. */
  readonly times?: number;
};

/** What GitHub answers when an account has used up its storage; the artifact client knows it by its words. */
export const QUOTA_EXCEEDED: Fault = {
  at: 'create',
  kind: 'status',
  status: 403,
  message: 'Create Artifact: Artifact storage quota has been hit: insufficient usage to create artifact',
};

/** Returns a function that counts the passes of a point and returns the fault, if any, that hits this pass. */
export function planFaults(faults: readonly Fault[]): (point: FaultPoint) => Fault | undefined {
  const passes = new Map<FaultPoint, number>();
  return (point) => {
    const pass = (passes.get(point) ?? 0) + 1;
    passes.set(point, pass);
    return faults.find(({ at, nth = 1, times = 1 }) => at === point && pass >= nth && pass < nth + times);
  };
}
