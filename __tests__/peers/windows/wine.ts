import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';

const WINE = '/usr/lib/wine/wine64';
const CACHE = join(ACTION_DIRECTORY, 'node_modules/.cache/windows');
const NODE = join(CACHE, 'node.exe');

/** Why Windows' Node cannot be run here, or `undefined`. */
export const NO_WINDOWS =
  existsSync(WINE) && existsSync(NODE) && existsSync(join(CACHE, 'prefix/dosdevices/d:'))
    ? undefined
    : 'no Wine with Windows’ Node; install wine and wine64, and call npm run setup:peers';

/** A directory that Windows has on its drive D:, removed with what is in it. */
export interface Drive {
  /** Where Linux has it. */
  readonly directory: string;
  /** Where Windows has it. */
  readonly windows: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a directory on the drive. */
export async function makeDrive(): Promise<Drive> {
  await mkdir(join(CACHE, 'drive_d'), { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'drive_d/test-'));
  return {
    directory,
    windows: toWindows(directory),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Spells a path of Linux as Windows does: on drive D: what is in a {@link Drive}, on Z: all else. */
export function toWindows(path: string): string {
  const drive = join(CACHE, 'drive_d');
  const spelled = path.startsWith(`${drive}/`) ? `D:${path.slice(drive.length)}` : `Z:${path}`;
  return spelled.replaceAll('/', '\\');
}

/** How a program of Windows ended. */
export interface WindowsExit {
  readonly exitCode: number | null;
  /** Both outputs, one behind the other. */
  readonly log: string;
}

/** A program of Windows that runs. */
export interface WindowsProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<WindowsExit>;
  /** What it has printed until now. */
  readLog(): Promise<string>;
}

/** Where a program starts, and what it gets. */
interface WindowsOptions {
  /** A directory of Linux. */
  readonly cwd: string;
  /** The directory that takes what is printed: both outputs must be files. */
  readonly outputs: string;
  readonly env?: Readonly<Record<string, string>>;
}

let count = 0;

/** Starts Windows' Node; a path of a script is one of Windows. */
export async function startNode(
  args: readonly string[],
  { cwd, outputs, env = {} }: WindowsOptions,
): Promise<WindowsProcess> {
  const number = count++;
  const paths = ['out', 'err'].map((name) => join(outputs, `${number}.${name}`));
  const [out, err] = await Promise.all(paths.map((path) => open(path, 'w')));
  // No shell between: it would drop variables such as INPUT_SERVER-URL.
  const child = spawn(WINE, [NODE, ...args], {
    cwd,
    env: {
      ...env,
      WINEPREFIX: join(CACHE, 'prefix'),
      WINEARCH: 'win64',
      WINEDEBUG: '-all',
      NODE_SKIP_PLATFORM_CHECK: '1',
    },
    stdio: ['ignore', out?.fd ?? 'ignore', err?.fd ?? 'ignore'],
  });
  const readLog = async () => (await Promise.all(paths.map((path) => readFile(path, 'utf8')))).join('');
  const exit = once(child, 'exit').then(async ([exitCode]): Promise<WindowsExit> => {
    await Promise.all([out?.close(), err?.close()]);
    return { exitCode, log: await readLog() };
  });
  return { child, exit, readLog };
}

/** Runs Windows' Node to its end. */
export async function runNode(args: readonly string[], options: WindowsOptions): Promise<WindowsExit> {
  return (await startNode(args, options)).exit;
}
