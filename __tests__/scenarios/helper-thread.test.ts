import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ACTION_DIRECTORY, createScenario, opensslAccepts, type Scenario } from '../helpers/scenario.ts';

const LARGE = Object.fromEntries([2, 3, 5].map((mib) => [`dist/${mib}.bin`, Buffer.alloc(mib * 2 ** 20, `${mib}!`)]));
const MANY = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`dist/${at % 9}/f${at}.txt`, `file ${at}`]));

/** The committed bundle with another program for its thread. */
async function copyAction(thread: (own: string) => string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'action-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp(join(ACTION_DIRECTORY, 'action.yml'), join(directory, 'action.yml'));
  await cp(join(ACTION_DIRECTORY, 'dist'), join(directory, 'dist'), { recursive: true });
  const program = join(directory, 'dist', 'thread', 'index.js');
  await writeFile(program, thread(await readFile(program, 'utf8')));
  return directory;
}

function inputsOf({ service }: Scenario): Readonly<Record<string, string>> {
  return { 'verify-key': service.credentials.verifyKeyPem, upload: 'false' };
}

async function expectAllSigned(scenario: Scenario, names: string[]): Promise<void> {
  const { workspace, service } = scenario;
  expect(await scenario.signatures()).toEqual(names.map((name) => `${name}.sign`).sort());
  for (const name of names.slice(0, 3)) {
    const location = join(workspace, name);
    expect(await opensslAccepts(service.credentials.verifyKeyPem, location, `${location}.sign`)).toBe(true);
  }
}

describe.each([
  ['large files', LARGE],
  ['many files', MANY],
])('%s', (_, files) => {
  const names = Object.keys(files);

  test('are signed with the help of the thread', async () => {
    await using scenario = await createScenario({ files });
    const trace = join(scenario.workspace, 'trace');
    const actionDirectory = await copyAction(
      (own) => `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(trace)}, '');\n${own}`,
    );
    await scenario.green(inputsOf(scenario), { actionDirectory });
    expect(await readFile(trace, 'utf8')).toBe('');
    await expectAllSigned(scenario, names);
  });

  test('are signed all the same when the thread ends during its first task', async () => {
    await using scenario = await createScenario({ files });
    const actionDirectory = await copyAction(
      () => `import { parentPort } from 'node:worker_threads';\nparentPort.once('message', () => process.exit(1));`,
    );
    const run = await scenario.run(inputsOf(scenario), { actionDirectory });
    expect([run.exitCode, run.outputs['signed-count']]).toEqual([0, String(names.length)]);
    await expectAllSigned(scenario, names);
  });
});
