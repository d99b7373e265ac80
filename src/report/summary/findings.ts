import type { Finding } from '../../preflight/finding.ts';
import { faultUrl, link, messageCell, plain, sentences, table } from './markup.ts';
import { formatCount, formatMs, plural, sentence, shorten } from './units.ts';

/** Counts findings by kind: `2 failures, 1 warning, 14 checks passed`. */
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

/** Renders findings as Markdown: a table of failures and warnings, then folded tables of unchecked and passed checks. */
export function renderFindings(findings: readonly Finding[], docs: string): string[] {
  const of = (kind: Kind): Finding[] => findings.filter((finding) => kindOf(finding) === kind);
  const trouble = [...of('failure'), ...of('warning')];
  const folded = (kind: Kind, what: string): string[] => {
    const found = of(kind);
    if (found.length === 0) return [];
    const title = `${plural(found.length, 'check')} ${what}`;
    return [`<details><summary>${title}</summary>\n\n${renderTable(found, docs)}\n\n</details>`];
  };
  return [
    ...(trouble.length > 0 ? [renderTable(trouble, docs)] : []),
    ...folded('not checked', 'not made'),
    ...folded('ok', 'passed'),
  ];
}

function renderTable(findings: readonly Finding[], docs: string): string {
  const times = findings.some(({ ms }) => ms > 0);
  const isTrouble = findings.some((finding) => ICON[kindOf(finding)] !== undefined);
  const hints = findings.some(({ todo }) => todo);
  const rows = findings.slice(0, MAX_ROWS).map((finding) => {
    const kind = kindOf(finding);
    return [
      ...(isTrouble ? [`${ICON[kind]}&nbsp;${kind}`] : []),
      plain(finding.check),
      `${titleOf(finding, docs)}${messageCell(finding.what)}`,
      ...(hints ? [finding.todo ? sentences(finding.todo) : ''] : []),
      ...(times ? [finding.ms > 0 ? formatMs(finding.ms).replaceAll(' ', '&nbsp;') : ''] : []),
    ];
  });
  const heads = [
    ...(isTrouble ? ['Result'] : []),
    'Check',
    'What was found',
    ...(hints ? ['What to do'] : []),
    ...(times ? ['Time'] : []),
  ];
  const others = findings.length - rows.length;
  const more = others > 0 ? `\n\nand ${plural(others, 'other')}; the manifest lists all.` : '';
  return `${table(heads, rows, times ? [heads.length - 1] : [])}${more}`;
}

function titleOf({ code }: Finding, docs: string): string {
  return code === undefined ? '' : `<strong>${link(code, faultUrl(docs, code))}</strong><br>`;
}

/** Renders the warnings among findings, one on each line; empty when there are none. */
export function warningsOf(findings: readonly Finding[]): string {
  const warnings = findings.filter((finding) => kindOf(finding) === 'warning');
  const lines = warnings
    .slice(0, MAX_ROWS)
    .map(({ check, what, todo }) =>
      shorten([`${check}: ${what}`, todo].filter(Boolean).map(String).map(sentence).join(' '), MAX_ANNOTATION),
    );
  return shorten(lines.join('\n'), MAX_ANNOTATION);
}

/** Returns a finding in the form of the manifest. */
export function manifestFinding(
  { check, level, what, todo, code, notChecked, ms }: Finding,
  scrub: (text: string) => string,
): object {
  return { check, level, what: scrub(what), todo: todo && scrub(todo), code, notChecked, ms: Math.round(ms) };
}

/** Longest annotation in characters; GitHub cuts longer ones. */
export const MAX_ANNOTATION = 4000;

type Kind = Finding['level'] | 'not checked';

/** Most rows of a table; more than there are checks. */
const MAX_ROWS = 100;
const ICON: Readonly<Partial<Record<Kind, string>>> = { failure: '❌', warning: '⚠️' };
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
