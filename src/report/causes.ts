import { type ActionError, codeOf } from '../errors.ts';

/** Longer chains say nothing new; one that leads back to itself has no end. */
const MAX_ERRORS = 10;

/**
 * Lists an error and what is behind it, each as code and message; for a defect of the action, the stack too.
 *
 * The texts are not clean: print them where secrets are masked and line ends escaped.
 */
export function chainOf(error: ActionError): string[] {
  const errors = behind(error);
  const isDefect = error.code === 'INTERNAL';
  return errors.flatMap((each, at) => [
    `${at === 0 ? '' : '  behind it: '}${describe(each)}`,
    ...(isDefect && each instanceof Error ? framesOf(each) : []),
  ]);
}

function behind(error: unknown): unknown[] {
  const found: unknown[] = [];
  const open = [error];
  while (open.length > 0 && found.length < MAX_ERRORS) {
    const next = open.shift();
    if (next === undefined || found.includes(next)) continue;
    found.push(next);
    if (next instanceof AggregateError) open.push(...next.errors);
    if (next instanceof Error) open.push(next.cause);
  }
  return found;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  // The parser quotes part of the text, which may be part of a secret: no mask would know it.
  if (error instanceof SyntaxError) return error.name;
  return `${codeOf(error) ?? error.name}: ${error.message}`;
}

/** The message stands above the frames already, and only there is it sure to be masked as a whole. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => /^ {4}at /.test(line));
}
