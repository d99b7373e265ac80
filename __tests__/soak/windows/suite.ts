import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
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
/** Longer than the longest test may take. */
const SILENCE_MS = 330_000;

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
 * Wine loses a process at times, for which vitest would wait for ever: what has no outcome by then runs once more.
 */
export async function runSuite(files: readonly string[]): Promise<readonly Outcome[]> {
  const cache = realpathSync(join(ACTION_DIRECTORY, 'node_modules/.cache/windows-suite'));
  copyWorkTree(join(cache, 'drive_d/repo'));
  const first = await runVitest(cache, files);
  const seen = new Set(first.map(({ file }) => file));
  const missing = files.filter((file) => !seen.has(file));
  return missing.length === 0 ? first : [...first, ...(await runVitest(cache, missing))];
}

async function runVitest(cache: string, files: readonly string[]): Promise<readonly Outcome[]> {
  const [log, told] = [join(cache, 'drive_d/vitest.log'), join(cache, 'drive_d/outcomes')];
  writeFileSync(told, '');
  // Outputs of a program of Windows must be files.
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
  const lines = readFileSync(told, 'utf8').split('\n').slice(0, -1);
  if (lines.length === 0) throw new Error(`vitest told no outcome: ${readFileSync(log, 'utf8').slice(-2000)}`);
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
