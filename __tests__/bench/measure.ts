import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A command that is measured from its start to its exit. */
export interface Command {
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What one run of a command took. */
export interface Measurement {
  readonly seconds: number;
  /** Of the process alone, user and system together. */
  readonly cpuSeconds: number;
  /** Highest resident memory. */
  readonly peakMiB: number;
  readonly exitCode: number;
  /** Wall clock, in milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/** Runs a command to its end; what it prints goes to `log`. Rejects, showing the end of that, when it fails. */
export async function measure(command: Command, tools: { python: string; log: string }): Promise<Measurement> {
  const { python, log } = tools;
  const child = spawn(python, [join(import.meta.dirname, 'measure.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const stop = (): void => void child.kill();
  process.once('exit', stop);
  const answer = text(child.stdout);
  child.stdin.end(JSON.stringify({ ...command, log }));
  await once(child, 'close');
  process.off('exit', stop);
  const measurement: Measurement = JSON.parse(await answer);
  if (measurement.exitCode === 0) return measurement;
  const said = (await readFile(log, 'utf8')).slice(-2000);
  throw new Error(`${command.command.slice(0, 2).join(' ')} ended with ${measurement.exitCode}:\n${said}`);
}
