import { ActionError } from '../errors.ts';

/** Values that could be read, and the problems of those that could not. */
export interface Findings<Value> {
  readonly values: readonly Value[];
  readonly problems: readonly ActionError[];
}

/** Separates what was read from what was found wrong, each in its order. */
export function separate<Value>(results: readonly (Value | ActionError)[]): Findings<Value> {
  const values: Value[] = [];
  const problems: ActionError[] = [];
  for (const result of results) {
    if (result instanceof ActionError) problems.push(result);
    else values.push(result);
  }
  return { values, problems };
}
