import { randomInt } from 'node:crypto';
import { Patience } from '../../src/files/patience.ts';
import type { Context } from '../../src/modes/context.ts';
import type { Runner } from '../../src/runner.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { WorkerThread } from '../../src/worker/worker.ts';

/** Builds what a run within this process is given: the real clocks and random numbers, no worker and no page unless they are given. */
export function contextOf(runner: Runner, parts: Partial<Context> = {}): Context {
  const clock = parts.clock ?? createClock();
  return {
    runner,
    signal: new AbortController().signal,
    clock,
    // It waits for files of this machine, whose time no test hurries.
    patience: new Patience(createClock()),
    startedAt: clock.now(),
    now: Date.now,
    random: Math.random,
    randomInt,
    processId: process.pid,
    worker: new WorkerThread(''),
    pageTemplate: '',
    ...parts,
  };
}
