import type { LeftOut } from '../../files/finding/left-out.ts';
import type { LeftOutReason } from '../../files/finding/own-paths.ts';
import type { Report } from '../report.ts';
import { code, plain } from './markup.ts';
import { formatCount } from './units.ts';

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  signature: 'signatures of these files',
  written: 'written by this action',
  suffix: 'with the suffix of signatures but without a listed file beside it',
  temporary: 'temporary files of this action',
  'output-dir': 'in output-dir',
  git: 'in .git',
  'runner-temp': 'in RUNNER_TEMP',
  hidden: 'hidden, and include-hidden-files is false',
  link: 'links to what is listed itself',
  'partial-link': 'links to directories of which an exclude leaves files out',
  circle: 'links that lead back to a directory above',
};

/** Describes which paths a rule leaves out, and how many, as the end of a sentence: `in .git (3)`. */
export function describeLeftOut({ reason, count }: Pick<LeftOut, 'reason' | 'count'>): string {
  return `${REASONS[reason]} (${formatCount(count)})`;
}

/** Renders a list of the matched paths that rules leave out. */
export function renderLeftOut({ leftOut }: Report): string[] {
  if (leftOut.length === 0) return [];
  const lines = leftOut.map(({ reason, count, first }) => {
    const names = first.map((path) => code(path)).join(', ');
    return `- ${plain(describeLeftOut({ reason, count }))}: ${names}${count > first.length ? ', …' : ''}`;
  });
  return [`<details><summary>Left out, although files matches them</summary>\n\n${lines.join('\n')}\n\n</details>`];
}
