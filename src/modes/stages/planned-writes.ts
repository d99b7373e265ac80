import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError } from '../../errors.ts';
import { show } from '../../files/names.ts';
import { readSmallFile } from '../../files/reading/read-small.ts';
import { unwritable } from '../../files/writing/write-errors.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import type { ReportedMode } from '../../report/report.ts';

/** How the files begin that this action writes under a path of the user's choice. */
const BEGINNINGS = {
  manifest: /^\{"version":1,"mode":/,
  checksums: /^(?:$|\\?[0-9a-f]{64} [ *])/,
  'verification-kit': /^(?:<!doctype html>)?<!-- mtls-release-signing verification kit -->/,
} as const;

/**
 * Refuses to put the manifest, the checksums or the kit over something that this action did not write.
 *
 * Such a path is usually a mistake, and what stands there would be lost, and left out of the signing as well.
 * @throws ActionError `OUTPUT_OCCUPIED`, `OUTPUT_UNWRITABLE`, `OUTPUT_FULL`
 */
export function checkOwnFiles(inputs: FileInputs, mode: ReportedMode | undefined): void {
  const { manifest, checksums, kit } = inputs;
  const planned = [
    ['manifest', manifest],
    ['checksums', checksums],
    ['verification-kit', kit?.page],
    ['verification-kit', kit?.guide],
  ] as const;
  for (const [input, path] of planned) {
    // A verification only reads checksums and kit, and says itself what is wrong with them.
    if (path === undefined || (input !== 'manifest' && mode === 'verify')) continue;
    try {
      checkPlace(input, path, join(inputs.outputDirectory ?? inputs.root, path));
    } catch (error) {
      throw unwritable(path, error);
    }
  }
}

function checkPlace(input: keyof typeof BEGINNINGS, path: string, location: string): void {
  const stat = lstatSync(location, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const options = { maxBytes: 120, longer: 'cut', links: 'refused' } as const;
  const file = stat.isFile() ? readSmallFile(location, options) : undefined;
  if (file?.bytes && BEGINNINGS[input].test(file.bytes.toString('latin1'))) return;
  const unreadable = file?.reason === undefined ? '' : ` that could be read (${file.reason})`;
  const what = stat.isDirectory() ? 'is a directory' : `exists already and is no ${input} of this action${unreadable}`;
  throw new ActionError('OUTPUT_OCCUPIED', `Input ${input}: ${show(path)} ${what}.`, {
    hint: `Give ${input} a path where nothing else is; what stands there would be lost.`,
  });
}
