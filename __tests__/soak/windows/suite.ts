import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';

const HERE = import.meta.dirname;
/** The exit code of `setup.sh` on a machine that cannot hold Wine 10. */
const CANNOT_HOLD = 75;
const LIMIT_MS = 1_500_000;

/** Sets up Wine 10 where it is not; returns why this machine cannot hold it, or `undefined`. */
export function setUp(): string | undefined {
  const { status, stderr } = spawnSync('bash', [join(HERE, 'setup.sh')], { encoding: 'utf8' });
  if (status === 0) return undefined;
  if (status === CANNOT_HOLD) return stderr.trim().split('\n').at(-1) ?? 'no reason was given';
  throw new Error(`setup.sh ended with ${status}: ${stderr}`);
}

/** What became of one test, or of a whole file that could not be loaded. */
export interface Outcome {
  /** Path in the repository, with `/`. */
  readonly file: string;
  /** The titles from the outermost on; empty for a whole file. */
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly messages: string;
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs vitest under Windows' Node on the files as they are in this work tree, and returns every outcome. */
export function runSuite(filters: readonly string[]): readonly Outcome[] {
  const cache = realpathSync(join(ACTION_DIRECTORY, 'node_modules/.cache/windows-suite'));
  const drive = join(cache, 'drive_d');
  copyWorkTree(join(drive, 'repo'));
  rmSync(join(drive, 'report.json'), { force: true });
  const log = join(drive, 'vitest.log');
  // Outputs of a program of Windows must be files.
  const output = openSync(log, 'w');
  const node = `Z:${join(cache, 'node.exe').replaceAll('/', '\\')}`;
  const vitest = ['node_modules\\vitest\\vitest.mjs', 'run', '--pool=forks', '--maxWorkers=2', '--testTimeout=60000'];
  const { error } = spawnSync(
    'bash',
    [join(HERE, 'wine.sh'), 'wine64', node, ...vitest, '--reporter=json', '--outputFile=D:/report.json', ...filters],
    { stdio: ['ignore', output, output], timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  closeSync(output);
  if (error) throw error;
  try {
    return outcomesOf(JSON.parse(readFileSync(join(drive, 'report.json'), 'utf8')));
  } catch (cause) {
    throw new Error(`vitest left no report: ${readFileSync(log, 'utf8').slice(-2000)}`, { cause });
  }
}

function copyWorkTree(to: string): void {
  for (const name of readdirSync(to)) {
    if (name !== 'node_modules') rmSync(join(to, name), { recursive: true, force: true });
  }
  const options = { cwd: ACTION_DIRECTORY, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const list = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options);
  for (const path of list.stdout.split('\0').filter((each) => each !== '')) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(ACTION_DIRECTORY, path), join(to, path));
  }
}

function outcomesOf({ testResults }: JsonReport): readonly Outcome[] {
  return testResults.flatMap(({ name, status, message, assertionResults }): readonly Outcome[] => {
    const file = name.replaceAll('\\', '/').replace(/^D:\/repo\//i, '');
    const tests = assertionResults.map(
      (each): Outcome => ({
        file,
        title: each.fullName,
        status: each.status === 'passed' || each.status === 'failed' ? each.status : 'skipped',
        messages: each.failureMessages.join('\n'),
      }),
    );
    const isWhole = status === 'failed' && !tests.some((each) => each.status === 'failed');
    return isWhole ? [{ file, title: '', status: 'failed', messages: message }, ...tests] : tests;
  });
}
