import { unexpected } from './errors.ts';
import type { Inputs } from './inputs/inputs.ts';
import { loadInputs } from './inputs/load-inputs.ts';
import type { Context } from './modes/context.ts';
import { rehearse } from './modes/rehearse.ts';
import { sign } from './modes/sign.ts';
import { verify } from './modes/verify.ts';
import { publish } from './report/publish.ts';
import { isGreen } from './report/report.ts';

/** Runs the action: reads the inputs, does what the mode says, and reports; returns whether the step is green. */
export async function main(context: Context): Promise<boolean> {
  const { runner, report } = context;
  try {
    warnAboutEnvironment(context);
    const inputs = loadInputs(runner);
    report.mode = inputs.mode;
    await runMode(context, inputs);
  } catch (error) {
    report.failure ??= unexpected(error);
  }
  const isTold = publish(runner, report);
  return isTold && isGreen(report);
}

async function runMode(context: Context, inputs: Inputs): Promise<void> {
  switch (inputs.mode) {
    case 'sign':
      return sign(context, inputs);
    case 'rehearse':
      return rehearse(context, inputs);
    case 'verify':
      return verify(context, inputs);
    case 'preflight':
      return (await import('./modes/preflight.ts')).preflight(context, inputs);
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

/** An earlier step may have set these, by mistake or not; none of them changes what this action does. */
function warnAboutEnvironment({ runner }: Context): void {
  const { suspiciousVariables } = runner.facts;
  if (suspiciousVariables.length === 0) return;
  runner.annotate(
    'warning',
    'Suspicious environment',
    `The environment sets ${suspiciousVariables.join(', ')}. The action verifies the server all the same, but other steps may not, and secrets may be written to a file.`,
  );
}
