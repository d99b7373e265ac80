import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createPki } from '../../src/rehearsal/pki.ts';
import { readDocument, shellBlocksOf } from '../docs/document.ts';
import { COMPILE_CACHE } from '../helpers/compile-cache.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { signContent, type Target } from './client.ts';

const PROGRAM = join(import.meta.dirname, '../../tools/service/serve.ts');
const STEP = join(import.meta.dirname, '../../tools/step/step.ts');
const PATHS = (process.env['PATH'] ?? '').split(delimiter);
let directory: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  told = '';
  directory = mkdtempSync(join(tmpdir(), 'serve-'));
});

afterEach(async () => {
  if (running !== undefined && running.exitCode === null && running.signalCode === null) {
    running.kill('SIGTERM');
    await once(running, 'exit');
  }
  rmSync(directory, { recursive: true });
});

/** How what is printed first ends. */
const ENDS = /\n(?:sign_file hello\.txt|# Every request is told below\.\n)\n$/;

/** Starts the program without any environment of this process and returns all that it prints first. */
async function serve(...options: string[]): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...options], {
    cwd: ACTION_DIRECTORY,
    env: COMPILE_CACHE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  let printed = '';
  while (!ENDS.test(printed)) {
    const [chunk]: unknown[] = await once(child.stdout, 'data');
    printed += String(chunk);
  }
  child.stdout.on('data', (chunk) => {
    told += String(chunk);
  });
  return printed;
}

/** What a service has printed later. */
let told = '';

async function stop(signal: NodeJS.Signals): Promise<unknown> {
  const exited = once(running ?? process, 'exit');
  running?.kill(signal);
  return (await exited)[0];
}

function readInputs(printed: string): Record<string, string> {
  const from = printed.indexOf('\nwith:\n');
  const { with: inputs } = parse(printed.slice(from, printed.indexOf('\n# ', from)));
  return inputs;
}

/** Stands in for curl where there is none: takes exactly the options of the printed example. */
const CURL_STAND_IN = `
const fs = require('node:fs');
const { parseArgs } = require('node:util');
const string = { type: 'string' };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { silent: { type: 'boolean', short: 's' }, 'show-error': { type: 'boolean', short: 'S' }, noproxy: string, output: { type: 'string', short: 'o' },
    cacert: string, cert: string, key: string, header: { type: 'string', short: 'H', multiple: true }, 'data-binary': string },
});
const read = (path) => fs.readFileSync(path);
const body = read(values['data-binary'].slice(1));
const headers = Object.fromEntries(values.header.map((header) => header.split(': ')));
const tls = { ca: read(values.cacert), cert: read(values.cert), key: read(values.key) };
require('node:https')
  .request(positionals[0], { method: 'POST', headers: { ...headers, 'content-length': body.length }, ...tls }, (answer) => {
    answer.pipe(fs.createWriteStream(values.output));
  })
  .end(body);
`;

function makeCurl(): string {
  const tools = join(directory, 'tools');
  mkdirSync(tools);
  writeFileSync(join(tools, 'curl.cjs'), CURL_STAND_IN);
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(tools, 'curl.cjs')}' "$@"\n`;
  writeFileSync(join(tools, 'curl'), script, { mode: 0o755 });
  return tools;
}

test('the shell example signs a file when it is pasted', async () => {
  const printed = await serve();
  const script = printed.slice(printed.indexOf('sign_file() ('));
  // With the machine's own curl where there is one, and with one of which only Node is needed everywhere.
  const ways = [[makeCurl(), ...PATHS], ...(PATHS.some((path) => existsSync(join(path, 'curl'))) ? [PATHS] : [])];
  for (const [index, way] of ways.entries()) {
    const cwd = join(directory, `try ${index}`);
    mkdirSync(cwd);
    const env = { PATH: way.join(delimiter), https_proxy: 'http://127.0.0.1:1' };
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd, env });
    expect(stdout).toBe('Verified OK\n');
    expect(readFileSync(join(cwd, 'hello.txt.sign'), 'latin1')).toMatch(/^[A-Za-z0-9+/]{90,}={0,2}$/);
  }
});

test('the printed inputs are those that the service accepts', async () => {
  const inputs = readInputs(await serve('--delay', '50'));
  const of = (name: string): string => inputs[name] ?? '';
  const target: Target = {
    url: of('server-url'),
    port: Number(new URL(of('server-url')).port),
    signPath: '/api/v1/sign_file',
    appKey: of('app-key'),
    appSecret: of('app-secret'),
    credentials: {
      cert: of('cert'),
      key: of('key'),
      chain: of('chain'),
      appKey: of('app-key'),
      appSecret: of('app-secret'),
      verifyKeyPem: of('verify-key'),
    },
  };
  const startedMs = performance.now();
  expect((await signContent(target, Buffer.from('hello'))).status).toBe(200);
  expect(performance.now() - startedMs).toBeGreaterThan(49);
});

/** Runs the commands that were printed, in the directory of the test, and returns their last line. */
function runStep(printed: string): string {
  const [lines = ''] = /^mkdir .*\nnpm run step -- (?:.*\\\n)+.*$/m.exec(printed) ?? [];
  rmSync(join(directory, 'build'), { recursive: true, force: true });
  const commands = lines.replace('npm run step --', `'${process.execPath}' '${STEP}'`);
  const env = { ...COMPILE_CACHE, PATH: PATHS.join(delimiter), INIT_CWD: directory };
  const { stdout } = spawnSync('sh', ['-c', commands], { cwd: directory, env, encoding: 'utf8' });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

test('the printed command signs with the action on this machine', async () => {
  expect(runStep(await serve())).toMatch(/^Green/);
  expect(existsSync(join(directory, 'build/hello/hello.txt.sign'))).toBe(true);
});

/** The options of the command that the document gives for a message without its service. */
function documentedOptions(): readonly string[] {
  const [block = ''] = shellBlocksOf(readDocument('docs/protocols.md'), 'Try a message without its service');
  const [, options = ''] = /^npm ci\nnpm run service -- (.*)$/.exec(block) ?? [];
  return options.split(' ');
}

test('the documented command starts a service; the command that it prints has a file signed, and the service says so', async () => {
  const printed = await serve(...documentedOptions(), '--http2', '--delay', '1');
  expect(readInputs(printed)).toMatchObject({
    protocol: 'http',
    'signing-key': 'release',
    answer: '/result/signature',
    request: expect.stringContaining('POST /v2/keys/{key}/sign\nAuthorization: Bearer {token}\n'),
  });
  expect(runStep(printed)).toMatch(/^Green/);
  expect(existsSync(join(directory, 'build/hello/hello.txt.sign'))).toBe(true);
  await expect
    .poll(() => told)
    .toMatch(/^signed {3}POST \/v2\/keys\/release\/sign {2}digest 5891b5b522d5df08… {2}hello\.txt\n$/);
});

test('--protocol vault: the printed command has a file signed by the inputs of a workflow', async () => {
  const printed = await serve('--protocol', 'vault', '--workflow', 'examples/openbao.yml');
  expect(readInputs(printed)).toMatchObject({ protocol: 'vault', 'signing-key': 'release', login: 'cert' });
  expect(runStep(printed)).toMatch(/^Green/);
  await expect.poll(() => told).toMatch(/^login .*\nsigned 1 {2}POST \/v1\/transit\/sign\/release\/sha2-256\nlogout/);
});

test('--protocol http: a message that was changed on one side is refused, and both sides say what is wrong', async () => {
  const message = join(directory, 'message.txt');
  writeFileSync(message, 'POST /sign\n\n{"hash":"{digest:hex}","user":"{key}"}\n');
  const inputs = [`request=@${message}`, 'signing-key=release', 'answer=body:raw', 'signature-algorithm=ecdsa-sha384'];
  const printed = await serve('--protocol', 'http', ...inputs.flatMap((each) => ['--with', each]));
  expect(runStep(printed)).toMatch(/^Green/);
  expect(runStep(printed.replace("'signing-key=release'", "'signing-key=test'"))).toMatch(/^Red/);
  await expect.poll(() => told).toContain('refused  POST /sign  There is no key “test” here, only “release”.\n');
});

test('with given certificates, the service is reached by their name and accepts only their clients', async () => {
  const own = await createPki({ server: { hosts: ['localhost'] } });
  const put = (name: string, pem: string): string => {
    writeFileSync(join(directory, name), pem);
    return join(directory, name);
  };
  const server = `--cert ${put('server.pem', own.server.cert)} --key ${put('server.key', own.server.key)}`;
  const clients = `--client-ca ${put('clients.pem', own.root.cert)} --app-key mine --app-secret hush`;
  const printed = await serve(...`${server} ${clients}`.split(' '));
  const inputs = readInputs(printed);
  expect(inputs).toMatchObject({ 'app-key': 'mine', 'app-secret': 'hush' });
  expect(inputs['server-url']).toMatch(/^https:\/\/localhost:\d+$/);
  expect(inputs).not.toHaveProperty('cert');
  for (const [pki, verdict] of [
    [own, /^Green/],
    [await createPki(), /^Red .*TLS_CLIENT_REJECTED/],
  ] as const) {
    put('your-certificate.pem', pki.client.cert);
    put('your-private-key.pem', pki.client.key);
    expect(runStep(printed)).toMatch(verdict);
  }
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, and its files are gone', async (signal) => {
  const files = join(directory, "it's here");
  await serve('--dir', files, '--http2');
  expect(readdirSync(files).sort()).toEqual(['ca.pem', 'client.key', 'client.pem', 'signing-public.pem']);
  expect(statSync(files).mode & 0o777).toBe(0o700);
  expect(statSync(join(files, 'client.key')).mode & 0o777).toBe(0o600);
  expect(await stop(signal)).toBe(0);
  expect(existsSync(files)).toBe(false);
});

test.each([
  [['--port', '70000'], /--port must be a whole number from 0 to 65535/],
  [['--delay', 'x'], /--delay must be a whole number/],
  [['--fast'], /--fast/],
  [['--protocol', 'ftp'], /--protocol must be es-auth, http or vault/],
  [['--workflow', 'x.yml'], /--workflow does not belong to --protocol es-auth/],
  [['--protocol', 'http'], /No request is given/],
  [['--cert', 'x.pem'], /--cert and --key belong together/],
  [['--cert', 'package.json', '--key', 'package.json'], /--cert, --key or --client-ca cannot be used/],
  [['--client-ca', 'nowhere.pem'], /The file nowhere\.pem cannot be read \(ENOENT\)/],
  [['--dir', import.meta.dirname], /cannot be made \(EEXIST\)/],
])('%j is refused with a sentence', async (options, message) => {
  const run = promisify(execFile)(process.execPath, [PROGRAM, ...options], { env: COMPILE_CACHE });
  await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  await expect(run).rejects.not.toMatchObject({ stderr: expect.stringMatching(/\n\s+at /) });
});
