import type { ActionError } from '../errors.ts';
import { show } from '../files/names.ts';
import { unwritable } from '../files/writing/write-errors.ts';
import type { Runner } from '../runner.ts';
import { type Cause, causesOf, chainOf } from './causes.ts';
import { renderOutputs } from './outputs.ts';
import { isGreen, type Report } from './report.ts';
import { logFindings, MAX_ANNOTATION, warningsOf } from './summary/findings.ts';
import { headline } from './summary/headline.ts';
import { faultUrl } from './summary/markup.ts';
import type { Surroundings } from './summary/next-steps.ts';
import { compareNaturally, firstOf } from './summary/order.ts';
import { renderSummary } from './summary/summary.ts';
import { describeTiming } from './summary/timing.ts';
import { formatCount, formatMs, sentence, shorten, showList } from './summary/units.ts';

const KEEP_MANIFEST =
  'to keep it, upload the path in the output manifest of this step in a later step with if: always()';
/** Most annotations; GitHub keeps ten for a step, and readers prefer fewer. */
const MAX_ANNOTATIONS = 5;
const MAX_LOGGED_FILES = 100;
const MAX_NAMED = 3;
/** Longest part of an annotation other than its message, in characters; the log has the full text. */
const MAX_PART = 800;

/** Reports the result in log, annotations, summary and outputs; returns an error if the outputs cannot be written. */
export function publish(runner: Runner, report: Report): ActionError | undefined {
  const causes = causesOf(report);
  runner.openGroup(report.findings.length > 0 ? 'Preflight' : 'Result');
  for (const line of logFindings(report.findings)) runner.line(line);
  if (report.findings.length === 0) for (const cause of causes) logCause(runner, cause);
  if (runner.facts.isDebug) for (const { error } of causes) debugCause(runner, error);
  const timing = describeTiming(report.outcomes, report.durationMs);
  if (timing) runner.line(timing);
  runner.closeGroup();
  runner.line(headline(report));
  for (const cause of causes.slice(0, MAX_ANNOTATIONS)) {
    runner.annotate('error', cause.error.code, annotationText(cause, runner.facts.pages.docs));
  }
  const warnings = warningsOf(report.findings);
  if (warnings) runner.annotate('warning', 'Preflight', warnings);
  if (causes.length === 0 && !isGreen(report)) runner.annotate('error', 'NOT_TRIED', 'Some files have no result.');
  const artifactUrl = runner.artifactUrl(report.artifact?.id);
  const surroundings = surroundingsOf(runner.facts, artifactUrl);
  tryWriting(runner, { what: 'The job summary', level: 'warning' }, () =>
    runner.summary(renderSummary(report, surroundings)),
  );
  return tryWriting(runner, { what: 'The outputs of the step', level: 'error', known: report.failure }, () => {
    const { mode = '', ...others } = renderOutputs(report, artifactUrl);
    for (const [name, value] of Object.entries(others)) runner.output(name, value);
    // Written last, because publishing steps test the mode; it stays empty if the disk is full earlier.
    runner.output('mode', mode);
  });
}

function surroundingsOf(facts: Runner['facts'], artifactUrl: string): Surroundings {
  const { eventName, secretsWithheld, repository, refName, commit, pages } = facts;
  return {
    isPullRequest: eventName.startsWith('pull_request'),
    secretsWithheld,
    artifactUrl,
    docs: pages.docs,
    origin: [repository, refName, commit],
    commitUrl: pages.commit,
  };
}

interface Written {
  /** Name of the written thing, as the subject of a sentence. */
  readonly what: string;
  /** Level of the annotation for a failure. */
  readonly level: 'warning' | 'error';
  /** The failure of the run, which already has an annotation and may be about the same file. */
  readonly known?: ActionError | undefined;
}

/** Writes something; annotates and returns the error if that fails. */
function tryWriting(runner: Runner, { what, level, known }: Written, write: () => void): ActionError | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    const failure = unwritable(what, error);
    if (failure.message !== known?.message) runner.annotate(level, failure.code, failure.message);
    return failure;
  }
}

function annotationText(cause: Cause, docs: string): string {
  const { error, paths } = cause;
  const which = paths.length > 0 ? `Files: ${listNames(paths)}` : '';
  const url = faultUrl(docs, error.code);
  const after = [error.hint && sentence(error.hint), effortOf(cause), which, url && `More: ${url}`]
    .filter(Boolean)
    .map((text) => `\n${shorten(String(text), MAX_PART)}`)
    .join('');
  const message = error.message.split('\n').map(sentence).join('\n');
  return shorten(message, MAX_ANNOTATION - after.length) + after;
}

/** Lists the first names in natural order, and the number of others. */
function listNames(paths: readonly string[]): string {
  const named = firstOf(paths, MAX_NAMED, compareNaturally);
  const others = paths.length - named.length;
  return showList(named, MAX_NAMED) + (others > 0 ? ` and ${formatCount(others)} more` : '');
}

/** Describes the attempts before giving up; empty if there were none. */
function effortOf({ paths: [first], effort }: Cause): string {
  if (effort === undefined) return '';
  const { count, of, elapsedMs } = effort;
  const isOfFile = first !== undefined && of === 'tries';
  const what = isOfFile ? `Given up on ${showList([first], 1)}` : 'Given up';
  const noun = count === 1 ? { tries: 'try', requests: 'request' }[of] : of;
  return `${what} after ${formatCount(count)} ${noun} in ${formatMs(elapsedMs)}.`;
}

/** Prints an error and its causes as debug lines; an error without causes is already in the log. */
function debugCause(runner: Runner, error: ActionError): void {
  const lines = chainOf(error);
  // The errors of libraries quote what servers answer.
  if (lines.length > 1) for (const text of lines) runner.debug(runner.scrub(text));
}

function logCause(runner: Runner, cause: Cause): void {
  const { error, paths } = cause;
  for (const text of `${error.code}: ${sentence(error.message)}`.split('\n')) runner.line(text);
  if (error.hint) runner.line(`  What to do: ${sentence(error.hint)}`);
  const effort = effortOf(cause);
  if (effort) runner.line(`  ${effort}`);
  const url = faultUrl(runner.facts.pages.docs, error.code);
  if (url) runner.line(`  More: ${url}`);
  for (const path of firstOf(paths, MAX_LOGGED_FILES, compareNaturally)) runner.line(`  - ${show(path)}`);
  if (paths.length > MAX_LOGGED_FILES)
    runner.line(`  and ${formatCount(paths.length - MAX_LOGGED_FILES)} more; the manifest lists all: ${KEEP_MANIFEST}`);
}
