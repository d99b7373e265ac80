import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { describeRows } from '../names/describe-rows.ts';
import { describeWorld } from '../world.ts';
import { mountFolding, whyNoFolding } from './folding.ts';

describeWorld('macos', await whyNoFolding(), () => {
  const made = new AsyncDisposableStack();
  afterAll(() => made.disposeAsync());

  describeRows('macos', async () => {
    const { directory } = made.use(await mountFolding());
    const [script, results] = [
      join(ACTION_DIRECTORY, '__tests__/peers/names/play-rows.ts'),
      join(directory, 'results'),
    ];
    const played = await promisify(execFile)(process.execPath, [script, 'macos', join(directory, 'rows'), results]);
    return { results, log: played.stdout + played.stderr };
  });
});
