import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ToolError } from '../tool-error.ts';
import { LineReader } from './log/lines.ts';
import { watchPeakMemory } from './peak-memory.ts';

/** The process of a running step: no standard input, both outputs piped. */
export type StepProcess = ChildProcessByStdio<null, Readable, Readable>;

/** A script to run with Node. */
export interface Script {
  readonly node: string;
  readonly nodeArgs: readonly string[];
  readonly path: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Callbacks and limits for a running script. */
export interface Watchers {
  onLine(line: string): void;
  /** Raw bytes in order of arrival. */
  onOutput?: ((chunk: Buffer, stream: 'stdout' | 'stderr') => void) | undefined;
  /** Receives the process, for sending signals to it. */
  onStart?: ((child: StepProcess) => void) | undefined;
  /** Cancels as GitHub does: SIGINT, after 7.5 s SIGTERM, after further 2.5 s SIGKILL. */
  readonly signal?: AbortSignal | undefined;
  /** Longest duration in milliseconds, after which the script is killed and the call rejects with `STEP_TIMED_OUT`. */
  readonly timeoutMs: number;
}

/** How a script ended. */
export interface ScriptExit {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** Highest resident memory in KiB; `undefined` except on Linux. */
  readonly peakRssKb: number | undefined;
}

/** Runs a script to its end, and passes its output to `watchers`. */
export type RunScript = (script: Script, watchers: Watchers) => Promise<ScriptExit>;

const SIGTERM_AFTER_MS = 7500;
const SIGKILL_AFTER_MS = 2500;
/** How long to wait, in milliseconds after the script's end, for output that a grandchild holds open. */
const OUTPUT_GRACE_MS = 5000;

/** Runs a script to its end, and passes its output to `watchers`. */
export async function runScript(script: Script, watchers: Watchers): Promise<ScriptExit> {
  const started = performance.now();
  const child = spawn(script.node, [...script.nodeArgs, script.path], {
    cwd: script.cwd,
    env: script.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl+C in the terminal reaches this process, which cancels as GitHub does; the script must not get it too.
    detached: process.platform !== 'win32',
  });
  const ended = new AbortController();
  const stopWatching = watchPeakMemory(child.pid);
  const closed = once(child, 'close', { signal: ended.signal });
  const exited: Promise<[number | null, NodeJS.Signals | null]> = new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
    child.once('error', reject);
  });
  closed.catch(() => undefined);
  readOutputs(child, watchers);
  watchers.onStart?.(child);
  const onCancel = () => void cancel(child, ended.signal);
  if (watchers.signal?.aborted === true) onCancel();
  watchers.signal?.addEventListener('abort', onCancel);
  try {
    const [exitCode, signal] = await Promise.race([exited, failLate(child, watchers.timeoutMs, ended.signal)]);
    const durationMs = performance.now() - started;
    await Promise.race([closed, delay(OUTPUT_GRACE_MS, undefined, { signal: ended.signal })]);
    return { exitCode, signal, durationMs, peakRssKb: stopWatching() };
  } finally {
    watchers.signal?.removeEventListener('abort', onCancel);
    stopWatching();
    ended.abort();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function readOutputs(child: StepProcess, watchers: Watchers): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const reader = new LineReader((line) => watchers.onLine(line));
    child[name].on('data', (chunk: Buffer) => {
      watchers.onOutput?.(chunk, name);
      reader.write(chunk);
    });
    child[name].on('end', () => reader.end());
  }
}

async function cancel(child: StepProcess, ended: AbortSignal): Promise<void> {
  try {
    child.kill('SIGINT');
    await delay(SIGTERM_AFTER_MS, undefined, { signal: ended });
    child.kill('SIGTERM');
    await delay(SIGKILL_AFTER_MS, undefined, { signal: ended });
    child.kill('SIGKILL');
  } catch {
    // Only the abort leads here: the process has ended, and no further signal is needed.
  }
}

async function failLate(child: StepProcess, timeoutMs: number, ended: AbortSignal): Promise<never> {
  await delay(timeoutMs, undefined, { signal: ended }).catch(() => new Promise<never>(() => undefined));
  child.kill('SIGKILL');
  throw new ToolError('STEP_TIMED_OUT', `The step was still running after ${timeoutMs} ms and was killed`);
}
