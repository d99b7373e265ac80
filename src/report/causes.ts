import { ActionError, codeOf } from '../errors.ts';
import type { Finding } from '../preflight/finding.ts';
import { Failure } from '../signing/policy/failure.ts';
import type { Report } from './report.ts';

/** A kind of failure and the files that it affected. */
export interface Cause {
  readonly error: ActionError;
  /** Affected files; empty for a failure of the run. */
  readonly paths: readonly string[];
  /** Effort for the first of them, or for the run; `undefined` without a request to the service. */
  readonly effort: Effort | undefined;
}

/** Attempts for a file or requests of a run, and the time since the first one. */
interface Effort {
  readonly count: number;
  readonly of: 'tries' | 'requests';
  readonly elapsedMs: number;
}

/** Groups failures by their code: the failure of the run first, then findings, then the most frequent. */
export function causesOf({ outcomes, failure, findings, requests, durationMs }: Report): Cause[] {
  const causes = new Map<string, Cause & { readonly paths: string[] }>();
  // When every file was signed, something later failed, such as the upload, and no request was wasted.
  const isDone = outcomes.length > 0 && outcomes.every(({ status }) => status === 'signed' || status === 'reused');
  const effort = isDone ? undefined : effortOf(requests, 'requests', durationMs);
  if (failure) causes.set(failure.code, { error: failure, paths: [], effort });
  for (const { error, file, status, attempts, elapsedMs } of outcomes) {
    if (error === undefined || status !== 'failed') continue;
    // The failure of the run says what these files have in common.
    const isUnfit = error.code === 'SIGNATURE_INVALID' && isAboutSignatures(failure);
    // A failure of the run is not the fault of the file that met it first.
    if (error.code === failure?.code && isOfRun(failure) && !isUnfit) continue;
    const of = isUnfit ? failure.code : error.code;
    const cause = causes.get(of) ?? { error, paths: [], effort: effortOf(attempts, 'tries', elapsedMs) };
    cause.paths.push(file.path);
    causes.set(of, cause);
  }
  const rank = ({ error, paths }: Cause): number => (error === failure ? Number.POSITIVE_INFINITY : paths.length);
  const grouped = [...causes.values()].sort((a, b) => rank(b) - rank(a));
  const found = findings.filter(({ level }) => level === 'failure').map(toCause);
  return failure ? [...grouped.slice(0, 1), ...found, ...grouped.slice(1)] : [...found, ...grouped];
}

/** Tells whether a failure says that no file can be signed. */
function isOfRun(failure: ActionError): boolean {
  return failure instanceof Failure && (failure.kind === 'config' || failure.facts.endsRun !== undefined);
}

/** Tells whether a failure says that no signature of the run was valid. */
function isAboutSignatures(failure: ActionError | undefined): failure is Failure {
  return failure instanceof Failure && failure.facts.endsRun === 'verify-key' && failure.kind === 'config';
}

function effortOf(count: number, of: Effort['of'], elapsedMs: number): Effort | undefined {
  return count > 0 ? { count, of, elapsedMs } : undefined;
}

function toCause({ code, what, todo }: Finding): Cause {
  return { error: new ActionError(code ?? 'CHECK_FAILED', what, { hint: todo ?? '' }), paths: [], effort: undefined };
}

/** Longest chain that is listed; longer ones add nothing, and a circular one has no end. */
const MAX_ERRORS = 10;

/**
 * Lists an error and its causes, each as code and message; for a defect of the action, with the stack.
 *
 * The texts are those of libraries and servers: scrub them as foreign before they are printed.
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
  // The parser quotes part of the text, which may be part of a secret that no mask recognises.
  if (error instanceof SyntaxError) return error.name;
  return `${codeOf(error) ?? error.name}: ${error.message}`;
}

/** Returns the frames without the message, which is already listed, where it is certain to be masked as a whole. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => /^ {4}at /.test(line));
}
