import { isGreen, type Report, totalsOf } from '../report.ts';
import { countFindings } from './findings.ts';
import { formatBytes, formatCount, formatMs, plural } from './units.ts';

/** Describes the result of a run in one line without markup. */
export function headline(report: Report): string {
  const { files, signed, reused, bytes } = totalsOf(report);
  const time = formatMs(report.durationMs);
  if (!isGreen(report)) return failedHeadline(report);
  switch (report.mode) {
    case 'rehearse':
      return `Rehearsal only: ${plural(files, 'file')} (${formatBytes(bytes)}) signed by a throw-away key in ${time}. Nothing of this may be published.`;
    case 'verify':
      return `${files === 1 ? 'The' : 'All'} ${plural(files, 'file')} (${formatBytes(bytes)}) ${files === 1 ? 'has' : 'have'} a valid signature, checked in ${time}.`;
    case 'sign': {
      const kept = reused > 0 ? ` (${formatCount(signed)} new, ${formatCount(reused)} kept)` : '';
      const checked = report.verification ? ', each checked' : '';
      return `${plural(files, 'file')} (${formatBytes(bytes)}) signed${kept}${checked}, in ${time}.`;
    }
    case 'preflight':
      return `A release could be signed right now: ${countFindings(report.findings)}, in ${time}.`;
    case 'skipped':
      return 'Skipped: no credentials, as is usual for this kind of run.';
    default:
      return 'Nothing ran.';
  }
}

const WORDS: Readonly<Record<NonNullable<Report['mode']>, { readonly work: string; readonly done: string }>> = {
  sign: { work: 'Signing', done: 'signed' },
  rehearse: { work: 'Rehearsal', done: 'rehearsed' },
  verify: { work: 'Verification', done: 'verified' },
  preflight: { work: 'Preflight', done: 'checked' },
  skipped: { work: 'Run', done: 'done' },
};

function failedHeadline(report: Report): string {
  const { files, failed, notTried } = totalsOf(report);
  if (report.findings.length > 0) return `A release cannot be signed now: ${countFindings(report.findings)}.`;
  const { work, done } = WORDS[report.mode ?? 'skipped'];
  const code = report.failure?.code ?? 'see below';
  if (report.outcomes.length === 0) return `Nothing was ${done}: ${code}.`;
  if (failed + notTried === 0) {
    const result = report.mode === 'verify' ? 'found valid' : 'signed';
    return `${work} failed after ${plural(files, 'file')} ${files === 1 ? 'was' : 'were'} ${result}: ${code}.`;
  }
  const orphans = report.outcomes.filter(({ stray }) => stray === 'orphan').length;
  const uncovered = report.outcomes.filter(({ stray }) => stray === 'uncovered').length;
  const failedFiles = failed - orphans - uncovered;
  const parts = [
    failedFiles > 0 ? `${formatCount(failedFiles)} of ${plural(files, 'file')} failed` : '',
    orphans > 0 ? `${plural(orphans, 'signature')} without a file` : '',
    uncovered > 0 ? `${plural(uncovered, 'path')} without a signature` : '',
    notTried > 0 ? without(notTried, { files, failed: failedFiles, done }) : '',
  ];
  const consequence = report.mode === 'sign' ? ' Nothing was uploaded.' : '';
  return `${work} failed: ${parts.filter(Boolean).join(', ')}.${consequence}`;
}

/** Files that the run ended before: many of them may have been asked for, so they are not called untried. */
function without(count: number, { files, failed, done }: { files: number; failed: number; done: string }): string {
  return failed > 0
    ? `${formatCount(count)} more not ${done}`
    : `${formatCount(count)} of ${plural(files, 'file')} not ${done}`;
}
