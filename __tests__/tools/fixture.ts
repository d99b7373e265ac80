import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActionOptions, type ActionRun, runAction } from '../../tools/runner/runner.ts';

/** One thing the fixture action does; `index.js` beside its `action.yml` lists them. */
type Step = readonly [name: string, ...rest: ReadonlyArray<string | number>];

const actionDirectory = join(import.meta.dirname, 'fixture-action');

/** Runs the fixture action with these steps in fresh directories, and removes them. */
export async function play(steps: readonly Step[], options: Partial<ActionOptions> = {}): Promise<ActionRun> {
  const directory = await mkdtemp(join(tmpdir(), 'local-runner-'));
  try {
    return await runAction({
      actionDirectory,
      workspace: directory,
      runnerTemp: directory,
      timeoutMs: 120_000,
      ...options,
      inputs: { script: JSON.stringify(steps), ...options.inputs },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The environment that the fixture action, or its post step, was started with. */
export function dumped(run: { readonly rawLog: Buffer }): Record<string, string> {
  const line = /^(?:ENV|POST) (.*)$/m.exec(run.rawLog.toString('utf8'));
  return JSON.parse(line?.[1] ?? '{}');
}
