import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { describeRows } from '../names/describe-rows.ts';
import { describeWorld } from '../world.ts';
import { makeDrive, NO_WINDOWS, runNode, toWindows } from './wine.ts';

describeWorld('windows', NO_WINDOWS, () => {
  const made = new AsyncDisposableStack();
  afterAll(() => made.disposeAsync());

  describeRows('windows', async () => {
    const { directory, windows } = made.use(await makeDrive());
    const script = toWindows(join(ACTION_DIRECTORY, '__tests__/peers/names/play-rows.ts'));
    const { log } = await runNode([script, 'windows', `${windows}\\rows`, `${windows}\\rows.json`], {
      cwd: directory,
      outputs: directory,
    });
    return { results: join(directory, 'rows.json'), log };
  });
});
