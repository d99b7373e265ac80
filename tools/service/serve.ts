import { parseArgs } from 'node:util';
import { ActionError } from '../../src/errors.ts';
import { startService } from '../../src/rehearsal/service.ts';
import { ToolError } from '../tool-error.ts';
import { withHandout } from './client-files.ts';
import { renderGuide } from './guide.ts';

const USAGE = 'node tools/service/serve.ts [--port N] [--delay MS] [--dir DIR] [--http2]';

function readNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value <= most) return value;
  throw new ToolError('ARGUMENT_INVALID', `--${name} must be a whole number from 0 to ${most}.`, { hint: USAGE });
}

function readArguments(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string', default: '0' },
        delay: { type: 'string', default: '0' },
        dir: { type: 'string' },
        http2: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (cause) {
    throw new ToolError('ARGUMENT_INVALID', cause instanceof Error ? cause.message : String(cause), {
      hint: USAGE,
      cause,
    });
  }
}

/** Runs the service until a signal asks it to stop, or nobody reads what it prints. */
async function serve(argv: readonly string[]): Promise<void> {
  const values = readArguments(argv);
  const options = {
    port: readNumber('port', values.port, 65_535),
    delayMs: readNumber('delay', values.delay, 3_600_000),
    http2: values.http2,
  };
  // Listened for before anything is written, so that no early signal leaves files behind.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.stdout.once('error', () => resolve());
  });
  const service = await startService(options);
  try {
    await withHandout(service.credentials, values.dir, async (handout) => {
      process.stdout.write(renderGuide(service, handout));
      await stopped;
    });
  } finally {
    await service.close();
  }
}

if (import.meta.main) {
  try {
    await serve(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof ActionError)) throw error;
    process.stderr.write(`${error.message}\n${error.hint ?? ''}\n`);
    process.exitCode = 1;
  }
}
