import { ActionError, unexpected } from '../../../errors.ts';
import { show } from '../../../files/names.ts';
import type { Sealed } from '../../../files/seal.ts';
import type { FileInputs } from '../../../inputs/inputs.ts';
import type { ReportPart } from '../../../report/report.ts';
import type { Context } from '../../context.ts';
import { readStamp } from './timestamp.ts';
import { checkOwn, type OwnCheck } from './whole-release.ts';

/**
 * Checks an existing time stamp: its signature, its authority, and that it is for the checksums with this SHA-256
 * (hex).
 *
 * Throws if there is none although `timestamp-chain` is set. Checks nothing when the checksums were not checked.
 */
export async function checkReleaseStamp(
  context: Context,
  { timestamp }: FileInputs,
  { sha256, ...check }: OwnCheck & { readonly sha256: string | undefined },
): Promise<{ readonly sealed: Sealed[]; readonly part: ReportPart }> {
  if (timestamp === undefined || sha256 === undefined) return { sealed: [], part: {} };
  const { path, anchors } = timestamp;
  const bytes = readStamp(check.output, path);
  if (bytes === undefined) {
    if (anchors) throw missing(path);
    return { sealed: [], part: {} };
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

function missing(path: string): ActionError {
  return new ActionError('TIMESTAMP_MISSING', `The time stamp ${show(path)} is not there.`, {
    hint: 'Restore it from the release, or leave timestamp-chain empty when the release has none.',
  });
}
