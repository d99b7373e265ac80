import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../src/modes/context.ts';
import { createRunner, type Runner } from '../../src/runner.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { makeDirectory } from '../files/trees.ts';
import { contextOf } from '../helpers/context.ts';

/** A run within this process, whose runner notes what it is told. */
export interface InProcess {
  readonly context: Context;
  readonly workspace: string;
  readonly cancel: AbortController;
  readonly lines: string[];
  readonly annotations: { readonly title: string; readonly text: string }[];
  /** Timers that are set and neither over nor taken back. */
  readonly timers: ReadonlySet<object>;
}

/** Prepares a run with these inputs; parts of the runner may be replaced. */
export function inProcess(inputs: Readonly<Record<string, string>>, replaced: Partial<Runner> = {}): InProcess {
  const workspace = makeDirectory();
  const temporaryDirectory = join(makeDirectory(), 'temp');
  mkdirSync(temporaryDirectory);
  const cancel = new AbortController();
  const lines: string[] = [];
  const annotations: { title: string; text: string }[] = [];
  const timers = new Set<object>();
  const clock = createClock();
  const environment = {
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_WORKSPACE: workspace,
    GITHUB_REPOSITORY: 'octo/road-roller',
    GITHUB_REF_NAME: 'v1.2.3',
    GITHUB_SHA: '5f1d0a7c3b9e4d2f8a6c1e0b7d4f3a2c9e8b7d6a',
    RUNNER_TEMP: temporaryDirectory,
  };
  const runner: Runner = {
    ...createRunner(environment),
    takeInput: (name) => inputs[name],
    mask: () => {},
    line: (text) => void lines.push(text),
    lines: (texts) => void lines.push(...texts),
    debug: () => {},
    openGroup: () => {},
    closeGroup: () => {},
    annotate: (_, title, text) => void annotations.push({ title, text }),
    ...replaced,
  };
  const context = contextOf(runner, {
    signal: cancel.signal,
    clock: {
      ...clock,
      after(delayMs, callback) {
        const timer = {};
        timers.add(timer);
        const stop = clock.after(delayMs, () => {
          timers.delete(timer);
          callback();
        });
        return () => {
          timers.delete(timer);
          stop();
        };
      },
    },
  });
  return { context, workspace, cancel, lines, annotations, timers };
}
