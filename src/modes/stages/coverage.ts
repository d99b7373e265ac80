import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError } from '../../errors.ts';
import type { Discovery } from '../../files/finding/discover.ts';
import type { LeftOut, OwnPlace, Uncovered } from '../../files/finding/left-out.ts';
import { escapePath } from '../../files/finding/patterns.ts';
import { show } from '../../files/names.ts';
import { isBelow, isSamePlace, pathBelow } from '../../files/real-path.ts';
import { type FileOutcome, failedPath } from '../../files/release-file.ts';
import type { Sealed } from '../../files/seal.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import type { ReportPart } from '../../report/report.ts';
import { describeLeftOut } from '../../report/summary/left-out.ts';
import { plural, showList } from '../../report/summary/units.ts';
import { orphaned } from '../../verifying/verify.ts';
import { annotate, type Context } from '../context.ts';

/** Result of the search about files that the run does not sign or check. */
export type Coverage = Pick<
  Discovery,
  'leftOut' | 'uncovered' | 'orphans' | 'orphanFailure' | 'idleExcludes' | 'misread' | 'written'
>;

/** Logs matched files that rules leave out, and warns about patterns without effect. Only the first slice does this. */
export function tellLeftOut(context: Context, { shard }: FileInputs, coverage: Coverage): ReportPart {
  if (shard.index !== 1) return {};
  const { leftOut, idleExcludes, misread } = coverage;
  for (const each of leftOut) {
    const more = each.count > each.first.length ? ', …' : '';
    context.runner.line(`  left out, ${describeLeftOut(each)}: ${showList(each.first, each.first.length)}${more}`);
  }
  const warnings: string[] = [];
  if (idleExcludes.length > 0) {
    const lines = idleExcludes.map((text) => `“${text}”`);
    warnings.push(`${plural(lines.length, 'exclude')} in files left nothing out: ${showList(lines, 5)}.`);
  }
  for (const { text, path } of misread.slice(0, 3)) {
    const line = `${text.startsWith('!') ? '!' : ''}${escapePath(path)}`;
    warnings.push(
      `“${show(text)}” does not mean ${show(path)}: in a pattern, characters in brackets stand for any one of them. To mean the name itself, write ${show(line)}.`,
    );
  }
  const partial = leftOut.find(({ reason }) => reason === 'partial-link');
  if (partial) {
    warnings.push(
      `${plural(partial.count, 'link')} to directories of which an exclude leaves files out: ${showList(partial.first, 5)}. By way of the link these files are there without a signature: exclude them by that way too, or exclude the link.`,
    );
  }
  return { leftOut, ...annotate(context, ['warning', 'Patterns'], ...warnings) };
}

const WHY: Readonly<Record<Uncovered['reason'], string>> = {
  suffix: 'with the suffix of signatures but without a listed file beside it',
  temporary: 'with the name of a temporary file of this action',
  'output-dir': 'in output-dir that this action did not write',
  written: 'at or linked to a place where this action writes',
};

/** Removes temporary files of killed runs from the output tree; returns the coverage without them. */
export function sweepTemporaries(output: OutputTree, { root }: FileInputs, coverage: Coverage): Coverage {
  const locate = ({ path }: Uncovered): string => join(root, path);
  const temporaries = coverage.uncovered.filter((each) => each.reason === 'temporary').map(locate);
  output.sweep(
    temporaries.filter((each) => isBelow(output.directory, each)).map((each) => pathBelow(output.directory, each)),
  );
  const isThere = (each: Uncovered): boolean => lstatSync(locate(each), { throwIfNoEntry: false }) !== undefined;
  return { ...coverage, uncovered: coverage.uncovered.filter((each) => each.reason !== 'temporary' || isThere(each)) };
}

/** Warns about unsigned files and orphaned signatures, which a verification with the same inputs would refuse. */
export function warnOfUncovered(context: Context, { shard, suffix }: FileInputs, coverage: Coverage): ReportPart {
  if (shard.index !== 1) return {};
  const warnings: string[] = [];
  for (const reason of ['suffix', 'temporary', 'output-dir', 'written'] as const) {
    const paths = coverage.uncovered.filter((each) => each.reason === reason).map(({ path }) => path);
    if (paths.length === 0) continue;
    warnings.push(
      `${plural(paths.length, 'path')} ${WHY[reason]} stay${paths.length === 1 ? 's' : ''} unsigned, and mode: verify will refuse ${paths.length === 1 ? 'it' : 'them'}: ${showList(paths, 5)}. Remove what is left over from an earlier run; exclude the rest in files${reason === 'suffix' ? ', or set another suffix' : ''}.`,
    );
  }
  if (coverage.orphans.length > 0) {
    const paths = coverage.orphans.map((path) => path + suffix);
    warnings.push(
      `${plural(paths.length, 'signature')} without a file, which mode: verify will refuse: ${showList(paths, 5)}. Remove what is left over from an earlier run.`,
    );
  }
  if (coverage.orphanFailure)
    warnings.push(
      `Signatures without a file could not be looked for, and mode: verify will fail: ${coverage.orphanFailure.message}`,
    );
  return annotate(context, ['warning', 'Left unsigned'], ...warnings);
}

/** Reports what a verification leaves unchecked: orphans and uncovered paths fail, files in .git and RUNNER_TEMP are named. */
export function judgeUncovered(context: Context, { shard, suffix }: FileInputs, coverage: Coverage): ReportPart {
  if (shard.index !== 1) return {};
  const unchecked = coverage.leftOut.filter(({ reason }) => reason === 'git' || reason === 'runner-temp');
  const notes = annotate(context, ['warning', 'Not checked'], ...unchecked.map(describeUnchecked));
  const outcomes = [
    ...coverage.orphans.map((path) => orphaned(path, suffix)),
    ...coverage.uncovered.map((each) => refuse(each)),
  ];
  const { orphanFailure: failure } = coverage;
  return { outcomes, ...notes, ...(failure ? { failure } : {}) };
}

/** Reports files where this action writes, unless they were checked as part of the release. */
export function judgeOwnPlaces(
  { shard, suffix }: FileInputs,
  { written }: Coverage,
  own: readonly Sealed[],
): ReportPart {
  if (shard.index !== 1) return {};
  return { outcomes: unaccountedPlaces(written, own, suffix).map(({ path }) => refuse({ path, reason: 'written' })) };
}

/** Lists the places of this action where something is that is neither one of these files nor a signature of one. */
export function unaccountedPlaces(
  written: readonly OwnPlace[],
  own: readonly Sealed[],
  suffix: string,
): readonly OwnPlace[] {
  const known = own.flatMap(({ file: { location } }) => [location, location + suffix]);
  return written.filter(({ location }) => !known.some((each) => isSamePlace(each, location)));
}

function describeUnchecked({ reason, count, first }: LeftOut): string {
  const more = count > first.length ? ` and ${plural(count - first.length, 'other')}` : '';
  const names = showList(first, first.length);
  return `Never signed and never checked, ${describeLeftOut({ reason, count })}: ${names}${more}.`;
}

function refuse({ path, reason }: Uncovered): FileOutcome {
  const error = new ActionError(
    'FILE_NOT_COVERED',
    `${show(path)} matches files, but no signature covers it: it is a path ${WHY[reason]}.`,
    {
      hint: `Find out where it comes from. To accept it unchecked, add the line “${show(`!${escapePath(path)}`)}” to files.`,
    },
  );
  return failedPath(path, error, 'uncovered');
}
