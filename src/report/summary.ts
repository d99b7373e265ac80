import { escapeHtml } from '../files/names.ts';
import type { FileOutcome } from '../files/outcome.ts';
import { renderFindings } from './findings.ts';
import { headline } from './headline.ts';
import { causesOf, isGreen, type Report, totalsOf } from './report.ts';
import { describeTiming } from './timing.ts';
import { formatBytes, formatCount, formatMs, plural, sentence } from './units.ts';

/** Rows of the table of files; GitHub shows at most 1 MiB of summary for a step. */
const MAX_ROWS = 50;
const MAX_PATHS = 10;

/** Renders the job summary as Markdown: the result, failures first, then numbers and the first files. */
export function renderSummary(report: Report): string {
  const icon = !isGreen(report) ? '❌' : report.mode === 'rehearse' ? '🧪' : '✅';
  return [
    `## ${icon} ${escapeHtml(headline(report))}`,
    ...renderCauses({ ...report, findings: [] }),
    ...renderFindings(report.findings),
    ...report.notes.map((note) => `> ${escapeHtml(sentence(note))}\n`),
    ...renderFacts(report),
    ...renderFiles(report),
    '',
  ].join('\n\n');
}

function renderCauses(report: Report): string[] {
  return causesOf(report).map(({ error, paths }) => {
    const names = paths.slice(0, MAX_PATHS).map((path) => `- ${code(path)}`);
    if (paths.length > MAX_PATHS)
      names.push(`- and ${plural(paths.length - MAX_PATHS, 'other')}; the manifest lists all`);
    const message = error.message
      .split('\n')
      .map((line) => escapeHtml(sentence(line)))
      .join('<br>');
    const hint = error.hint ? `<br><strong>What to do:</strong> ${escapeHtml(sentence(error.hint))}` : '';
    return [
      `**${error.code}** ${paths.length > 0 ? `(${plural(paths.length, 'file')})` : ''}<br>${message}${hint}`,
      ...names,
    ].join('\n');
  });
}

function renderFacts(report: Report): string[] {
  const totals = totalsOf(report);
  const isAboutFiles = report.mode !== 'preflight';
  const rows: (readonly [string, string])[] = [
    ['Files', isAboutFiles ? `${formatCount(totals.files)} (${formatBytes(totals.bytes)})` : ''],
    [
      'Signed · kept · failed · not tried',
      isAboutFiles ? `${totals.signed} · ${totals.reused} · ${totals.failed} · ${totals.notTried}` : '',
    ],
    [
      'Signatures checked',
      report.checked ? `${totals.verified}, with public key ${report.verifyKeySha256 ?? ''}` : 'no',
    ],
    ['Speed', describeTiming(report.outcomes, report.durationMs)],
    ['Requests', String(report.requests)],
    ['Service', report.service ?? ''],
    [
      'Client certificate',
      report.certificate ? `${report.certificate.subject}, until ${report.certificate.notAfter}` : '',
    ],
    ['Artifact', report.artifact ? `${report.artifact.name} (${formatBytes(report.artifact.bytes)})` : ''],
  ];
  if (totals.files === 0 && report.service === undefined) return [];
  const filled = rows.filter(([, value]) => value !== '');
  return [`| | |\n|---|---|\n${filled.map(([name, value]) => `| ${name} | ${escapeHtml(value)} |`).join('\n')}`];
}

function renderFiles({ outcomes }: Report): string[] {
  if (outcomes.length === 0) return [];
  const order = (outcome: FileOutcome): number =>
    outcome.status === 'failed' ? 0 : outcome.status === 'not-tried' ? 1 : 2;
  const first = outcomes.length > MAX_ROWS ? [...outcomes].sort((a, b) => order(a) - order(b)) : [...outcomes];
  const shown = first.sort((a, b) => order(a) - order(b)).slice(0, MAX_ROWS);
  const rows = shown.map(
    ({ file, status, sha256, elapsedMs }) =>
      `| ${code(file.path)} | ${formatBytes(file.size)} | ${status} | ${formatMs(elapsedMs)} | ${sha256 ? `<code>${sha256.slice(0, 16)}…</code>` : ''} |`,
  );
  const more =
    outcomes.length > MAX_ROWS
      ? `\n\nand ${plural(outcomes.length - MAX_ROWS, 'other file')}; the manifest lists all.`
      : '';
  const table = `| File | Size | Result | Time | SHA-256 |\n|---|--:|---|--:|---|\n${rows.join('\n')}${more}`;
  return [`<details><summary>${plural(outcomes.length, 'file')}</summary>\n\n${table}\n\n</details>`];
}

function code(name: string): string {
  return `<code>${escapeHtml(name)}</code>`;
}
