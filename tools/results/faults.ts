/** A step of an upload, download or deletion at which the results service can fail on request. */
export type FaultPoint = 'create' | 'block' | 'commit' | 'finalize' | 'list' | 'sign-url' | 'download' | 'delete';

type FaultKind =
  /** An HTTP status with a message; with a status below 400, a valid answer with `ok: false`. */
  | { readonly kind: 'status'; readonly status: number; readonly message?: string }
  /** The connection is cut without an answer. */
  | { readonly kind: 'drop' }
  /** The request is served, and its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** The request is served after this time in milliseconds; if the service stops first, the connection is cut. */
  | { readonly kind: 'stall'; readonly ms: number };

/** A fault: where, in which passes, and of which kind. */
export type Fault = FaultKind & {
  readonly at: FaultPoint;
  /** The first pass that fails, counted from 1; 1 when absent. */
  readonly nth?: number;
  /** Number of passes that fail; one when absent, `Infinity` for all further passes. */
  readonly times?: number;
};

/** GitHub's answer when an account has used up its storage; the artifact client recognises its text. */
export const QUOTA_EXCEEDED: Fault = {
  at: 'create',
  kind: 'status',
  status: 403,
  message: 'Create Artifact: Artifact storage quota has been hit: insufficient usage to create artifact',
};

/** Returns a function that counts the passes of a point and returns the fault for the current pass, if any. */
export function planFaults(faults: readonly Fault[]): (point: FaultPoint) => Fault | undefined {
  const passes = new Map<FaultPoint, number>();
  return (point) => {
    const pass = (passes.get(point) ?? 0) + 1;
    passes.set(point, pass);
    return faults.find(({ at, nth = 1, times = 1 }) => at === point && pass >= nth && pass < nth + times);
  };
}
