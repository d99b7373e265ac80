import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ActionError, codeOf } from '../src/errors.ts';
import { ToolError } from './tool-error.ts';

/**
 * Runs a command of this repository: prints its help on request, and an error as a sentence without a stack.
 *
 * @param run gets the arguments and returns the exit code.
 */
export async function runCommandLine(help: string, run: (argv: string[]) => Promise<number>): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.some((argument) => ['--help', '-h'].includes(argument))) {
    process.stdout.write(help);
    return;
  }
  // A reader such as `head` may close the pipe early; the command continues to its normal end.
  process.stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
  });
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
  if (!(error instanceof Error)) return undefined;
  if (codeOf(error)?.startsWith('ERR_PARSE_ARGS_')) return `${error.message}\nThe option --help lists what there is.`;
  // System errors about the user's files are expected.
  return 'syscall' in error && 'path' in error ? error.message : undefined;
}

/** Resolves a path in the directory in which npm was started, because npm runs scripts in the repository. */
export function resolvePath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', path);
}

/** Resolves the path of an existing directory; throws `ARGUMENT_INVALID` when there is no such directory. */
export function resolveDirectory(option: string, path: string): string {
  const directory = resolvePath(path);
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory()) return directory;
  const what = found === undefined ? 'there is nothing at this path' : 'this is no directory';
  throw new ToolError('ARGUMENT_INVALID', `${option} ${directory}: ${what}.`);
}

/** Creates the directory of an option with its missing parents; throws `ARGUMENT_INVALID` when that fails. */
export function provideDirectory(option: string, directory: string): void {
  orRefuse(`${option} ${directory}: this directory cannot be made`, () => makeLevels(directory));
}

/** Checks that the file of an option can be written, without changing it; throws `ARGUMENT_INVALID` otherwise. */
export function provideFile(option: string, file: string): void {
  // Windows opens a directory like a file, and fails only when writing.
  if (isDirectory(file))
    throw new ToolError('ARGUMENT_INVALID', `${option} ${file}: this is a directory.`, { hint: 'Name a file.' });
  orRefuse(`${option} ${file}: this file cannot be written`, () => {
    makeLevels(dirname(file));
    appendFileSync(file, '');
  });
}

function orRefuse(problem: string, act: () => void): void {
  try {
    act();
  } catch (cause) {
    const hint = 'Name a place in which you may write.';
    throw new ToolError('ARGUMENT_INVALID', `${problem} (${codeOf(cause) ?? 'unknown'}).`, { hint, cause });
  }
}

/** Creates one level at a time, because Node's `recursive` never ends below a directory such as /proc. */
function makeLevels(directory: string): void {
  if (isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeLevels(parent);
  mkdirSync(directory);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
