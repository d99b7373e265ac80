import { basename, dirname, join, relative, sep } from 'node:path';
import { ActionError } from '../errors.ts';
import { readPatterns } from '../files/finding/patterns.ts';
import { MAX_SHARDS, pathOfShard, pathsOfShards, type Shard } from '../files/finding/shard.ts';
import { foldName, show } from '../files/names.ts';
import { isSamePlace, isWithin, lookBehindLinks, pathInside, resolveDirectory } from '../files/real-path.ts';
import type { Runner } from '../runner.ts';
import type { FieldReader } from './field-reader.ts';
import type { FileInputs, KitPaths, TimestampInputs } from './inputs.ts';
import { readAuthorities, readTimestampChain } from './timestamp-fields.ts';

/** Reads which files are selected and where the output goes. */
export function readFiles(reader: FieldReader, { facts }: Runner, purpose: 'signing' | 'verification'): FileInputs {
  const root = reader.pathInside('root', facts.workspace, '.');
  if (lookBehindLinks(root)?.isDirectory() !== true) reader.reject('root', 'is not an existing directory');
  const suffix = reader.text('suffix') ?? '.sign';
  if (!/^\.[A-Za-z0-9._-]{1,32}$/.test(suffix)) {
    reader.reject('suffix', 'must be a dot and 1 to 32 characters of A-Z a-z 0-9 . _ -');
  } else if (sep === '\\' && suffix.endsWith('.')) {
    reader.reject('suffix', 'ends in a dot, which no file name on Windows may');
  }
  const outputDirectory = readOutputDirectory(reader, facts, root);
  const shard = readShard(reader);
  return {
    patterns: patternsOf(reader, root),
    root,
    suffix,
    outputDirectory,
    includeHiddenFiles: reader.boolean('include-hidden-files', true),
    followSymbolicLinks: reader.boolean('follow-symbolic-links', false),
    ifNoFilesFound: reader.choice('if-no-files-found', ['error', 'warn', 'ignore']),
    maxFiles: reader.integer('max-files', { from: 0, to: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
    ...readOwnPaths(reader, { directory: outputDirectory ?? root, suffix, shard, purpose }),
    shard,
  };
}

function patternsOf(reader: FieldReader, root: string): FileInputs['patterns'] {
  const text = reader.required('files');
  try {
    return text === '' ? [] : readPatterns(text, root);
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    reader.add(error);
    return [];
  }
}

function readShard(reader: FieldReader): Shard {
  const value = reader.text('shard') ?? '1/1';
  const [, index, count] = /^(\d{1,3})\/(\d{1,3})$/.exec(value)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index >= 1 && index <= count && count <= MAX_SHARDS) {
    return { index, count };
  }
  reader.reject('shard', `must be i/n with i from 1 to n, such as 2/5, and n at most ${MAX_SHARDS}`);
  return { index: 1, count: 1 };
}

interface OwnPlace {
  readonly directory: string;
  readonly suffix: string;
  readonly shard: Shard;
  readonly purpose: 'signing' | 'verification';
}

function readOwnPaths(
  reader: FieldReader,
  { directory, suffix, shard, purpose }: OwnPlace,
): Pick<FileInputs, 'manifest' | 'checksums' | 'timestamp' | 'kit' | 'ownPaths'> {
  const manifest = reader.fileInside('manifest', directory);
  const checksums = reader.fileInside('checksums', directory);
  const manifests = manifest ? pathsOfShards(manifest, shard.count) : [];
  const kit = readKit(reader, directory);
  const kitPaths = kit ? [kit.page, kit.guide] : [];
  const stampPath = checksums && checksums + STAMP_SUFFIX;
  // With this suffix, the path is that of the checksums' signature.
  const stampPaths = stampPath && suffix !== STAMP_SUFFIX ? [stampPath] : [];
  const timestamp = readTimestamp(reader, stampPath, { purpose, suffix });
  for (const [input, path] of Object.entries({ manifest, checksums, 'verification-kit': kit?.page })) {
    if (path?.endsWith(suffix)) reader.reject(input, `must not end in ${suffix}, because signatures do`);
    if (path && liesInGit(join(directory, path))) reader.reject(input, 'must not lie in a .git directory');
  }
  const listPaths = checksums ? [checksums, ...stampPaths] : [];
  if (listPaths.map(foldName).some((path) => manifests.map(foldName).includes(path))) {
    reader.reject('checksums', 'must be another path than manifest, and so must its time stamp, which ends in .tsr');
  }
  const others = [...manifests, ...listPaths].map(foldName);
  if (kitPaths.map(foldName).some((path) => others.includes(path))) {
    reader.reject('verification-kit', 'has a file at the path of manifest or checksums');
  }
  return {
    manifest: manifest && pathOfShard(manifest, shard),
    checksums,
    timestamp,
    kit,
    ownPaths: [...listPaths, ...manifests, ...kitPaths],
  };
}

/** Appended to the path of the checksums for the path of their time stamp. */
const STAMP_SUFFIX = '.tsr';

function readTimestamp(
  reader: FieldReader,
  path: string | undefined,
  { purpose, suffix }: Pick<OwnPlace, 'purpose' | 'suffix'>,
): TimestampInputs | undefined {
  if (purpose === 'verification') {
    const anchors = readTimestampChain(reader);
    if (anchors && path === undefined)
      reader.reject('timestamp-chain', 'needs checksums: the time stamp is made over that file');
    return path === undefined || suffix === STAMP_SUFFIX ? undefined : { path, authorities: [], anchors };
  }
  const given = readAuthorities(reader);
  if (given === undefined) return undefined;
  if (path === undefined) reader.reject('timestamp-url', 'needs checksums: the time stamp is made over that file');
  if (suffix === STAMP_SUFFIX) reader.reject('timestamp-url', `cannot be used with the suffix ${suffix} of signatures`);
  return { path: path ?? '', authorities: given.authorities, anchors: given.anchors };
}

function readKit(reader: FieldReader, directory: string): KitPaths | undefined {
  const kit = reader.directoryInside('verification-kit', directory);
  if (kit === undefined) return undefined;
  const above = kit === '' ? '' : `${kit}/`;
  return { page: `${above}verify.html`, guide: `${above}VERIFY.md` };
}

function readOutputDirectory(reader: FieldReader, facts: Runner['facts'], root: string): string | undefined {
  const value = reader.text('output-dir');
  if (value === undefined) return undefined;
  const { workspace, temporaryDirectory } = facts;
  const path = reader.pathInside('output-dir', [workspace, temporaryDirectory], value);
  if (pathInside(root, path) === '') return undefined;
  if (pathInside(path, root) !== undefined)
    reader.reject('output-dir', 'must not contain root, because nothing in it is ever signed');
  if (liesInGit(path)) reader.reject('output-dir', 'must not lie in a .git directory');
  if (!isDirectoryOrNew(path)) reader.reject('output-dir', 'leads through a file, where there must be a directory');
  checkWithoutLink(reader, path, [workspace, temporaryDirectory]);
  return path;
}

/** Refuses links: a link in a checkout must not decide where a signing job writes and removes files. */
function checkWithoutLink(reader: FieldReader, path: string, tops: readonly string[]): void {
  const real = resolveDirectory(path).path;
  const resolved = tops.map((top) => resolveDirectory(top).path ?? top);
  if (real === undefined || !resolved.some((top) => isWithin(top, real))) {
    reader.reject('output-dir', 'leads out of the workspace through a link');
    return;
  }
  const plain = tops.flatMap((top, at) =>
    isWithin(top, path) ? [join(resolved[at] ?? top, relative(top, path))] : [path],
  );
  if (!plain.some((each) => isSamePlace(each, real)))
    reader.reject('output-dir', `leads through a link to ${show(real)}: give that directory itself`);
}

/** Tells whether a directory of a path is `.git`, in any spelling that the file system accepts. */
function liesInGit(path: string): boolean {
  const above = dirname(path);
  if (above === path) return false;
  const isGit = foldName(basename(path)) === '.git' && isSamePlace(join(above, '.git'), path);
  return isGit || liesInGit(above);
}

/** Tells whether a path can be a directory: its nearest existing part is one. */
function isDirectoryOrNew(path: string): boolean {
  return lookBehindLinks(path)?.isDirectory() ?? (dirname(path) === path || isDirectoryOrNew(dirname(path)));
}
