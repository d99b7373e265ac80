import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../src/errors.ts';
import { ToolError } from '../tool-error.ts';

/** The files for a step's messages to the runner, by purpose. */
export interface FileCommands {
  readonly output: string;
  readonly state: string;
  readonly env: string;
  readonly path: string;
  readonly summary: string;
}

/** Creates the empty files of one step in `runnerTemp`, as GitHub's runner does. */
export async function createFileCommands(runnerTemp: string): Promise<FileCommands> {
  const directory = join(runnerTemp, '_runner_file_commands');
  await mkdir(directory, { recursive: true });
  const suffix = randomUUID();
  const files = {
    output: join(directory, `set_output_${suffix}`),
    state: join(directory, `save_state_${suffix}`),
    env: join(directory, `set_env_${suffix}`),
    path: join(directory, `add_path_${suffix}`),
    summary: join(directory, `step_summary_${suffix}`),
  };
  await Promise.all(Object.values(files).map((file) => writeFile(file, '')));
  return files;
}

/** Returns the environment variables with the paths of the files. */
export function fileCommandEnvironment(files: FileCommands): Record<string, string> {
  return {
    GITHUB_OUTPUT: files.output,
    GITHUB_STATE: files.state,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STEP_SUMMARY: files.summary,
  };
}

/** Reads the unparsed files of a step, without a byte order mark; a removed file counts as empty. */
export async function readFileCommands(files: FileCommands): Promise<FileCommands> {
  const read = async (file: string) => {
    try {
      return (await readFile(file, 'utf8')).replace(/^\ufeff/, '');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return '';
      throw error;
    }
  };
  const [output, state, env, path, summary] = await Promise.all(
    [files.output, files.state, files.env, files.path, files.summary].map(read),
  );
  return { output: output ?? '', state: state ?? '', env: env ?? '', path: path ?? '', summary: summary ?? '' };
}

/**
 * Parses the text of an output, state or environment file: lines `name=value`, and `name<<delimiter` … `delimiter`.
 *
 * Values between delimiters keep their line ends except the last. LF ends a line; on Windows, where `@actions/core`
 * writes the system's line ends, CRLF does too. As in GitHub's runner, the first of `=` and `<<` decides. Throws
 * `FILE_COMMAND_INVALID` for anything else, for which the runner fails the step.
 */
export function parseFileCommand(
  text: string,
  system: NodeJS.Platform = process.platform,
): Array<[name: string, value: string]> {
  const pairs: Array<[string, string]> = [];
  const lines = splitLines(text, system === 'win32' ? /\r?\n/g : /\n/g);
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    if (line.text === '') continue;
    const equals = line.text.indexOf('=');
    const heredoc = line.text.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      pairs.push([line.text.slice(0, equals), line.text.slice(equals + 1)]);
    } else if (heredoc > 0 && heredoc + 2 < line.text.length) {
      pairs.push([line.text.slice(0, heredoc), readHeredoc(lines, line.text.slice(heredoc + 2))]);
    } else {
      throw new ToolError('FILE_COMMAND_INVALID', `A file command has an invalid line: '${line.text}'`);
    }
  }
  return pairs;
}

interface Line {
  readonly text: string;
  /** The line end; empty for a last line without one. */
  readonly end: string;
}

interface Lines {
  next(): Line | undefined;
}

function splitLines(text: string, ends: RegExp): Lines {
  let index = 0;
  return {
    next() {
      if (index >= text.length) return undefined;
      ends.lastIndex = index;
      const found = ends.exec(text);
      const line = text.slice(index, found?.index);
      const end = found?.[0] ?? '';
      index += line.length + end.length;
      return { text: line, end };
    },
  };
}

function readHeredoc(lines: Lines, delimiter: string): string {
  let value = '';
  let end = '';
  for (let line = lines.next(); line?.text !== delimiter; line = lines.next()) {
    if (line === undefined || line.end === '') {
      throw new ToolError(
        'FILE_COMMAND_INVALID',
        `A file command's value has no line with its delimiter '${delimiter}'`,
      );
    }
    value += end + line.text;
    end = line.end;
  }
  return value;
}
