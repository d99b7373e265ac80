import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';

const HERE = import.meta.dirname;
/** The exit code of `setup.sh` on a machine that cannot hold Wine 10. */
const CANNOT_HOLD = 75;
/** Longer than any file of tests takes here, four times over; Wine has lost a process when none ends for so long. */
const SILENCE_MS = 240_000;

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

/**
 * Runs vitest under Windows' Node on test files as they are in this work tree, and returns every outcome.
 *
 * Wine loses a process at times, for which vitest would wait for ever: the files without an outcome run once more, as long
 * as some of them have one afterwards.
 */
export async function runSuite(files: readonly string[]): Promise<readonly Outcome[]> {
  const cache = realpathSync(join(ACTION_DIRECTORY, 'node_modules/.cache/windows-suite'));
  copyWorkTree(join(cache, 'drive_d/repo'));
  const outcomes: Outcome[] = [];
  let missing = files;
  for (let run = 1; missing.length > 0; run++) {
    const told = await runVitest(cache, missing, run);
    if (told.length === 0)
      throw new Error(`vitest told no outcome: ${readFileSync(logOf(cache, run), 'utf8').slice(-2000)}`);
    outcomes.push(...told);
    const seen = new Set(told.map(({ file }) => file));
    missing = missing.filter((file) => !seen.has(file));
  }
  return outcomes;
}

/** Outputs of a program of Windows must be files. */
function logOf(cache: string, run: number): string {
  return join(cache, `drive_d/vitest-${run}.log`);
}

async function runVitest(cache: string, files: readonly string[], run: number): Promise<readonly Outcome[]> {
  const log = logOf(cache, run);
  // The reporter writes here.
  const told = join(cache, 'drive_d/outcomes');
  writeFileSync(told, '');
  const output = openSync(log, 'w');
  const node = `Z:${join(cache, 'node.exe').replaceAll('/', '\\')}`;
  const vitest = ['node_modules\\vitest\\vitest.mjs', 'run', '--pool=forks', '--maxWorkers=3'];
  const reporters = ['--reporter=default', '--reporter=./__tests__/soak/windows/outcomes-reporter.ts'];
  const child = spawn('bash', [join(HERE, 'wine.sh'), 'wine64', node, ...vitest, ...reporters, ...files], {
    env: { ...process.env, NODE_OPTIONS: '--import=file:///D:/repo/__tests__/soak/windows/preload-links.ts' },
    stdio: ['ignore', output, output],
  });
  const watching = setInterval(() => {
    if (Date.now() - Math.max(statSync(log).mtimeMs, statSync(told).mtimeMs) > SILENCE_MS) child.kill('SIGKILL');
  }, 1000);
  await once(child, 'exit');
  clearInterval(watching);
  closeSync(output);
  copyFileSync(told, join(cache, `outcomes-${run}`));
  const lines = readFileSync(told, 'utf8').split('\n').slice(0, -1);
  return lines.map((line): Outcome => JSON.parse(line));
}

function copyWorkTree(to: string): void {
  for (const name of readdirSync(to)) {
    if (name !== 'node_modules') rmSync(join(to, name), { recursive: true, force: true });
  }
  const options = { cwd: ACTION_DIRECTORY, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const list = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options);
  for (const path of list.stdout
    .split('\0')
    .filter((each) => each !== '' && existsSync(join(ACTION_DIRECTORY, each)))) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(ACTION_DIRECTORY, path), join(to, path));
  }
}
