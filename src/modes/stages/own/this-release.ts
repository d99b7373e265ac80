import { join } from 'node:path';
import type { Code } from '../../../codes.ts';
import { ActionError } from '../../../errors.ts';
import { show } from '../../../files/names.ts';
import { lookAtPlace } from '../../../files/real-path.ts';
import type { FileOutcome, ReleaseFile } from '../../../files/release-file.ts';
import type { Sealed } from '../../../files/seal.ts';
import type { KitPaths } from '../../../inputs/inputs.ts';
import { dataInPage } from '../../../kit/page.ts';
import { modeOfManifest } from '../../../report/manifest.ts';
import type { ReportPart } from '../../../report/report.ts';
import { plural, showList } from '../../../report/summary/units.ts';
import { annotate, type Context } from '../../context.ts';
import { readIfThere } from './whole-release.ts';

/** What was checked of a release, and where its files may be. */
export interface ThisRelease {
  /** Outcomes of the files that were checked. */
  readonly outcomes: readonly FileOutcome[];
  /** The checksums and their time stamp, if they were checked. */
  readonly lists: readonly Sealed[];
  /** The files of all slices. */
  readonly allFiles: readonly ReleaseFile[];
  /** Directories that may hold files that no pattern matches, such as the checksums. */
  readonly directories: readonly string[];
  /** Whether files may be missing. */
  readonly isPartial: boolean;
}

/** Checks that page and guide are of this release: an older kit has valid signatures too; throws `KIT_DIFFERS`. */
export function checkKitOfRelease(kit: KitPaths, sealed: readonly Sealed[], release: ThisRelease): void {
  const [page = '', guide = ''] = [kit.page, kit.guide].map((path) => textOf(sealed, path));
  const data = dataInPage(page);
  const listed = listOf(
    (data?.files ?? []).filter(Array.isArray).map(([path, size, sha256]) => ({ path, size, sha256 })),
  );
  compare(kit.page, release, { listed, code: 'KIT_DIFFERS', isWhole: true });
  if (!guide.includes(`- Signed: ${data?.createdAt}\n`))
    throw differs('KIT_DIFFERS', kit.guide, `it was not written together with ${show(kit.page)}`);
}

/**
 * Checks that receipts list no other content and no other files, and notes unlisted files; throws `MANIFEST_DIFFERS`.
 * Each of several signings of a release has its own receipt for a part of the files.
 */
export function checkReceiptsOfRelease(
  context: Context,
  sealed: readonly Sealed[],
  release: ThisRelease & { readonly receipts: readonly string[] },
): ReportPart {
  const all = new Set<string>();
  for (const { file } of sealed) {
    const text = textOf(sealed, file.path);
    if (modeOfManifest(text, 'whole') === undefined) {
      if (release.receipts.includes(file.path)) throw differs('MANIFEST_DIFFERS', file.path, 'it is not a manifest');
      continue;
    }
    const { files }: { files?: unknown } = JSON.parse(text);
    const listed = listOf(Array.isArray(files) ? files : []);
    compare(file.path, release, { listed, code: 'MANIFEST_DIFFERS', isWhole: false });
    for (const path of listed.keys()) all.add(path);
  }
  const unlisted = all.size === 0 ? [] : release.outcomes.filter((outcome) => !all.has(outcome.file.path));
  if (unlisted.length === 0) return {};
  const names = showList(
    unlisted.map((outcome) => outcome.file.path),
    5,
  );
  const text = `${plural(unlisted.length, 'file')} ${unlisted.length === 1 ? 'is' : 'are'} listed in no receipt of this release: ${names}.`;
  return annotate(context, ['notice', 'Not in the receipt'], text);
}

/** Unchecked entry of a list. */
interface Entry {
  readonly path?: unknown;
  readonly size?: unknown;
  /** SHA-256 as hex. */
  readonly sha256?: unknown;
}

type Listed = ReadonlyMap<string, Entry>;

function listOf(entries: readonly (Entry | null)[]): Listed {
  return new Map(entries.flatMap((entry) => (typeof entry?.path === 'string' ? [[entry.path, entry] as const] : [])));
}

function compare(
  path: string,
  { outcomes, lists, allFiles, directories, isPartial }: ThisRelease,
  { listed, code, isWhole }: { readonly listed: Listed; readonly code: Code; readonly isWhole: boolean },
): void {
  const isWrong = ({ file, sha256 }: Pick<FileOutcome, 'file' | 'sha256'>, isDemanded: boolean): boolean => {
    const said = listed.get(file.path);
    return sha256 !== undefined && (said === undefined ? isDemanded : said.sha256 !== sha256);
  };
  const wrong = [
    ...outcomes.filter((outcome) => isWrong(outcome, isWhole)),
    ...lists.filter((list) => isWrong(list, false)),
  ].map(({ file }) => file.path);
  if (wrong.length > 0)
    throw differs(code, path, `it does not list ${showList(wrong, 5)} with the bytes that are here`);
  if (isPartial) return;
  const present = new Set(allFiles.map((file) => file.path));
  const missing = [...listed].flatMap(([each, { size }]) =>
    present.has(each) || directories.some((directory) => isThere(join(directory, each), size)) ? [] : [each],
  );
  if (missing.length > 0) throw differs(code, path, `it lists ${showList(missing, 5)}, which is not here`);
}

/** Checks only the size of a file that no pattern matches. */
function isThere(location: string, size: unknown): boolean {
  const stat = lookAtPlace(location);
  return stat?.isFile() === true && stat.size === size;
}

function differs(code: Code, path: string, why: string): ActionError {
  return new ActionError(code, `${show(path)} is of another release, or of a part of this one: ${why}.`, {
    hint: 'Restore it from the release that these files are of: a valid signature alone does not say to which release a file belongs. A kit of a part of the files is checked with the files of that part, and a part of the files with partial: true.',
  });
}

function textOf(sealed: readonly Sealed[], path: string): string {
  const found = sealed.find(({ file }) => file.path === path);
  return (found && readIfThere(found.file.location)?.toString()) ?? '';
}
