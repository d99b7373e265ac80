import type { ActionError } from '../errors.ts';
import type { FileInputs } from '../inputs/inputs.ts';
import { totalsOf } from '../report/report.ts';
import { removeChecksums, writeChecksums } from './checksums.ts';
import type { Context } from './context.ts';
import type { Release } from './release.ts';
import { runSigning, type SigningTask } from './signing.ts';

/** Signs what needs a signature and, once every file has one, the checksums; returns why the run failed as a whole. */
export async function signRelease(
  context: Context,
  inputs: FileInputs,
  task: SigningTask & { readonly release: Release; readonly reuse: boolean },
): Promise<ActionError | undefined> {
  const { report, clock } = context;
  const startedAt = clock.now();
  const isRefused = totalsOf(report).failed > 0;
  // What is complete and signed already stays, so that a repeated run costs no request.
  if (task.files.length > 0 || isRefused) removeChecksums(context, inputs, task.output);
  try {
    const ending = task.files.length > 0 ? await runSigning(context, task) : undefined;
    const { failed, notTried } = totalsOf(report);
    if (ending || failed + notTried > 0) return ending;
    return await writeChecksums(context, inputs, { ...task, startedAt });
  } finally {
    report.requests = task.service.requests();
  }
}
