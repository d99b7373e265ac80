import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';
import { readActionFile } from '../../tools/runner/action-file.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { listenInTest } from '../helpers/listen.ts';
import { ACTION_DIRECTORY, createScenario } from '../helpers/scenario.ts';

const PASSPHRASE = 'Passphrase with spaces & "quotes" 4711';
const APP_SECRET = "app/secret+with=special'characters!*()";

function pemOf(key: KeyObject): string {
  return String(key.export({ format: 'pem', type: 'pkcs8' }));
}

/** Everything that would give a secret away, in the forms it may take. */
function traces(secret: string): string[] {
  return [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}

describe('secrets', () => {
  test.each(['0', '1'])('appear nowhere, with RUNNER_DEBUG=%s', { tags: ['fault-64b'] }, async (debug) => {
    // A service that repeats what it was sent is the worst case for an error message.
    const echo = {
      kind: 'answer',
      answer: { status: 418, body: JSON.stringify({ message: `bad secret ${APP_SECRET} or ${PASSPHRASE}` }) },
    } as const;
    const script = ({ lengthBytes }: { lengthBytes: number }): typeof echo | undefined =>
      lengthBytes > 40 && lengthBytes < 100 ? echo : undefined;
    const files = { 'dist/a': 'a', 'dist/long': 'a file that is longer than the other' };
    await using scenario = await createScenario({ files, service: { appSecret: APP_SECRET, script } });
    const key = createPrivateKey(scenario.inputs['key'] ?? '');
    const encrypted = key
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
      .toString();
    const keyLines = `${encrypted}\n${scenario.inputs['key']}`
      .split('\n')
      .filter((line) => line.length >= 16 && !line.startsWith('---'));

    const inputs = { key: encrypted, 'key-passphrase': PASSPHRASE, manifest: 'release.json' };
    const red = await scenario.red(inputs, { env: { RUNNER_DEBUG: debug === '1' ? '1' : undefined } });
    const green = await scenario.green(
      { ...inputs, files: 'dist/a' },
      { env: { RUNNER_DEBUG: debug === '1' ? '1' : undefined } },
    );

    const zip = (await entriesOf(scenario.results.artifacts[0]?.zip ?? Buffer.alloc(0))).map(({ bytes }) =>
      bytes.toString('latin1'),
    );
    const manifest = await scenario.read('release.json');
    for (const run of [red, green]) {
      // The raw log holds the commands that register masks; everything else in it is what people see.
      const printed = run.rawLog.toString('utf8').replace(/^::add-mask::.*$/gm, '');
      const sinks = [
        printed,
        run.log,
        run.summary,
        JSON.stringify(run.outputs),
        JSON.stringify(run.state),
        manifest,
        ...zip,
      ];
      for (const secret of [PASSPHRASE, APP_SECRET, ...keyLines]) {
        for (const trace of traces(secret)) {
          for (const sink of sinks) expect(sink.includes(trace), `${trace} in ${sink.slice(0, 2000)}`).toBe(false);
        }
      }
    }
  });

  test('a private key in verify-key is masked before the error about it', async () => {
    await using scenario = await createScenario({ files: { 'dist/a': 'a' } });
    const { key } = scenario.service.credentials;
    const run = await scenario.red({ 'verify-key': key });
    expect(run.log).toContain('VERIFY_KEY_PRIVATE');
    const line = key.split('\n')[1] ?? '';
    expect(run.rawLog.toString().replace(/^::add-mask::.*$/gm, '')).not.toContain(line);
  });

  test.each<[string, (key: KeyObject) => string]>([
    ['JWK', (key) => JSON.stringify(key.export({ format: 'jwk' }))],
    ['JWK over several lines', (key) => JSON.stringify({ keys: [key.export({ format: 'jwk' })] }, null, 2)],
    ['hex', (key) => key.export({ format: 'der', type: 'pkcs8' }).toString('hex')],
    [
      'hex with colons',
      (key) =>
        key
          .export({ format: 'der', type: 'pkcs8' })
          .toString('hex')
          .replace(/..(?=.)/g, '$&:'),
    ],
    ['32 bytes of base64', (key) => `${String(key.export({ format: 'jwk' })['d'])}=`],
  ])('a private key in verify-key as %s is no path, and is not shown', async (_, textOf) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
    const run = await scenario.red({ 'verify-key': textOf(privateKey) });
    expect(run.log).toContain('VERIFY_KEY_UNREADABLE: Input verify-key is neither PEM text nor the path of a file');
    const { d = '' } = privateKey.export({ format: 'jwk' });
    const shown = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '');
    const hex = Buffer.from(d, 'base64url').toString('hex');
    for (const secret of [d, hex, hex.replace(/..(?=.)/g, '$&:')]) expect(shown).not.toContain(secret);
  });

  test('an app-key may have the form of a token, and is shown nowhere', async () => {
    const appKey = 'eyJhbGciOiJIUzI1NiJ9.eyJhcHAiOiJyZWxlYXNlIn0.c2lnbmF0dXJlLW9mLXRoZS1hcHA';
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { 'dist/a': 'a' },
      service: { appKey },
    });
    const run = await scenario.green({ 'app-key': appKey });
    expect(run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary).not.toContain(appKey);
  });

  test('a private key or token is shown by no input in which it stands by mistake, and the error names the input', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
    const token = 's.Jx3bQk7Rz0Lw2Vn5Tf8Hs1Yp';
    const secrets = [token, String(privateKey.export({ format: 'jwk' })['d']), ...pem.split('\n').slice(1, 3)];
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
    const { inputs } = await readActionFile(ACTION_DIRECTORY);
    const ofOthers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      timestamp: { checksums: 'SUMS', 'timestamp-url': 'https://127.0.0.1:1/' },
      certificate: { 'certificate-from': 'vault', 'certificate-url': 'https://127.0.0.1:1/v1/pki' },
      vault: { protocol: 'vault', 'signing-key': 'a' },
      http: { protocol: 'http', request: 'POST /\n\n{digest}' },
    };
    const protocols = new Map([
      ...['request', 'answer'].map((name) => [name, 'http'] as const),
      ...['signing-key', 'mount', 'login', 'role'].map((name) => [name, 'vault'] as const),
    ]);
    for (const input of Object.keys(inputs)) {
      const others = ofOthers[protocols.get(input) ?? input.split('-')[0] ?? ''] ?? {};
      for (const text of [pem, Buffer.from(pem).toString('base64'), jwk, token]) {
        const mode = input === 'partial' ? { mode: 'verify' } : {};
        const run = await scenario.run({ attempts: '1', ...others, ...mode, [input]: text });
        const shown = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '');
        for (const secret of secrets)
          for (const sink of [shown, run.summary, JSON.stringify(run.outputs)])
            expect(sink.includes(secret), `${input}: ${run.log}`).toBe(false);
        if (['files', 'checksums', 'manifest', 'root', 'mode', 'artifact-name', 'server-url'].includes(input))
          expect(run.log).toMatch(
            `Input ${input} holds a ${text === token ? 'token, which belongs in token' : 'private key, which belongs in key'} alone`,
          );
      }
    }
  });

  test.each<[string, (key: KeyObject) => string]>([
    ['PEM without its BEGIN line', (key) => pemOf(key).replace(/^.*\n/, '')],
    ['PEM without dashes', (key) => pemOf(key).replaceAll('-', '')],
    ['PEM with quotes instead of its lines', (key) => `"${pemOf(key).replace(/-----.*-----|\n/g, '')}"`],
    ['base64url', (key) => key.export({ format: 'der', type: 'pkcs8' }).toString('base64url')],
    ['the number of a JWK', (key) => String(key.export({ format: 'jwk' })['d'])],
    ['YAML', (key) => `kty: OKP\nd: ${String(key.export({ format: 'jwk' })['d'])}`],
    ['both halves in base64', (key) => `${'A'.repeat(43)}${String(key.export({ format: 'jwk' })['d'])}==`],
  ])('a private key in verify-key as %s names no file, and is not shown', async (_, textOf) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
    const text = textOf(privateKey);
    const run = await scenario.run({ mode: 'verify', 'verify-key': text }, { env: { RUNNER_DEBUG: '1' } });
    expect(run.log).toContain('VERIFY_KEY_UNREADABLE: Input verify-key is neither PEM text nor the path of a file');
    const shown = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary;
    for (const piece of text.match(/[\w+/=]{24,}/g) ?? []) expect(shown).not.toContain(piece.slice(0, 24));
  });

  test('are not in a diagnostic report of the process', async () => {
    await using scenario = await createScenario({ files: { 'dist/a': 'a' }, service: { delayMs: 1500 } });
    const nodeArgs = [
      '--report-on-signal',
      '--report-signal=SIGUSR2',
      `--report-directory=${scenario.workspace}`,
      '--report-filename=report.json',
    ];
    const run = await scenario.run(
      { upload: 'false' },
      {
        nodeArgs,
        onStart(child) {
          const timer = setInterval(() => {
            if (scenario.service.counters.requests === 0) return;
            clearInterval(timer);
            child.kill('SIGUSR2');
          }, 10);
        },
      },
    );
    expect(run.exitCode, run.log).toBe(0);
    const report = await scenario.read('report.json');
    expect(report).toContain('javascriptStack');
    for (const secret of [
      scenario.service.credentials.appSecret,
      scenario.service.credentials.key.split('\n')[1] ?? '',
    ]) {
      expect(report).not.toContain(secret);
    }
  });
});

test.each([
  ['as it is', (secret: string) => secret],
  ['in base64', (secret: string) => Buffer.from(secret).toString('base64')],
  ['within a text', (secret: string) => `signature of ${secret}`],
])(
  'a service that answers with a secret %s where the signature should be gets it published nowhere',
  async (_, form) => {
    const body = JSON.stringify({ code: 200, data: { signData: form(APP_SECRET) }, signData: form(APP_SECRET) });
    const script = () => ({ kind: 'answer', answer: { status: 200, body } }) as const;
    await using scenario = await createScenario({
      runScript: runInProcess,
      files: { 'dist/a': 'a' },
      service: { appSecret: APP_SECRET, script },
    });
    const run = await scenario.red({});
    expect(run.log).toMatch(/RESP_BAD_SIGNATURE|RESP_/);
    expect(await scenario.signatures()).toEqual([]);
    expect(scenario.results.artifacts).toEqual([]);
  },
);

describe('bytes that a proxy, or what it leads to, sends in a tunnel', () => {
  const PASSWORD = 'proxy-password-4711';
  const BASIC = Buffer.from(`user:${PASSWORD}`).toString('base64');
  /** An end of a quote may cut a secret, which no mask knows then. */
  const HOSTILE = `${BASIC.slice(0, 20)} hostile-words ${PASSWORD.slice(0, 12)}`;
  const OPEN = 'HTTP/1.1 200 OK\r\n\r\n';

  test.each([
    ['behind the head', `${OPEN}${HOSTILE}\r\n`, ''],
    ['as an unknown protocol', OPEN, `${HOSTILE}\r\n`],
    ['as a greeting of SSH', OPEN, `SSH-2.0-${HOSTILE}\r\n`],
    ['as a greeting of mail', OPEN, `220 ${HOSTILE} ESMTP\r\n`],
    ['as a page', OPEN, `HTTP/1.1 403 ${HOSTILE}\r\nx-note: ${HOSTILE}\r\n\r\n<title>${HOSTILE}</title>`],
    ['as a command of the runner', OPEN, `\n::error title=${HOSTILE}::${HOSTILE}\n`],
    [
      'in its refusal',
      `HTTP/1.1 407 ${HOSTILE}\r\nProxy-Authenticate: ${HOSTILE.replaceAll(' ', '+')}\r\nX-Squid-Error: ${HOSTILE}\r\n\r\n${HOSTILE}`,
      '',
    ],
  ])('are quoted nowhere: %s', async (_, head, inTunnel) => {
    const proxy = createServer((client: Socket) => {
      client
        .on('error', () => {})
        .once('data', () => {
          client.write(head);
          client.once('data', () => client.end(inTunnel));
        });
    });
    const port = await listenInTest(proxy);
    await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
    const run = await scenario.red(
      { 'server-url': 'https://sign.example.test', manifest: 'release.json' },
      { env: { https_proxy: `http://user:${PASSWORD}@127.0.0.1:${port}`, RUNNER_DEBUG: '1' } },
    );
    const printed = run.rawLog.toString('utf8').replace(/^::add-mask::.*$/gm, '');
    const sinks = [
      printed,
      run.log,
      run.summary,
      JSON.stringify([run.outputs, run.state]),
      await scenario.read('release.json'),
    ];
    expect(run.log).toMatch(/TLS_NOT_SPOKEN|TLS_HANDSHAKE|PROXY_AUTHENTICATION/);
    for (const part of ['hostile', BASIC.slice(0, 12), PASSWORD.slice(0, 8)])
      for (const sink of sinks) expect(sink, part).not.toContain(part);
  });
});
