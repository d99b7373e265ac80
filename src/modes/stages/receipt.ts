import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { wholeSetOfShards } from '../../files/finding/shard.ts';
import type { Sealed } from '../../files/seal.ts';
import { isSignatureText, lookAt, occupantOfSignature } from '../../files/writing/occupants.ts';
import { OutputTree } from '../../files/writing/output-tree.ts';
import { inBlocks, namesIn } from '../../files/writing/temporary-files.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import { modeOfManifest, renderManifest } from '../../report/manifest.ts';
import type { Report } from '../../report/report.ts';
import type { Context } from '../context.ts';
import { removeOwn } from './own/whole-release.ts';
import { makeOwnDirectory } from './release.ts';

/** Where the manifest of a run goes. */
export interface Receipt {
  readonly tree: OutputTree;
  readonly path: string;
  /** Whether the manifest is at the user's path; it is then also signed and uploaded. */
  readonly isDelivered: boolean;
  /** The user's path and that of its signature, if foreign files are there. */
  readonly foreign: readonly string[];
}

/** Decides where the manifest goes, and removes an earlier one; a verification keeps the manifest of a signing. */
export async function placeReceipt(
  context: Context,
  mode: 'sign' | 'rehearse' | 'verify',
  { files, output }: { readonly files: FileInputs; readonly output: OutputTree },
): Promise<Receipt> {
  const { manifest, suffix } = files;
  if (manifest === undefined) return mode === 'rehearse' ? unasked(output) : elsewhere(context);
  // A rehearsal writes elsewhere, but reports what a signing would find here.
  const { patience } = context;
  const signing = signingTree(files, output);
  const occupant = await patience.read(manifest, () => occupantOf(signing.realPathOf(manifest)));
  // A verification writes no signature.
  const signature = await patience.read(manifest + suffix, () =>
    mode === 'verify' ? 'own' : occupantOfSignature(signing.realPathOf(manifest + suffix), isSignatureText),
  );
  const foreign = [
    ...(occupant === 'foreign' ? [manifest] : []),
    ...(signature === 'foreign' ? [manifest + suffix] : []),
  ];
  if (occupant === 'foreign' || foreign.length > 0) return { ...elsewhere(context), foreign };
  if (mode === 'verify' && occupant.mode !== undefined && occupant.mode !== mode) {
    context.runner.line('The manifest of the signing stays as it is; that of this verification is in RUNNER_TEMP.');
    return elsewhere(context);
  }
  await removeOwn(context, output, manifest);
  if (mode !== 'verify') await removeOwn(context, output, manifest + suffix);
  return { tree: output, path: manifest, isDelivered: true, foreign: [] };
}

/** Most bytes of a manifest to parse; a longer one, of more than 25,000 files, is recognised by its beginning. */
const MAX_PARSED_BYTES = 8 * 1024 * 1024;

/** Tells which mode wrote the manifest at a place, if any. */
function occupantOf(location: string): { readonly mode: string | undefined } | 'foreign' {
  const file = lookAt(location, { maxBytes: MAX_PARSED_BYTES, longer: 'cut', links: 'refused' });
  if (file === undefined) return { mode: undefined };
  const extent = file.bytes !== undefined && file.bytes.length < MAX_PARSED_BYTES ? 'whole' : 'cut';
  const mode = modeOfManifest(file.bytes?.toString('utf8') ?? '', extent);
  return mode === undefined ? 'foreign' : { mode };
}

/**
 * Adds the receipts of all slices to the paths of this action, if the tree was signed in slices and is verified as a
 * whole. A receipt of a signing of the whole tree lists them as files.
 */
export async function withShardReceipts(
  { patience }: Context,
  files: FileInputs,
  output: OutputTree,
): Promise<FileInputs> {
  const { manifest, shard } = files;
  if (manifest === undefined || shard.count > 1) return files;
  const location = output.locate(manifest);
  const occupant = await patience.read(manifest, () => occupantOf(location));
  if (occupant === 'foreign' || (occupant.mode !== undefined && occupant.mode !== 'verify')) return files;
  return { ...files, ownPaths: [...files.ownPaths, ...wholeSetOfShards(manifest, namesIn(dirname(location)))] };
}

/** Returns the tree to which a signing with these inputs writes. */
export function signingTree({ outputDirectory, root }: FileInputs, { processId }: OutputTree): OutputTree {
  return new OutputTree(outputDirectory ?? root, processId);
}

function unasked(tree: OutputTree): Receipt {
  return { tree, path: 'manifest.json', isDelivered: false, foreign: [] };
}

function elsewhere(context: Context): Receipt {
  return unasked(new OutputTree(makeOwnDirectory(context), context.processId));
}

/** Writes the manifest, and returns it without a signature. */
export async function writeReceipt(
  { now, patience, runner }: Context,
  { tree, path }: Receipt,
  report: Report,
): Promise<Sealed> {
  let hash = createHash('sha256');
  let size = 0;
  function* watch(): Generator<string> {
    hash = createHash('sha256');
    size = 0;
    for (const block of inBlocks(renderManifest(report, { createdAt: new Date(now()), scrub: runner.scrubOwn }))) {
      hash.update(block);
      size += Buffer.byteLength(block);
      yield block;
    }
  }
  await patience.write(path, () => tree.write(path, watch()));
  const file = { path, location: tree.realPathOf(path), size };
  return { file, sha256: hash.digest('hex'), signatureSha256: undefined };
}
