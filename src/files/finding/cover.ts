import { statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isBelow } from '../real-path.ts';
import type { ReleaseFile } from '../release-file.ts';
import type { OwnPaths } from './own-paths.ts';
import { reaches, type Scope, skip } from './selection.ts';
import { walk } from './walk.ts';

/** What decides whether the target of a link is signed under its own name. */
export interface CoverOptions {
  /** Without links. */
  readonly realRoot: string;
  readonly suffix: string;
  readonly includeHiddenFiles: boolean;
  /** Where the patterns stand at the root. */
  readonly scope: Scope;
  readonly own: OwnPaths;
  /** Everything that is signed. */
  readonly files: readonly ReleaseFile[];
}

/**
 * Prepares to tell whether what a link leads to is signed without it.
 *
 * A directory counts when something below it is signed, and nothing below it is left unsigned but what the user excluded.
 */
export function createCover(options: CoverOptions): (real: string) => boolean {
  const { realRoot, files } = options;
  let signed: Set<string> | undefined;
  return (real) => {
    if (!isBelow(realRoot, real)) return false;
    signed ??= new Set(files.map(({ path }) => path));
    const path = relative(realRoot, real).split(sep).join('/');
    if (signed.has(path)) return true;
    return statSync(real, { throwIfNoEntry: false })?.isDirectory() === true && coversDirectory(path, signed, options);
  };
}

function coversDirectory(directory: string, signed: ReadonlySet<string>, options: CoverOptions): boolean {
  const { realRoot, own, suffix, includeHiddenFiles } = options;
  const start = directory
    .split('/')
    .reduce<Scope | undefined>((scope, name) => scope && skip(scope, name), options.scope);
  if (start === undefined) return false;
  const rest = walk(join(realRoot, directory), {
    start,
    step(scope, { path, name }) {
      const isLeftOut = own.has(`${directory}/${path}`, name) || (!includeHiddenFiles && name.startsWith('.'));
      return isLeftOut ? undefined : skip(scope, name);
    },
    enters: reaches,
    takes: (_, { kind, name }) => kind !== 'link' && !name.endsWith(suffix),
  });
  let count = 0;
  for (const { entry } of rest) {
    if (!signed.has(`${directory}/${entry.path}`)) return false;
    count++;
  }
  return count > 0;
}
