import type { Code } from '../../../codes.ts';
import { ActionError } from '../../../errors.ts';
import { show } from '../../../files/names.ts';
import type { FileOutcome } from '../../../files/release-file.ts';
import type { Sealed } from '../../../files/seal.ts';
import type { KitPaths } from '../../../inputs/inputs.ts';
import { dataInPage } from '../../../kit/page.ts';
import { modeOfManifest } from '../../../report/manifest.ts';
import { showList } from '../../../report/summary/units.ts';
import { readIfThere } from './whole-release.ts';

/**
 * Sees that a page and a guide are those of this release: the signature of an older kit, or of any other file, is valid too.
 *
 * @throws ActionError `KIT_DIFFERS`
 */
export function checkKitOfRelease(kit: KitPaths, sealed: readonly Sealed[], outcomes: readonly FileOutcome[]): void {
  const [page = '', guide = ''] = [kit.page, kit.guide].map((path) => textOf(sealed, path));
  const data = dataInPage(page);
  const listed = new Map(data?.files.filter(Array.isArray).map(([path, , sha256]) => [path, sha256]));
  compare(kit.page, { listed, outcomes, code: 'KIT_DIFFERS', isWhole: true });
  if (!guide.includes(`- Signed: ${data?.createdAt}\n`))
    throw differs('KIT_DIFFERS', kit.guide, `it was not written together with ${show(kit.page)}`);
}

/**
 * Sees that receipts list no other bytes for these files. Each of several signings of a release has a receipt of its own, which
 * lists a part of the files.
 *
 * @throws ActionError `MANIFEST_DIFFERS`
 */
export function checkReceiptsOfRelease(sealed: readonly Sealed[], outcomes: readonly FileOutcome[]): void {
  for (const { file } of sealed) {
    const text = textOf(sealed, file.path);
    if (modeOfManifest(text, 'whole') === undefined) continue;
    const { files }: { files?: unknown } = JSON.parse(text);
    const listed = new Map((Array.isArray(files) ? files : []).map((entry) => [entry?.path, entry?.sha256]));
    compare(file.path, { listed, outcomes, code: 'MANIFEST_DIFFERS', isWhole: false });
  }
}

interface Comparison {
  /** SHA-256 as hex, by path. */
  readonly listed: ReadonlyMap<string, string>;
  readonly outcomes: readonly FileOutcome[];
  readonly code: Code;
  /** Whether every file must be listed. */
  readonly isWhole: boolean;
}

function compare(path: string, { listed, outcomes, code, isWhole }: Comparison): void {
  const wrong = outcomes.filter(({ file, sha256 }) => {
    const said = listed.get(file.path);
    return sha256 !== undefined && (said === undefined ? isWhole : said !== sha256);
  });
  if (wrong.length === 0) return;
  const paths = wrong.map(({ file }) => file.path);
  throw differs(code, path, `it does not list ${showList(paths, 5)} with the bytes that are here`);
}

function differs(code: Code, path: string, why: string): ActionError {
  return new ActionError(code, `${show(path)} is of another release, or of a part of this one: ${why}.`, {
    hint: 'Restore it from the release that these files are of: a valid signature alone does not say to which release a file belongs. A kit of a part of the files is checked with the files of that part.',
  });
}

function textOf(sealed: readonly Sealed[], path: string): string {
  const found = sealed.find(({ file }) => file.path === path);
  return (found && readIfThere(found.file.location)?.toString()) ?? '';
}
