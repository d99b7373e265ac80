import { hash } from 'node:crypto';
import { chooseProxy } from '../../../connection/proxy/proxy.ts';
import { ActionError, toActionError, unexpected } from '../../../errors.ts';
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
import { CONNECT_TIMEOUT_MS } from '../../service/route.ts';
import type { Plan } from '../planned-writes.ts';
import { checkOwn, type OwnCheck, type OwnFileTask, writeOwnFile } from './whole-release.ts';

/** Requests a stamp over random bytes, so that a failing authority is found before a long signing starts. */
async function tryAuthorities(context: Context, authorities: TimestampAuthorities): Promise<NewStamp> {
  const random = Buffer.from(Array.from({ length: 32 }, () => context.randomInt(256)));
  return askForStamp(context, authorities, random);
}

/** Returns the finding of a preflight about time stamps; empty when none are requested. */
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

/** Tests the authorities before the first request, unless the stamp itself comes first; throws `TIMESTAMP_FAILED`. */
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

/** Warns about an old stamp that this run does not replace: it stays unsigned, and `verify` refuses it for other checksums. */
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
  // A separate chunk, which a run without time stamps does not load.
  const { requestStamp, createPost, bundledAnchors } = await import('../../../timestamp/timestamp.ts');
  const post = createPost({
    proxyFor: (server) => chooseProxy(context.runner.facts, server),
    anchors: (anchors ?? []).map(String),
    timeoutMs: CONNECT_TIMEOUT_MS,
  });
  const world = { post, randomInt, sleep: (ms: number) => sleep(clock, ms), now, scrub: runner.scrub, signal };
  return requestStamp(authorities, { sha256, anchors: anchors ?? bundledAnchors() }, world);
}

/** A time stamp over the checksums, new or existing. */
interface PlacedStamp {
  readonly path: string;
  readonly bytes: Buffer;
  readonly time: Date;
  readonly authority: string;
}

/** Returns the time stamp for the checksums: the existing one if it is valid, otherwise a new one. */
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
    // The stamp of an earlier run may have any age, but must not be from the future.
    return stamp.time.getTime() - now() > MAX_CLOCK_DIFFERENCE_MS ? undefined : { ...stamp, bytes };
  } catch {
    return undefined;
  }
}

/** Reads the existing time stamp, if any; throws `TIMESTAMP_UNREADABLE`. */
function readStamp(output: OutputTree, path: string): Buffer | undefined {
  const location = output.realPathOf(path);
  if (isGone(location)) return undefined;
  const file = readSmallFile(location, { maxBytes: MAX_STAMP_BYTES, longer: 'refused', links: 'refused' });
  if (file === undefined || file.bytes) return file?.bytes;
  throw new ActionError('TIMESTAMP_UNREADABLE', `The time stamp ${show(path)} cannot be read: ${file.reason}.`, {
    hint: 'Restore it from the release.',
    cause: file.cause,
  });
}

/** Writes the stamp and signs it, unless it exists with a valid signature. */
export async function writeStamp(
  context: Context,
  stamp: PlacedStamp | undefined,
  task: OwnFileTask,
): Promise<Sealed[]> {
  return stamp ? [await writeOwnFile(context, { path: stamp.path, content: stamp.bytes }, task)] : [];
}

/** Checks a stamp over the checksums with this SHA-256 (hex); throws `TIMESTAMP_MISSING` if there is only a chain. */
export async function checkReleaseStamp(
  context: Context,
  { timestamp }: FileInputs,
  { sha256, ...check }: OwnCheck & { readonly sha256: string | undefined },
): Promise<{ readonly sealed: Sealed[]; readonly part: ReportPart }> {
  if (timestamp === undefined || sha256 === undefined) return { sealed: [], part: {} };
  const { path, anchors } = timestamp;
  const bytes = readStamp(check.output, path);
  if (bytes === undefined) {
    if (anchors === undefined) return { sealed: [], part: {} };
    throw new ActionError('TIMESTAMP_MISSING', `The time stamp ${show(path)} is not there.`, {
      hint: 'Restore it from the release, or leave timestamp-chain empty when the release has none.',
    });
  }
  const file = { path, location: check.output.realPathOf(path), size: bytes.length };
  const sealed = await checkOwn(context, file, check);
  const { checkStamp } = await import('../../../timestamp/timestamp.ts');
  const stamp = naming(path, () =>
    checkStamp(bytes, { sha256: Buffer.from(sha256, 'hex'), nonce: undefined, anchors }),
  );
  const said = `${show(path)}: ${stamp.time.toISOString()}, by ${show(stamp.signer)}`;
  context.runner.line(`Time stamp ${said}${anchors ? '' : '; its authority was not checked: give timestamp-chain'}`);
  return { sealed: [sealed], part: { timestamp: { authority: stamp.signer, time: stamp.time } } };
}

function naming<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    const { code, message, hint = '' } = unexpected(error);
    throw new ActionError(code, `${show(path)}: ${message}`, { hint, cause: error });
  }
}
