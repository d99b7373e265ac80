import { execFile, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ACTION_DIRECTORY, createScenario } from '../helpers/scenario.ts';

const BUNDLE = join(ACTION_DIRECTORY, 'dist', 'index.js');
const PATH = process.env['PATH'] ?? '';

test('without a runner, nothing that masks a secret is printed, and the log says what to use instead', async () => {
  await using scenario = await createScenario({ files: { 'dist/a': 'a' } });
  const inputs = Object.entries({ ...scenario.inputs, upload: 'false' });
  const variables = inputs.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [BUNDLE], {
    cwd: scenario.workspace,
    env: { PATH, ...Object.fromEntries(variables) },
  });
  expect(stdout).toContain('npm run step');
  expect(await scenario.signatures()).toEqual(['dist/a.sign']);
  const { key, appSecret } = scenario.service.credentials;
  expect(stdout).toContain('▼ ');
  expect(`${stdout}${stderr}`).not.toMatch(/^::/m);
  for (const secret of ['add-mask', appSecret, ...key.split('\n').slice(1, -2)]) {
    expect(stdout + stderr).not.toContain(secret);
  }
});

test('without a runner, an error is a sentence and no command', async () => {
  const run = spawnSync(process.execPath, [BUNDLE], { encoding: 'utf8', env: { PATH, INPUT_FILES: 'dist/**' } });
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(/^Error: [A-Z_]+: .+$/m);
  expect(run.stdout + run.stderr).not.toMatch(/^::|%0A/m);
});

/** An older Node that other versions of this machine's tools have put on the path. */
const older = PATH.split(delimiter)
  .map((directory) => join(directory, 'node'))
  .filter(
    (node) => Number(/^v(\d+)/.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]) < 24,
  );

test.each([
  ['as far as it can tell', process.execPath, ['--import', new URL('../faults/preload-old.ts', import.meta.url).href]],
  ...older.slice(0, 1).map((node) => ['found on the path', node, []] as const),
] as const)('an older Node, %s, gets a sentence and no stack', (_, node, args) => {
  const { status, stdout, stderr } = spawnSync(node, [...args, BUNDLE], {
    encoding: 'utf8',
    env: { PATH, NODE_NO_WARNINGS: '1', GITHUB_ACTIONS: 'true' },
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^mTLS Release Signing needs Node 24; this is v\d+\.\d+\.\d+\..*npm run step.*\n$/);
});
