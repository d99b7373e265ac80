import type { Code } from '../codes.ts';
import type { ActionError } from '../errors.ts';

/** Result of one check. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failure';
  /** One sentence or more about what was found. */
  readonly what: string;
  /** What the reader should do now. */
  readonly todo?: string | undefined;
  /** Stable code of a failure. */
  readonly code?: Code | undefined;
  /** True when the check could not run because of another finding. */
  readonly notChecked?: boolean;
  /** Duration in milliseconds. */
  readonly ms: number;
}

/** Reports a check that passed. */
export function passed(check: string, what: string, ms = 0): Finding {
  return { check, level: 'ok', what, ms };
}

/** Reports a check that passed but needs attention soon. */
export function warned(check: string, what: string, todo?: string): Finding {
  return { check, level: 'warning', what, todo, ms: 0 };
}

/** Reports a check that failed. */
export function failed(check: string, error: ActionError, ms = 0): Finding {
  return { check, level: 'failure', what: error.message, todo: error.hint || undefined, code: error.code, ms };
}

/** Reports a check that could not run. */
export function notChecked(check: string, reason: string): Finding {
  return { check, level: 'warning', what: `not checked: ${reason}`, notChecked: true, ms: 0 };
}
