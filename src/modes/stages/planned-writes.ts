import { dirname } from 'node:path';
import { ActionError } from '../../errors.ts';
import { createPause, type Pause } from '../../files/pause.ts';
import type { ReleaseFile } from '../../files/release-file.ts';
import {
  isSignatureText,
  mayBeOccupied,
  namesByDirectory,
  type Occupant,
  occupantOfChecksums,
  occupantOfKit,
  occupantOfSignature,
  occupantOfTimestamp,
  type WrittenNames,
} from '../../files/writing/occupants.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import { checkWay, inTrials, tryWriting } from '../../files/writing/trial.ts';
import { unwritable } from '../../files/writing/write-errors.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import { plural, showList } from '../../report/summary/units.ts';
import type { Verification } from '../../verifying/check.ts';
import { decodeSignature } from '../../verifying/encoding.ts';
import type { Context } from '../context.ts';
import { findCollisions, listed, refusedInArtifact } from './collisions.ts';
import { releasePaths } from './own/whole-release.ts';
import { type Receipt, signingTree } from './receipt.ts';
import type { Release } from './release.ts';

/** What a signing is going to write, and how its signatures are verified. */
export interface Plan {
  readonly mode: 'sign' | 'rehearse';
  readonly files: FileInputs;
  readonly output: OutputTree;
  readonly release: Release;
  /** The files that need a signature. */
  readonly wanted: readonly ReleaseFile[];
  readonly verification: Verification | undefined;
  readonly receipt: Receipt;
  readonly isUploaded: boolean;
}

/**
 * Checks everything that a run is going to write, before its first request; returns the paths of earlier signatures,
 * which must be removed first.
 *
 * @throws ActionError `OUTPUT_COLLISION`, `OUTPUT_OCCUPIED`, `OUTPUT_UNWRITABLE`, `OUTPUT_FULL`, `OUTPUT_OUTSIDE`,
 * `ARTIFACT_NAME_REFUSED`; `OUTPUT_INVALID` when several of these come together
 */
export async function planWrites(context: Context, plan: Plan): Promise<readonly string[]> {
  const { files, release, output } = plan;
  const own = ownPaths(plan.mode, files);
  const signatures = namesByDirectory(plan.wanted, files.suffix);
  const { outdated, foreign } = await lookAtPlaces(context, plan, signatures);
  const pause = createPause(context.signal);
  const problems = [
    ...(await findCollisions({ release, suffix: files.suffix, own, output, pause })),
    ...(plan.isUploaded ? [refusedInArtifact([...writtenPaths(release.files, files, own)])] : []),
    ...(foreign.length > 0 ? [occupied(foreign)] : []),
    ...(await tryDirectories(plan, signatures, own, pause)),
  ];
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw joined(found);
  return outdated;
}

/** Yields the paths of all signatures and own files; a list of 100,000 would take much memory. */
function* writtenPaths(files: readonly ReleaseFile[], { suffix }: FileInputs, own: readonly string[]) {
  for (const { path } of files) yield path + suffix;
  yield* own;
}

/** Lists the paths of everything that is written about the whole release. */
function ownPaths(mode: 'sign' | 'rehearse', inputs: FileInputs): string[] {
  const { manifest, suffix } = inputs;
  const ofRelease = releasePaths(inputs).flatMap((path) => [path, path + suffix]);
  const ofManifest = manifest === undefined ? [] : [manifest, manifest + suffix];
  if (mode === 'sign') return [...ofRelease, ...ofManifest];
  return [...ofRelease, ...(manifest === undefined ? ['manifest.json'] : ofManifest), REHEARSAL_KEY];
}

/** Name of the file that holds the public key of a rehearsal. */
export const REHEARSAL_KEY = 'rehearsal-key.pem';

/** Throws `OUTPUT_OCCUPIED` when the manifest would replace a file that this action did not write. */
export function refuseForeignManifest({ foreign }: Receipt): void {
  if (foreign.length > 0) throw occupied(foreign);
}

/** Does the same when no file is left, because the path of the manifest is never matched and may be the reason. */
export function refuseHidingManifest(receipt: Receipt, release: Release): void {
  if (release.files.length === 0) refuseForeignManifest(receipt);
}

/** Finds existing files where this run will write. */
async function lookAtPlaces(
  { patience }: Context,
  { files, output, release, receipt, verification }: Plan,
  signatures: WrittenNames,
): Promise<{ readonly outdated: string[]; readonly foreign: string[] }> {
  const isSignature = signatureTest(verification);
  const look = (path: string): Promise<Occupant> =>
    patience.read(path, () => occupantOfSignature(output.realPathOf(path), isSignature));
  const outdated: string[] = [];
  const foreign: string[] = [];
  for (const path of mayBeOccupied(output.directory, files.suffix, signatures)) {
    const occupant = await look(path);
    if (occupant !== 'nothing') (occupant === 'own' ? outdated : foreign).push(path);
  }
  // A path that cannot be signed must not keep the signature of earlier content.
  for (const { path } of release.refused)
    if ((await look(path + files.suffix)) === 'own') outdated.push(path + files.suffix);
  const tree = signingTree(files, output);
  for (const path of releasePaths(files)) {
    const signature = await patience.read(path + files.suffix, () =>
      occupantOfSignature(tree.realPathOf(path + files.suffix), isSignature),
    );
    if (signature === 'foreign') foreign.push(path + files.suffix);
    const occupant = await patience.read(path, () =>
      path === files.checksums
        ? occupantOfChecksums(tree.realPathOf(path), signature)
        : path === files.timestamp?.path
          ? occupantOfTimestamp(tree.realPathOf(path), signature)
          : occupantOfKit(tree.realPathOf(path)),
    );
    if (occupant === 'foreign') foreign.push(path);
  }
  foreign.push(...receipt.foreign);
  return { outdated, foreign };
}

function signatureTest(verification: Verification | undefined): (text: string) => boolean {
  if (verification === undefined) return isSignatureText;
  return (text) => {
    try {
      return decodeSignature(text, verification.encoding).length > 0;
    } catch {
      return false;
    }
  };
}

function occupied(paths: readonly string[]): ActionError {
  const isOne = paths.length === 1;
  return new ActionError(
    'OUTPUT_OCCUPIED',
    `${plural(paths.length, 'path')} to be written ${isOne ? 'holds' : 'hold'} what this action did not write: ${showList(paths, 10)}.`,
    {
      hint: 'Remove what an earlier run left, or give checksums, manifest, suffix or output-dir other values: it would be lost.',
    },
  );
}

/** Tries to write in each directory of the output, with the names that the system may refuse. */
async function tryDirectories(
  { wanted, files, output }: Plan,
  signatures: WrittenNames,
  own: readonly string[],
  pause: Pause,
): Promise<ActionError[]> {
  // When every signature is kept, only the manifest is certain to be written.
  const others = wanted.length > 0 ? own : own.filter((path) => path === files.manifest);
  const written = new Map(signatures);
  for (const [directory, names] of namesByDirectory(others.map((path) => ({ path }))))
    written.set(directory, [...(written.get(directory) ?? []), ...names]);
  const errors = new Map<string, ActionError>();
  const tree = signingTree(files, output);
  for (const { directory, names } of inTrials(written)) {
    const turn = pause();
    if (turn) await turn;
    const path = `${directory}${names[0]}`;
    try {
      // A rehearsal writes elsewhere, but reports what a signing would find here.
      checkWay(dirname(tree.locate(path)));
      tryWriting(dirname(output.realPathOf(path)), names, output.processId);
    } catch (error) {
      const known = unwritable(path, error);
      errors.set(known.code + known.message, known);
    }
  }
  return [...errors.values()];
}

function joined(problems: readonly ActionError[]): ActionError {
  const [first, ...others] = problems;
  if (first && others.length === 0) return first;
  const code = others.every((other) => other.code === first?.code) ? first?.code : undefined;
  return new ActionError(
    code ?? 'OUTPUT_INVALID',
    listed(problems.map(({ code: each, message }) => `${each}: ${message}`)),
    {
      hint: [...new Set(problems.map(({ hint }) => hint))].filter(Boolean).join(' '),
      cause: new AggregateError(problems),
    },
  );
}
