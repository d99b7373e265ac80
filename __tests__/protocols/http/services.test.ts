import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runAction } from '../../../tools/runner/runner.ts';
import { readDocument } from '../../docs/document.ts';
import { runInProcess } from '../../helpers/in-process.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { STAND_INS, StandInServer, TOKEN } from './stand-ins.ts';

const directories: string[] = [];
const servers: StandInServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Names that would break out of a request that does not escape them. */
/** Windows takes no quotes in names. */
const ODD = process.platform === 'win32' ? "a'b%c.bin" : 'a"b%c.bin';
const FILES = { 'app.bin': 'content', [ODD]: 'quoted', 'größe {key}.bin': 'beyond ASCII', 'empty.bin': '' };

/** Signs files with a stand-in, by the inputs of a document's block. */
async function signWith(
  server: StandInServer,
  inputs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = FILES,
) {
  const directory = mkdtempSync(join(tmpdir(), 'http-service-'));
  directories.push(directory);
  const [workspace, runnerTemp] = [join(directory, 'workspace'), join(directory, 'temp')];
  for (const each of [join(workspace, 'dist'), runnerTemp]) await mkdir(each, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(workspace, 'dist', name), content);
  const common = { files: 'dist/*.bin', upload: 'false', ...server.inputs };
  const run = await runAction({
    actionDirectory: ACTION_DIRECTORY,
    workspace,
    runnerTemp,
    runScript: runInProcess,
    inputs: { ...common, ...inputs },
  });
  const signatures = (await readdir(join(workspace, 'dist'))).filter((name) => name.endsWith('.sign'));
  return { run, signatures, verify: (more: Readonly<Record<string, string>>) => verify(workspace, runnerTemp, more) };
}

function verify(workspace: string, runnerTemp: string, inputs: Readonly<Record<string, string>>) {
  return runAction({
    actionDirectory: ACTION_DIRECTORY,
    workspace,
    runnerTemp,
    runScript: runInProcess,
    inputs: { mode: 'verify', files: 'dist/*.bin', ...inputs },
  });
}

async function started(heading: string): Promise<StandInServer> {
  const standIn = STAND_INS[heading];
  if (standIn === undefined) throw new Error(`no service below “${heading}”`);
  const server = new StandInServer(standIn);
  servers.push(server);
  await server.start();
  return server;
}

const blocks = readDocument('docs/protocols.md').blocks.filter(({ text }) => /^\s+protocol: http$/m.test(text));

/** The inputs of a block, with the secret that it names. */
function inputsOf(text: string): Readonly<Record<string, string>> {
  const { with: inputs } = parse(text);
  return Object.fromEntries(
    Object.entries<string>(inputs).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ secrets\.SIGNING_TOKEN \}\}/, TOKEN),
    ]),
  );
}

test('the document shows a message for each service, and no other', () => {
  expect(blocks.map(({ heading }) => heading)).toEqual(Object.keys(STAND_INS));
});

test.each(blocks)(
  '$heading signs by the message of the document, and every signature is valid',
  async ({ heading, text }) => {
    const server = await started(heading);
    const inputs = inputsOf(text);
    const { run, signatures, verify } = await signWith(server, inputs);
    expect(server.refusals).toEqual([]);
    expect(run.log).not.toContain('::error');
    expect(run.exitCode).toBe(0);
    expect(signatures).toHaveLength(Object.keys(FILES).length);
    const key = { 'verify-key': server.publicKey, ...pick(inputs, ['signature-algorithm', 'signature-encoding']) };
    expect((await verify(key)).exitCode).toBe(0);
  },
);

function pick(inputs: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => names.includes(name)));
}

test.each(['sign', 'rehearse'])(
  'mode %s refuses a name that a text body cannot hold before any request',
  async (mode) => {
    const server = new StandInServer(() => ({ type: 'text/plain', body: 'never' }));
    servers.push(server);
    await server.start();
    const request = 'POST /sign\nContent-Type: text/plain\n\n{name} {digest:hex}';
    const { run, signatures } = await signWith(
      server,
      { mode, protocol: 'http', request, answer: 'body' },
      { 'a\nb.bin': 'x' },
    );
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('NAME_NOT_SENDABLE');
    expect([signatures, server.exchanges]).toEqual([[], []]);
  },
);

test.each([
  ['signserver', 'Keyfactor SignServer', { 'signing-key': 'PlainSigner' }],
  ['ocm', 'OCM signing server', {}],
  ['codesign-secure', 'CodeSign Secure', { 'signing-key': 'release', token: TOKEN, 'signature-encoding': 'hex' }],
])('preset:%s is the message of the document', async (name, heading, inputs) => {
  const server = await started(heading);
  const { run } = await signWith(server, { protocol: 'http', request: `preset:${name}`, ...inputs });
  expect(server.refusals).toEqual([]);
  expect(run.exitCode).toBe(0);
});
