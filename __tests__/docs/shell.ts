import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a command left behind. */
interface Ended {
  readonly status: number;
  /** Both outputs, in order of arrival as far as that can be told. */
  readonly output: string;
}

/** Runs one block in a bash of its own, with no option set, as the shell of a reader has none. */
export async function runAlone(block: string, cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', block], { cwd }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ status, output: stdout + stderr });
    });
  });
}

/** A bash that a reader would have open: directory and variables stay from block to block. */
interface Shell {
  /** Runs a block and returns its output; rejects, with all output, when a command fails. */
  run(block: string): Promise<string>;
  close(): Promise<void>;
}

/** Opens a shell with a home of its own and programs that stand ahead of the system's. */
export async function openShell(home: string, programs: Readonly<Record<string, string>>): Promise<Shell> {
  const bin = join(home, 'bin');
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(programs)) await writeFile(join(bin, name), script, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home, LC_ALL: 'C' };
  const bash = spawn('bash', ['-eo', 'pipefail'], { cwd: home, env, stdio: 'pipe' });
  const ended = once(bash, 'close');
  let output = '';
  let onOutput = (): void => {};
  for (const stream of [bash.stdout, bash.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput();
    });
  }
  let blocks = 0;
  return {
    async run(block) {
      const file = join(home, `block-${++blocks}.sh`);
      const mark = `[end of block ${blocks}]\n`;
      await writeFile(file, `${block}\n`);
      output = '';
      const done = new Promise<void>((resolve) => {
        onOutput = () => {
          if (output.endsWith(mark)) resolve();
        };
      });
      // Errors join the output, so that the mark comes behind them.
      bash.stdin.write(`. '${file}' < /dev/null 2>&1; printf '${mark.trim()}\\n'\n`);
      const failed = await Promise.race([done.then(() => false), ended.then(() => true)]);
      if (failed) throw new Error(`this block failed:\n${block}\n\n${output}`);
      return output.slice(0, -mark.length);
    },
    async close() {
      bash.stdin.end();
      await ended;
    },
  };
}
