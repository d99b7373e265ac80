import type { Finding } from '../../preflight/finding.ts';
import { plain, sentences, table } from './markup.ts';
import { formatCount, formatMs, plural, sentence, shorten } from './units.ts';

/** Says what a list of findings comes to: `2 failures, 1 warning, 14 checks passed`. */
export function countFindings(findings: readonly Finding[]): string {
  const count = (kind: Kind): number => findings.filter((finding) => kindOf(finding) === kind).length;
  const parts = [
    count('failure') > 0 ? plural(count('failure'), 'failure') : '',
    count('warning') > 0 ? plural(count('warning'), 'warning') : '',
    `${plural(count('ok'), 'check')} passed`,
    count('not checked') > 0 ? `${formatCount(count('not checked'))} not made` : '',
  ];
  return parts.filter(Boolean).join(', ');
}

/** Renders findings as lines of the log, in the order of the checks. */
export function logFindings(findings: readonly Finding[]): string[] {
  return findings.flatMap((finding) => {
    const kind = kindOf(finding);
    const [first = '', ...others] = finding.what.split('\n');
    const code = finding.code === undefined ? '' : `${finding.code}: `;
    return [
      `${LABEL[kind]} ${finding.check}: ${code}${kind === 'ok' ? first : sentence(first)}${timeOf(finding)}`,
      ...others.map((line) => `          ${line}`),
      ...(finding.todo ? [`          What to do: ${sentence(finding.todo)}`] : []),
    ];
  });
}

/** Renders findings as Markdown: a table of what is wrong, failures first, and one to unfold of what is right. */
export function renderFindings(findings: readonly Finding[]): string[] {
  const trouble = findings.filter((finding) => kindOf(finding) !== 'ok');
  const passed = findings.filter((finding) => kindOf(finding) === 'ok');
  const sorted = trouble.sort((a, b) => ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b)));
  return [
    ...(sorted.length > 0 ? [renderTable(sorted)] : []),
    ...(passed.length > 0
      ? [`<details><summary>${plural(passed.length, 'check')} passed</summary>\n\n${renderTable(passed)}\n\n</details>`]
      : []),
  ];
}

function renderTable(findings: readonly Finding[]): string {
  const hints = findings.some(({ todo }) => todo);
  const rows = findings.slice(0, MAX_ROWS).map((finding) => {
    const kind = kindOf(finding);
    return [
      `${ICON[kind]} ${kind}`,
      plain(finding.check),
      `${finding.code === undefined ? '' : `<strong>${finding.code}</strong><br>`}${sentences(finding.what)}`,
      ...(hints ? [finding.todo ? sentences(finding.todo) : ''] : []),
      finding.ms > 0 ? formatMs(finding.ms).replaceAll(' ', '&nbsp;') : '',
    ];
  });
  const heads = ['Result', 'Check', 'What was found', ...(hints ? ['What to do'] : []), 'Time'];
  const others = findings.length - rows.length;
  const more = others > 0 ? `\n\nand ${plural(others, 'other')}; the manifest lists all.` : '';
  return `${table(heads, rows, [heads.length - 1])}${more}`;
}

/** Renders the warnings among findings as one text, a line for each; empty when there are none. */
export function warningsOf(findings: readonly Finding[]): string {
  const warnings = findings.filter((finding) => kindOf(finding) === 'warning');
  const lines = warnings
    .slice(0, MAX_ROWS)
    .map(({ check, what, todo }) =>
      shorten([`${check}: ${what}`, todo].filter(Boolean).map(String).map(sentence).join(' '), MAX_ANNOTATION),
    );
  return shorten(lines.join('\n'), MAX_ANNOTATION);
}

/** Returns a finding as it stands in the manifest. */
export function manifestFinding({ check, level, what, todo, code, notChecked, ms }: Finding): object {
  return { check, level, what, todo, code, notChecked, ms: Math.round(ms) };
}

/** GitHub keeps this many characters of an annotation. */
export const MAX_ANNOTATION = 4000;

type Kind = Finding['level'] | 'not checked';

/** More than there are checks. */
const MAX_ROWS = 100;
const ORDER: readonly Kind[] = ['failure', 'warning', 'not checked', 'ok'];
const ICON: Readonly<Record<Kind, string>> = { failure: '❌', warning: '⚠️', 'not checked': '⏭️', ok: '✅' };
const LABEL: Readonly<Record<Kind, string>> = {
  failure: 'FAILURE  ',
  warning: 'warning  ',
  'not checked': '–        ',
  ok: 'ok       ',
};

function kindOf({ level, notChecked }: Finding): Kind {
  return notChecked ? 'not checked' : level;
}

function timeOf({ ms }: Finding): string {
  return ms > 0 ? ` (${formatMs(ms)})` : '';
}
