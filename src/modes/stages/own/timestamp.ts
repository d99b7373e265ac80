import { hash } from 'node:crypto';
import { ActionError, toActionError } from '../../../errors.ts';
import { isGone } from '../../../files/finding/left-out.ts';
import { show } from '../../../files/names.ts';
import { MAX_STAMP_BYTES, readSmallFile } from '../../../files/reading/read-small.ts';
import type { Sealed } from '../../../files/seal.ts';
import { renderChecksums } from '../../../files/writing/checksums.ts';
import type { OutputTree } from '../../../files/writing/output-tree.ts';
import type { FileInputs, TimestampAuthorities, TimestampInputs } from '../../../inputs/inputs.ts';
import { type Finding, failed, passed, warned } from '../../../preflight/finding.ts';
import type { ReportPart } from '../../../report/report.ts';
import { sleep } from '../../../signing/schedule/clock.ts';
import type { Stamp } from '../../../timestamp/check.ts';
import type { NewStamp } from '../../../timestamp/request.ts';
import { annotate, type Context } from '../../context.ts';
import { CONNECT_TIMEOUT_MS, proxyFor } from '../../service/route.ts';
import type { Plan } from '../planned-writes.ts';
import { type OwnFileTask, writeOwnFile } from './whole-release.ts';

/** Asks for a stamp over random bytes: whether there will be one at the end of a long signing is known before it begins. */
async function tryAuthorities(context: Context, authorities: TimestampAuthorities): Promise<NewStamp> {
  const random = Buffer.from(Array.from({ length: 32 }, () => context.randomInt(256)));
  return askForStamp(context, authorities, random);
}

/** Says, for a preflight, whether time stamps can be had; nothing when none are wanted. */
export async function lookAtAuthorities(
  context: Context,
  authorities: TimestampAuthorities | undefined,
): Promise<Finding[]> {
  if (authorities === undefined || authorities.authorities.length === 0) return [];
  const startedAt = context.clock.now();
  const elapsed = (): number => context.clock.now() - startedAt;
  try {
    const { authority, signer, time, clockWarning } = await tryAuthorities(context, authorities);
    const what = `${authority} answers with a time stamp of ${time.toISOString()}, signed by ${signer}`;
    return [
      clockWarning ? warned('time stamp', `${authority}: ${clockWarning}`) : passed('time stamp', what, elapsed()),
    ];
  } catch (error) {
    return [
      failed('time stamp', toActionError(error, 'TIMESTAMP_FAILED', 'no authority gave a time stamp'), elapsed()),
    ];
  }
}

/**
 * Asks an authority before the first signing request, where the first slice is to be stamped; a rehearsal asks nobody and
 * says so. Where no file needs a signature, the stamp itself comes before the first request.
 *
 * @throws ActionError `TIMESTAMP_FAILED`
 */
export async function prepareStamp(context: Context, { mode, files, output, wanted }: Plan): Promise<ReportPart> {
  const { timestamp, shard } = files;
  if (shard.index !== 1) return {};
  if (timestamp === undefined) return warnOfOldStamp(context, files, output);
  if (mode === 'rehearse') return { notes: [NOT_REHEARSED] };
  if (wanted.length === 0) return {};
  const { authority } = await tryAuthorities(context, timestamp);
  context.runner.line(`Time stamp authority: ${authority}`);
  return {};
}

const NOT_REHEARSED = 'A rehearsal makes no connection to a time stamp authority: mode preflight tries timestamp-url.';

/** Warns of a stamp that this run does not make anew: it is never signed, and a verification refuses one for other checksums. */
function warnOfOldStamp(context: Context, { checksums, suffix }: FileInputs, output: OutputTree): ReportPart {
  if (checksums === undefined || suffix === '.tsr') return {};
  const path = [`${checksums}.tsr`, `${checksums}.tsr${suffix}`].find((each) => !isGone(output.locate(each)));
  if (path === undefined) return {};
  const text = `${show(path)} stays as it is and unsigned, because timestamp-url is empty; mode: verify may refuse it. Remove it, or set timestamp-url.`;
  return annotate(context, ['warning', 'Old time stamp'], text);
}

async function askForStamp(
  context: Context,
  { authorities, anchors }: TimestampAuthorities,
  sha256: Buffer,
): Promise<NewStamp> {
  const { runner, clock, now, randomInt, signal } = context;
  // A chunk of its own: a run without time stamps does not load it.
  const { requestStamp, createPost, bundledAnchors } = await import('../../../timestamp/timestamp.ts');
  const post = createPost({
    proxyFor: (server) => proxyFor(context, server),
    anchors: (anchors ?? []).map(String),
    timeoutMs: CONNECT_TIMEOUT_MS,
  });
  const world = { post, randomInt, sleep: (ms: number) => sleep(clock, ms), now, scrub: runner.scrub, signal };
  return requestStamp(authorities, { sha256, anchors: anchors ?? bundledAnchors() }, world);
}

/** A time stamp over the checksums, to be written, or as it is there already. */
interface PlacedStamp {
  readonly path: string;
  readonly bytes: Buffer;
  readonly time: Date;
  readonly authority: string;
}

/** Finds the stamp of the checksums of these files: the one that is there, if it is sound, else a new one. */
export async function stampChecksums(
  context: Context,
  { timestamp, shard }: FileInputs,
  { output, reuse, entries, isRehearsal }: OwnFileTask,
): Promise<PlacedStamp | undefined> {
  if (timestamp === undefined || shard.index !== 1 || isRehearsal) return undefined;
  const { path } = timestamp;
  const sha256 = hash('sha256', renderChecksums(entries), 'buffer');
  const standing = reuse ? await findSound(context, timestamp, { output, sha256 }) : undefined;
  if (standing) return { path, bytes: standing.bytes, time: standing.time, authority: standing.signer };
  const stamp = await askForStamp(context, timestamp, sha256);
  context.runner.line(`Time stamp ${show(path)}: ${stamp.time.toISOString()}, by ${show(stamp.signer)}`);
  if (stamp.clockWarning) context.runner.annotate('warning', 'Time stamp', `${stamp.authority}: ${stamp.clockWarning}`);
  return { path, bytes: stamp.bytes, time: stamp.time, authority: stamp.authority };
}

async function findSound(
  { now }: Context,
  { path, anchors }: TimestampInputs,
  { output, sha256 }: { readonly output: OutputTree; readonly sha256: Buffer },
): Promise<(Stamp & { readonly bytes: Buffer }) | undefined> {
  const bytes = readStamp(output, path);
  if (bytes === undefined) return undefined;
  const { checkStamp, bundledAnchors, MAX_CLOCK_DIFFERENCE_MS } = await import('../../../timestamp/timestamp.ts');
  try {
    const stamp = checkStamp(bytes, { sha256, nonce: undefined, anchors: anchors ?? bundledAnchors() });
    // One of an earlier run may have any age, but none comes from the future.
    return stamp.time.getTime() - now() > MAX_CLOCK_DIFFERENCE_MS ? undefined : { ...stamp, bytes };
  } catch {
    return undefined;
  }
}

/** Reads the time stamp that is there, if there is one; throws `TIMESTAMP_UNREADABLE`. */
export function readStamp(output: OutputTree, path: string): Buffer | undefined {
  const location = output.realPathOf(path);
  if (isGone(location)) return undefined;
  const file = readSmallFile(location, { maxBytes: MAX_STAMP_BYTES, longer: 'refused', links: 'refused' });
  if (file === undefined || file.bytes) return file?.bytes;
  throw new ActionError('TIMESTAMP_UNREADABLE', `The time stamp ${show(path)} cannot be read: ${file.reason}.`, {
    hint: 'Restore it from the release.',
    cause: file.cause,
  });
}

/** Writes the stamp and signs it, unless it is there with a valid signature. */
export async function writeStamp(
  context: Context,
  stamp: PlacedStamp | undefined,
  task: OwnFileTask,
): Promise<Sealed[]> {
  return stamp ? [await writeOwnFile(context, { path: stamp.path, content: stamp.bytes }, task)] : [];
}
