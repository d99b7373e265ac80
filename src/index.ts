import './old-node.ts';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { environment } from './environment.ts';
import { ActionError, unexpected } from './errors.ts';
import { Patience } from './files/patience.ts';
import { main } from './main.ts';
import { isGreen } from './report/report.ts';
import { createRunner } from './runner.ts';
import { createClock, measureSlowdown } from './signing/schedule/clock.ts';
import { WorkerThread } from './worker/worker.ts';

// The environment in a crash report would hold the inputs.
if (process.report) process.report.excludeEnv = true;

const cancel = new AbortController();
let exitCode = 1;
for (const [name, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(name, () => {
    exitCode = 128 + number;
    cancel.abort(
      new ActionError('CANCELLED', 'The run was cancelled.', {
        hint: 'Files that are listed as signed or verified are complete; run the step again for the others.',
      }),
    );
    // Leaves time for the report; work that has not ended by then is cut off.
    setTimeout(() => process.exit(exitCode), 800).unref();
  });
}

// A library may throw where nobody can catch the error; Node would print it without the escaping of the log.
process.on('uncaughtException', (error) => cancel.abort(unexpected(error)));

const clock = createClock(measureSlowdown());
// Called only once, because it removes what it reads from the environment; a second runner would not warn about it.
const runner = createRunner(environment, [process.stdout, process.stderr]);
const report = await main({
  runner,
  signal: cancel.signal,
  clock,
  patience: new Patience(clock),
  startedAt: clock.now(),
  now: Date.now,
  random: Math.random,
  randomInt,
  processId: process.pid,
  worker: new WorkerThread(join(import.meta.dirname, 'thread', 'index.js'), (reason) =>
    runner.debug(`The worker thread ended; the main thread does its work: ${String(reason)}`),
  ),
  pageTemplate: join(import.meta.dirname, 'page', 'verify.html'),
});
// Sockets that are still closing must not keep the step alive.
process.stdout.write('', () => process.exit(isGreen(report) && !cancel.signal.aborted ? 0 : exitCode));
