import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { COMPILE_CACHE } from '../helpers/compile-cache.ts';
import { startStepCa } from '../helpers/step-ca.ts';
import { freePort } from '../peers/http/process.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';

const PROGRAM = join(import.meta.dirname, '../../tools/step/step.ts');
let service: Service;
let directory: string;
let temporary: string;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'step-test-')));
  temporary = join(directory, 'temporary');
  for (const name of ['temporary', 'workspace']) mkdirSync(join(directory, name));
  writeFileSync(join(directory, 'workspace/app.bin'), 'the application');
  for (const [name, pem] of Object.entries(service.credentials)) writeFileSync(join(directory, `${name}.pem`), pem);
});
afterEach(() => rmSync(directory, { recursive: true }));

type OnOutput = (text: string, stop: () => void) => void;

/** Runs the command as npm would, started in the directory of the test, and checks that it leaves nothing behind. */
async function step(words: string, more: readonly string[] = [], onOutput: OnOutput = () => {}) {
  const env = { ...COMPILE_CACHE, PATH: process.env['PATH'], INIT_CWD: directory, TMPDIR: temporary };
  const child = spawn(process.execPath, [PROGRAM, ...words.split(' '), ...more], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
    // A second signal would end the program at once.
    onOutput(printed, () => child.killed || child.kill('SIGINT'));
  });
  const [[code], complaints] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  expect(readdirSync(temporary), 'nothing stays').toEqual([]);
  return { code, printed, complaints };
}

const signing = (url = service.url): string[] =>
  Object.entries({
    files: '**',
    'server-url': url,
    'app-key': service.appKey,
    'app-secret': '@appSecret.pem',
    cert: '@cert.pem',
    key: '@key.pem',
    chain: '@chain.pem',
    'verify-key': '@verifyKeyPem.pem',
  }).flatMap(([name, value]) => ['--with', `${name}=${value}`]);

test('credentials from files sign with the real service, the log shows no secret, and the verdict comes last', async () => {
  const { code, printed } = await step('--workspace workspace --artifacts kept --page kept/summary.html', signing());
  expect(code, printed).toBe(0);
  expect(printed).toMatch(/^▼ Identity\n(?: {2}.*\n)* {2}Client certificate: CN=rehearsal-client/m);
  expect(printed).toMatch(/^signed-count +1$/m);
  expect(printed).toMatch(/\nArtifact signatures with 1 file, in .*kept[\\/]signatures\.\nGreen after \d+\.\d s\.\n$/);
  expect(printed).not.toContain('add-mask');
  for (const line of [service.appSecret, ...service.credentials.key.split('\n').slice(1, -2)]) {
    expect(printed).not.toContain(line);
  }
  const signature = readFileSync(join(directory, 'workspace/app.bin.sign'), 'utf8');
  expect(readFileSync(join(directory, 'kept/signatures/app.bin.sign'), 'utf8')).toBe(signature);
  expect(readFileSync(join(directory, 'kept/summary.html'), 'utf8')).toContain('<h2>');
});

test.runIf(process.platform === 'linux').each([
  ['--artifacts', '/proc/kept/release', 'this directory cannot be made'],
  ['--artifacts', '/etc/passwd', 'this directory cannot be made'],
  ['--page', '/proc/kept/summary.html', 'this file cannot be written'],
])('%s %s is refused by a sentence before anything is signed', async (option, path, what) => {
  const { code, printed, complaints } = await step(`--workspace workspace ${option} ${path}`, signing());
  expect({ code, printed }).toEqual({ code: 1, printed: '' });
  expect(complaints).toContain(`${option} ${path}: ${what} (E`);
});

test('a PKCS#12 is passed on as base64, and what fails is red, with the cause in the last line', async () => {
  writeFileSync(join(directory, 'client.p12'), Buffer.from([0x30, 0x82, 0xff, 0xfe]));
  const { code, printed } = await step(
    `--workspace workspace --with mode=preflight --with cert=@client.p12 --with key=@key.pem --with chain=@chain.pem ` +
      `--with server-url=${service.url} --with app-key=@@at --with app-secret=x --verbose`,
  );
  expect(code).toBe(1);
  expect(printed).toContain('━━ Job summary');
  expect(printed).toMatch(/\nRed after \d+\.\d s, exit code 1: IDENTITY_\w+.*\.\n$/);
});

test('a job without a stored key gets its token from a service on this machine, with the claims of the command line', async () => {
  const port = await freePort();
  const template = ({ repository }: Readonly<Record<string, unknown>>): string | undefined =>
    repository === 'acme/tool' ? undefined : 'another repository';
  const ca = await startStepCa({ issuer: `http://127.0.0.1:${port}`, template });
  const trusting = await startService({
    pki: service.pki,
    appSecret: service.appSecret,
    tls: { clientAuthority: ca.root },
  });
  writeFileSync(join(directory, 'root.pem'), ca.root);
  const inputs = signing(trusting.url).filter(
    (each, at, all) => !/^(?:cert|key)=/.test(each) && !/^(?:cert|key)=/.test(all[at + 1] ?? ''),
  );
  const issued = ['certificate-from=step-ca', `certificate-url=${ca.url}`, 'certificate-chain=@root.pem'].flatMap(
    (each) => ['--with', each],
  );
  const words = `--workspace workspace --id-tokens ${port}`;
  const bad = await step(words, [...inputs, ...issued]);
  const good = await step(`${words} --claim repository=acme/tool`, [...inputs, ...issued]);
  await trusting.close();
  await ca.close();
  expect(good.code, good.printed).toBe(0);
  expect(good.printed).toContain(`keys at http://127.0.0.1:${port}/.well-known/jwks`);
  expect(good.printed).toContain('Client certificate from step-ca');
  expect(bad.code).toBe(1);
  expect(bad.printed).toMatch(/CERTIFICATE_NOT_ISSUED.*another repository/);
});

test('variables of the job decide what the action takes it for', async () => {
  const { printed } = await step('--env GITHUB_EVENT_NAME=pull_request_target', signing());
  expect(printed).toContain('pull_request_target');
});

test('Ctrl+C cancels the step as GitHub does: it says how far it came', async () => {
  const slow = await startService({ delayMs: 60_000, pki: service.pki, appSecret: service.appSecret });
  const { code, printed } = await step('--workspace workspace', signing(slow.url), (soFar, stop) => {
    if (soFar.includes('▼ Signing')) stop();
  });
  await slow.close();
  expect(code).toBe(130);
  expect(printed).toMatch(/CANCELLED[\s\S]*\nCancelled after \d+\.\d s\.\n$/);
});

test('any JavaScript action runs, with its post step', async () => {
  const script = '[["out","::add-mask::hush\\n"],["out","hush now\\n"],["file","OUTPUT","answer=hush\\n"]]';
  const fixture = join(import.meta.dirname, 'fixture-action');
  const { code, printed } = await step('--verbose --action', [fixture, '--with', `script=${script}`]);
  expect(code, printed).toBe(0);
  expect(printed).toContain('*** now\n');
  expect(printed).toMatch(/^answer +\*\*\*$/m);
  expect(printed).toMatch(/━━ Post step ━+\n\nPOST \{/);
});

test.each([
  ['--with files', /--with takes NAME=VALUE/],
  ['--with a=1 --with a=2', /--with sets a twice/],
  ['--with key=@nowhere.pem', /--with key: the file .*nowhere\.pem cannot be read \(ENOENT\)\.\nA value that begins/],
  ['--workspace workspace', /No input is given: each is an option --with NAME=VALUE\.\n--with mode=rehearse/],
  ['--with a=1 --workspace nowhere', /--workspace .*nowhere: there is nothing at this path/],
  ['--with a=1 --workspace workspace/app.bin', /--workspace .*app\.bin: this is no directory/],
  ['--with a=1 --page workspace', /--page .*workspace: this is a directory/],
  ['--fast', /--fast[\s\S]*--help/],
  ['--action .', /action file in .* cannot be run: there is none/],
])('%s is refused with a sentence', async (args, message) => {
  const { code, complaints } = await step(args);
  expect(code).toBe(1);
  expect(complaints).toMatch(message);
  expect(complaints).not.toMatch(/\n\s+at /);
});

test('--help lists the options', async () => {
  const { code, printed } = await step('--help');
  expect(code).toBe(0);
  for (const option of ['--with', '--workspace', '--env', '--artifacts', '--page', '--verbose', '--action']) {
    expect(printed).toContain(`\n  ${option}`);
  }
});
