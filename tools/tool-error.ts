import type { ErrorFacts } from '../src/errors.ts';

/** The error of a tool: a code, a sentence about what happened, and a hint about what to do. No run of the action reports one. */
export class ToolError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.name = 'ToolError';
    this.code = code;
    this.hint = facts.hint;
  }
}
