import { ActionError, unexpected } from './errors.ts';
import type { Inputs } from './inputs/inputs.ts';
import { loadInputs } from './inputs/load-inputs.ts';
import type { Context } from './modes/context.ts';
import { rehearse } from './modes/rehearse.ts';
import { sign } from './modes/sign.ts';
import { withdrawFrom } from './modes/stages/delivery.ts';
import { verify } from './modes/verify.ts';
import { publish } from './report/publish.ts';
import { type Report, ReportBuilder } from './report/report.ts';

/** Runs the action: reads the inputs, runs the mode, and reports the result, however the run ended. */
export async function main(context: Context): Promise<Report> {
  const { runner } = context;
  const builder = new ReportBuilder((error) => explainDefect(error, runner));
  try {
    tellWithoutRunner(context);
    warnAboutEnvironment(context);
    // Unwritable output files are found here, before any file is signed or any key is written, and not at the end.
    runner.checkFiles();
    const inputs = loadInputs(runner);
    builder.add({ mode: inputs.mode });
    if (inputs.mode !== 'verify') checkWebAssembly();
    await runMode(context, inputs, builder);
  } catch (error) {
    builder.add({ failure: unexpected(error) });
  }
  context.worker.stop();
  const report = await withdrawFrom(context, builder.build());
  const untold = publish(runner, report);
  return withdrawFrom(context, { ...report, failure: report.failure ?? untold });
}

async function runMode(context: Context, inputs: Inputs, report: ReportBuilder): Promise<void> {
  switch (inputs.mode) {
    case 'sign':
      return sign(context, inputs, report);
    case 'rehearse':
      return rehearse(context, inputs, report);
    case 'verify':
      return verify(context, inputs, report);
    case 'preflight':
      return (await import('./modes/preflight.ts')).preflight(context, inputs, report);
    case 'skipped':
      return tellSkipped(context);
    default:
      return inputs satisfies never;
  }
}

function tellSkipped({ runner }: Context): void {
  runner.annotate(
    'notice',
    'Nothing signed',
    'There are no credentials, as GitHub gives none to this kind of run; if-no-credentials: skip.',
  );
}

/** Without a runner, nothing turns commands in the log into masks and annotations. */
function tellWithoutRunner({ runner }: Context): void {
  if (runner.facts.isOnRunner) return;
  runner.line(
    'GITHUB_ACTIONS is not set, so no runner reads this log and secrets are not masked in it. On a laptop, use npm run step in the repository of the action: it runs the action as a runner does.',
  );
}

/** An earlier step may have set these variables, by mistake or on purpose. */
function warnAboutEnvironment({ runner }: Context): void {
  const { suspiciousVariables } = runner.facts;
  if (suspiciousVariables.length === 0) return;
  runner.annotate(
    'warning',
    'Suspicious environment',
    `The environment sets ${suspiciousVariables.join(', ')}. The action verifies the signing service all the same, but other steps may not, secrets may be written to a file, and code of others may run in this process. Find the step or setting that does so.`,
  );
}

/**
 * Scrubs the message of an unforeseen error, which may be that of a library and quote a server. With an option that changes Node
 * itself, such an error is most likely no defect of this action.
 */
function explainDefect(error: ActionError, { facts, scrub }: Context['runner']): ActionError {
  if (error.code !== 'INTERNAL') return error;
  const what = scrub(error.message);
  const options = facts.suspiciousVariables.find((text) => text.startsWith('NODE_OPTIONS with '));
  if (options === undefined) return new ActionError('INTERNAL', what, { hint: error.hint ?? '', cause: error.cause });
  return changedNode(options.replace('NODE_OPTIONS with ', ''), { what, cause: error });
}

/** Node's HTTP client is WebAssembly; without it every request would look like a lost connection. */
function checkWebAssembly(): void {
  if ('WebAssembly' in globalThis) return;
  throw changedNode('--jitless', { what: 'there is no WebAssembly, which the HTTP client needs' });
}

function changedNode(
  options: string,
  { what, cause }: { readonly what: string; readonly cause?: ActionError },
): ActionError {
  return new ActionError('NODE_CHANGED', `Node runs with ${options}, which changes Node itself: ${what}`, {
    hint: `Remove ${options} from NODE_OPTIONS: look at env: in the workflow, at earlier steps, and at the settings of the runner. If the run fails without it too, please report it.`,
    cause,
  });
}
