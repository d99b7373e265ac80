import { spawn, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SOURCES = pathToFileURL(join(import.meta.dirname, '../../src/files/')).href;
/** The superuser sees no permission errors. */
const BECOME_NOBODY =
  'if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }';

/** Runs a program as somebody who may not do everything, but may write to the `open` directories; returns what it prints. */
export function runUnprivileged(program: string, open: readonly string[]): string {
  for (const directory of open) chmodSync(directory, 0o777);
  const options = { encoding: 'utf8', timeout: 30_000 } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, argumentsFor(BECOME_NOBODY + program), options);
  if (status !== 0) throw new Error(`It ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** Runs a program and kills it once it has printed something. */
export async function runAndKill(program: string): Promise<void> {
  const child = spawn(process.execPath, argumentsFor(program), { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdout.once('data', () => child.kill('SIGKILL'));
  await ended;
}

/** The program finds `load(name)` for the modules of the room, and `tell(act)` that prints what an action comes to. */
function argumentsFor(program: string): string[] {
  const prologue = `
    const load = (name) => import('${SOURCES}' + name + '.ts');
    const tell = (act) => { try { console.log(act() ?? 'done'); } catch (error) { console.log(error.code, error.message); } };
  `;
  return ['--input-type=module', '--no-warnings', '--eval', prologue + program];
}
