import { resolve } from 'node:path';
import { ActionError, codeOf } from '../src/errors.ts';
import { ToolError } from './tool-error.ts';

/**
 * Runs a command of this repository: prints its help when that is asked for, and a sentence without a stack when it cannot go on.
 *
 * @param run gets the arguments and returns the exit code.
 */
export async function runCommandLine(help: string, run: (argv: string[]) => Promise<number>): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.some((argument) => ['--help', '-h'].includes(argument))) {
    process.stdout.write(help);
    return;
  }
  try {
    process.exitCode = await run(argv);
  } catch (error) {
    const sentence = explain(error);
    if (sentence === undefined) throw error;
    process.stderr.write(`${sentence}\n`);
    process.exitCode = 1;
  }
}

function explain(error: unknown): string | undefined {
  if (error instanceof ToolError || error instanceof ActionError) {
    return [error.message, ...(error.hint === undefined ? [] : [error.hint])].join('\n');
  }
  if (!(error instanceof Error) || !codeOf(error)?.startsWith('ERR_PARSE_ARGS_')) return undefined;
  return `${error.message}\nThe option --help lists what there is.`;
}

/** Makes a path absolute from the directory in which npm was started; npm itself starts scripts in the repository. */
export function resolvePath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', path);
}
