import type { FileOutcome } from '../../files/release-file.ts';
import { type Cause, causesOf } from '../causes.ts';
import { isGreen, type Report, totalsOf } from '../report.ts';
import { renderFacts, renderNumbers } from './facts.ts';
import { renderFindings } from './findings.ts';
import { headline } from './headline.ts';
import { renderLeftOut } from './left-out.ts';
import { code, faultUrl, link, message, plain, sentences, table } from './markup.ts';
import { nextSteps, renderCommand, type Surroundings } from './next-steps.ts';
import { compareNaturally, firstOf } from './order.ts';
import { renderLatency } from './timing.ts';
import { formatBytes, formatMs, plural } from './units.ts';

/** Largest size of the failures in bytes; GitHub shows at most 1 MiB for a step, and all other parts are small. */
const MAX_TROUBLE_BYTES = 600_000;
const MAX_ROWS = 50;
const MAX_PATHS = 10;
const MAX_CAUSES = 20;
const MAX_NOTES = 20;

/** Renders the job summary as Markdown: result, failures, numbers and next steps. */
export function renderSummary(report: Report, around: Surroundings): string {
  const icon = !isGreen(report) ? '❌' : report.mode === 'rehearse' ? '🧪' : report.mode === 'skipped' ? '⏭️' : '✅';
  const numbers = [...renderNumbers(report), ...renderFacts(report), ...renderLatency(report.outcomes)];
  const steps = renderNextSteps(report, around);
  const sections = [
    `## ${icon} ${plain(headline(report))}`,
    ...renderOrigin(around),
    ...renderTrouble(report, around.docs),
    ...renderProof(report, around),
    // After a failure, the next steps are more important than the numbers.
    ...(isGreen(report) ? [...numbers, ...steps] : [...steps, ...numbers]),
    ...renderFiles(report),
    ...renderLeftOut(report),
  ];
  return `${sections.join('\n\n')}\n\n`;
}

/** Number of digits that are shown of a commit. */
const COMMIT_DIGITS = 10;

function renderOrigin({ origin: [repository, refName, commit], commitUrl }: Surroundings): string[] {
  const shown = [
    repository && plain(repository),
    refName && plain(refName),
    commit && link(code(commit.slice(0, COMMIT_DIGITS)), commitUrl),
  ].filter(Boolean);
  return shown.length > 0 ? [shown.join(' · ')] : [];
}

/** Renders failures, whose texts may be long. Only whole sections are left out, so that the rest is well formed. */
function renderTrouble(report: Report, docs: string): string[] {
  const sections = [
    ...renderCauses(causesOf({ ...report, findings: [] }), docs),
    ...renderFindings(report.findings, docs),
    ...report.notes.slice(0, MAX_NOTES).map((note) => `> ${sentences(note)}`),
  ];
  let left = MAX_TROUBLE_BYTES;
  const kept = sections.filter((section) => {
    const bytes = Buffer.byteLength(section) + 2;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
  return kept.length === sections.length ? kept : [...kept, 'The rest is too long for a summary; the log has it.'];
}

function renderCauses(causes: readonly Cause[], docs: string): string[] {
  const shown = causes.slice(0, MAX_CAUSES).map(({ error, paths }) => {
    const isNamed = paths.length === 1 && error.message.includes(paths[0] ?? '');
    const names = isNamed ? [] : firstOf(paths, MAX_PATHS, compareNaturally).map((path) => `- ${code(path)}`);
    if (paths.length > MAX_PATHS)
      names.push(`- and ${plural(paths.length - MAX_PATHS, 'other')}; the manifest lists all`);
    const files = paths.length > 0 ? ` (${plural(paths.length, 'file')})` : '';
    return [
      `### ${link(error.code, faultUrl(docs, error.code))}${files}`,
      message(error.message),
      ...(error.hint ? [`**What to do:** ${sentences(error.hint)}`] : []),
      // The line “Files:” separates the names from a list in the message.
      ...(names.length > 0 ? ['Files:', names.join('\n')] : []),
    ].join('\n\n');
  });
  if (causes.length > MAX_CAUSES)
    shown.push(`And ${plural(causes.length - MAX_CAUSES, 'other cause')}; the log has all.`);
  return shown;
}

function renderProof(report: Report, around: Surroundings): string[] {
  const proof = proofOf(report, around);
  if (proof === undefined) return [];
  return [
    '### What this run proved',
    `**Proved:** ${plain(proof.proved)}<br>**Not proved:** ${plain(proof.notProved)}`,
  ];
}

function renderNextSteps(report: Report, around: Surroundings): string[] {
  const steps = nextSteps(report, around);
  if (steps.length === 0) return [];
  return ['### What to do next', steps.map((step) => `- ${step}`).join('\n'), ...renderCommand(report)];
}

function renderFiles({ outcomes }: Report): string[] {
  if (outcomes.length === 0) return [];
  const order = ({ status }: FileOutcome): number => (status === 'failed' ? 0 : status === 'not-tried' ? 1 : 2);
  const shown = firstOf(
    outcomes,
    MAX_ROWS,
    (a, b) => order(a) - order(b) || compareNaturally(a.file.path, b.file.path),
  );
  const rows = shown.map(({ file, status, sha256, elapsedMs }) => [
    code(file.path),
    formatBytes(file.size),
    status,
    formatMs(elapsedMs),
    sha256 ? `<code>${sha256.slice(0, 16)}…</code>` : '',
  ]);
  const others = outcomes.length - shown.length;
  const more = others > 0 ? `\n\nand ${plural(others, 'other file')}; the manifest lists all.` : '';
  const files = table(['File', 'Size', 'Result', 'Time', 'SHA-256'], rows, [1, 3]);
  return [`<details><summary>${plural(outcomes.length, 'result')}</summary>\n\n${files}${more}\n\n</details>`];
}

/** What a successful run proves and does not prove, each as the end of a sentence. */
interface Proof {
  readonly proved: string;
  readonly notProved: string;
}

/** Describes what a run other than a signing proved; `undefined` for a signing or a failed run. */
function proofOf(report: Report, event: { readonly isPullRequest: boolean }): Proof | undefined {
  if (!isGreen(report)) return undefined;
  switch (report.mode) {
    case 'rehearse':
      return rehearsed(report);
    case 'preflight':
      return lookedAhead(report);
    case 'verify':
      return {
        proved: 'every listed file has a signature that is valid for its bytes as they are now.',
        notProved: event.isPullRequest
          ? 'that the files, the signatures and a key from the checkout are the publisher’s: whoever wrote the pull request chose them.'
          : 'whose key it is: compare its SHA-256 with the one that the publisher told you.',
      };
    case 'skipped':
      return { proved: 'nothing.', notProved: 'that the release can be signed. No file was looked at.' };
    default:
      return undefined;
  }
}

function rehearsed(report: Report): Proof {
  const { files } = totalsOf(report);
  const never = 'that the credentials are right, that the service answers, and that its signatures are valid';
  if (files === 0) return { proved: 'nothing, since no file was matched.', notProved: `${never}.` };
  const matched = `the patterns match ${plural(files, 'file')}, and each can be read`;
  if (report.artifact === undefined)
    return { proved: `${matched}.`, notProved: `${never}; nor that the upload works.` };
  return { proved: `${matched}; the names can be uploaded, and the upload works.`, notProved: `${never}.` };
}

function lookedAhead({ verification }: Report): Proof {
  return {
    proved: `credentials, network and clock are right, and the service signed a canary${verification ? ' with the key you gave' : ''}.`,
    notProved: `that the patterns match and the files can be read: preflight looks at no file.${verification ? '' : ' Nor that the signatures are valid: verify-key is empty.'}`,
  };
}
