import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mountFolding, whyNoFolding } from '../macos/folding.ts';
import { describeWorld } from '../world.ts';
import { createJob } from './job.ts';
import { NO_WINDOWS } from './wine.ts';

// The disk below Wine takes 255 bytes of a name, and NTFS 255 UTF-16 units, as the file system of the other world does.
describeWorld('windows with long names', NO_WINDOWS ?? (await whyNoFolding()), () => {
  test('a name of 200 Chinese characters, which has 600 bytes, is signed', async () => {
    await using job = await createJob({});
    await using mounted = await mountFolding(join(job.workspace, 'dist'));
    const name = '界'.repeat(200);
    await writeFile(join(mounted.directory, name), 'x');
    const run = await job.run({ mode: 'rehearse', files: 'dist/**', upload: 'false' });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'signed-count': '1', 'verified-count': '1' });
  });
});
