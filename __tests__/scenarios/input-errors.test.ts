import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';

const FILES = { 'dist/a.zip': 'a', 'dist/b.zip': 'b', 'dist/c.txt': 'c' };

describe('inputs that cannot be used', () => {
  test('are each named in the same way, with a form that is accepted', async () => {
    await using scenario = await createScenario({ files: FILES });
    const run = await scenario.red({
      'server-url': 'https://sign.example.com:0',
      'sign-path': '/api/v1/../v2/sign file?key=ü',
      'app-key': 'first\nsecond',
      'artifact-name': 'rehearsal-signatures',
      'verify-key': 'no-such.pem',
      cert: '',
      chain: '',
    });
    const lines = new Set(run.log.match(/^ *- .*/gm)?.map((line) => line.trim()));
    expect(lines.size).toBe(6);
    for (const line of lines) expect(line).toMatch(/^- Inputs? [a-z-]+[ :]/);
    for (const text of [
      'Input server-url has port 0, where nothing can listen.',
      'without a fragment, “..” or blanks; write /api/v2/sign%20file?key=%C3%BC.',
      'Input app-key has several lines, but must be one;',
      'Input artifact-name begins with rehearsal-,',
      'Inputs cert and chain are empty.',
    ])
      expect(run.log).toContain(text);
    expect(run.log).not.toContain('second');
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('a path of several lines is an error', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const names = ['checksums', 'manifest', 'verification-kit', 'output-dir'];
    const run = await scenario.run(Object.fromEntries(names.map((name) => [name, 'one\ntwo'])));
    for (const name of names) expect(run.log).toContain(`Input ${name} holds a line end or another control character`);
  });

  test('a rehearsal may bear that name, and no other form is proposed for a path of another host', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    await scenario.green({ mode: 'rehearse', 'artifact-name': 'rehearsal-x' });
    const run = await scenario.run({ 'sign-path': '//elsewhere.example/sign' });
    expect(run.log).toContain('Input sign-path must be');
    expect(run.log).not.toContain('; write');
  });
});

describe('inputs of other protocols', () => {
  const http = { protocol: 'http', 'app-key': '', 'app-secret': '' };
  const vault = { ...http, protocol: 'vault' };
  const request = 'POST /sign\n\n{"hash":"{digest:hex}"}';
  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['a preset that does not exist', { ...http, request: 'preset:SignServer' }, ['write one of preset:signserver,']],
    ['a preset without its prefix', { ...http, request: 'ocm' }, ['write preset:ocm']],
    ['no request', { ...http }, ['Input request is empty']],
    ['a key that nothing asks for', { ...http, request, 'signing-key': 'a' }, ['request does not hold {key}']],
    ['a path for JSON of another kind', { ...http, request, answer: '$.data' }, ['must be a JSON pointer']],
    ['a key of two lines', { ...http, request: `POST /{key}${request.slice(5)}`, 'signing-key': 'a\nb' }, ['one line']],
    [
      'inputs of two protocols',
      { ...http, request, mount: 'x' },
      ['Input mount is given, but does not belong to protocol: http'],
    ],
    [
      'the paths of the API',
      {
        ...vault,
        'signing-key': 'transit/keys/release',
        mount: 'transit/sign',
        'server-url': 'https://127.0.0.1:9/v1',
      },
      ['must be the name of a transit key', 'the path of the engine alone', 'must end before /v1'],
    ],
    ['another login', { ...vault, 'signing-key': 'a', login: 'approle' }, ['must be cert, oidc or token']],
    [
      'a role for a token',
      { ...vault, 'signing-key': 'a', login: 'token', role: 'x', token: 'hvs.0123456789abcdef' },
      ['login: token does not log in'],
    ],
  ])('%s: each mistake is one sentence that names its input', async (_, inputs, sentences) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    const run = await scenario.red({ ...key, ...inputs });
    for (const sentence of sentences) expect(run.log).toContain(sentence);
    const problems = new Set(run.log.match(/(?:- |INPUT_INVALID: )Input [a-z-]+ .*/g)?.map((line) => line.trim()));
    expect([...problems]).toHaveLength(sentences.length);
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('a protocol that does not exist is the only problem', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.run({ protocol: 'https', request });
    expect(run.log).toContain('INPUT_INVALID: Input protocol is “https”, but must be one of es-auth, vault, http.');
  });
});

test('a rehearsal checks the message of another protocol, and signs when it is sound', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const own = { 'app-key': '', 'app-secret': '', protocol: 'http', mode: 'rehearse', upload: 'false' };
  const broken = await scenario.red({ ...own, request: 'POST /sign\n\n{"hash":"{sha256}"}' });
  expect(broken.log).toContain('holds {sha256}, which is no placeholder');
  await scenario.green({ ...own, request: 'POST /sign\n\n{"hash":"{digest:hex}"}' });
});

describe('a pattern that matches nothing says why, where that can be seen', () => {
  test.each([
    ['a line end that is none', 'dist/a.zip\\ndist/b.zip', {}, 'a backslash and an n, not a line end'],
    ['a variable of a shell', '$RUNNER_TEMP/*.zip', {}, 'no shell replaces the variable here'],
    ['a variable of cmd', '%TEMP%/*.zip', {}, 'no shell replaces the variable here'],
    ['quotes', "'dist/*.zip'", {}, 'the quotes are part of the pattern'],
    ['double quotes', '"dist/*.zip"', {}, 'the quotes are part of the pattern'],
    ['a list of YAML', '- dist/*.zip', {}, 'the dash is part of the pattern'],
    [
      'an exclude that took it all',
      'dist/*.zip\n!dist',
      {},
      'the patterns that begin with ! exclude all files that it matches',
    ],
    [
      'suffix',
      'dist/*.zip',
      { suffix: '.zip' },
      'it matches only files that end in .zip, such as dist/a.zip, and suffix says',
    ],
  ])('%s', async (_, files, inputs, reason) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.red({ files, ...inputs });
    expect(run.log).toContain('NO_FILES_FOUND');
    expect(run.log).toContain(reason);
    const warned = await scenario.run({ files: `${files}\ndist/c.txt`, 'if-no-files-found': 'warn', ...inputs });
    if (!files.includes('!')) expect(warned.summary.replace(/&#\d+;/g, '')).toContain(reason.slice(0, 7));
  });

  test('and otherwise which part of the path exists', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.run({ files: 'dist/*.exe\n!*.zip' });
    expect(run.log).toContain('“dist/*.exe” (dist holds a.zip, b.zip, c.txt).');
    const elsewhere = await scenario.run({ files: 'dist/release/*.exe' });
    expect(elsewhere.log).toContain(
      '“dist/release/*.exe” (dist is there, dist/release is not; dist holds a.zip, b.zip, c.txt).',
    );
  });
});
