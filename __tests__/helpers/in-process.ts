import { join } from 'node:path';
import { main } from '../../src/main.ts';
import { isGreen } from '../../src/report/report.ts';
import { createRunner } from '../../src/runner.ts';
import { WorkerThread } from '../../src/worker/worker.ts';
import { LineReader } from '../../tools/runner/log/lines.ts';
import type { Script, ScriptExit, Watchers } from '../../tools/runner/node-process.ts';
import { contextOf } from './context.ts';

const STREAMS = [process.stdout, process.stderr];
const DIST = join(import.meta.dirname, '..', '..', 'dist');

/**
 * Runs the main step of the action in this process, with the environment, the directory and the outputs of a step.
 *
 * A start of the bundle costs more than nearly every run of it: tables of cases are decided here, and the wiring of the
 * bundle by a few of them. The post step does nothing. One run at a time: environment and outputs belong to the process.
 */
export async function runInProcess({ path, cwd, env }: Script, watchers: Watchers): Promise<ScriptExit> {
  const started = performance.now();
  const exitCode = path.includes(join('dist', 'post')) ? 0 : await inSurroundings({ cwd, env }, watchers, runMain);
  return { exitCode, signal: null, durationMs: performance.now() - started, peakRssKb: undefined };
}

async function runMain(): Promise<number> {
  const runner = createRunner(process.env, STREAMS);
  const worker = new WorkerThread(join(DIST, 'thread', 'index.js'));
  const report = await main(contextOf(runner, { worker, pageTemplate: join(DIST, 'page', 'verify.html') }));
  return isGreen(report) ? 0 : 1;
}

async function inSurroundings<T>(
  { cwd, env }: Pick<Script, 'cwd' | 'env'>,
  watchers: Watchers,
  act: () => Promise<T>,
): Promise<T> {
  const before = { cwd: process.cwd(), env: process.env };
  const writers = STREAMS.map((stream) => Object.getOwnPropertyDescriptor(stream, 'write'));
  const lines = new LineReader((line) => watchers.onLine(line));
  const write = (chunk: string | Uint8Array): boolean => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    lines.write(bytes);
    watchers.onOutput?.(Buffer.from(bytes), 'stdout');
    return true;
  };
  process.env = { ...env };
  process.chdir(cwd);
  for (const stream of STREAMS) Object.assign(stream, { write });
  try {
    return await act();
  } finally {
    for (const [at, stream] of STREAMS.entries()) {
      // Without one of its own, a stream has that of its class.
      Reflect.deleteProperty(stream, 'write');
      const own = writers[at];
      if (own) Object.defineProperty(stream, 'write', own);
    }
    process.env = before.env;
    process.chdir(before.cwd);
    lines.end();
  }
}
