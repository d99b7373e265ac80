import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program and kills it once it has printed something; throws when it ended by itself. */
export async function runAndKill(program: string): Promise<void> {
  const args = ['--input-type=module', '--no-warnings', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.kill('SIGKILL'));
  const [code, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL') throw new Error(`The program ended by itself, with ${code ?? signal}.`);
}
