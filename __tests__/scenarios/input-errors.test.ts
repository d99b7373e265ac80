import { describe, expect, test } from 'vitest';
import { createScenario } from '../helpers/scenario.ts';

const FILES = { 'dist/a.zip': 'a', 'dist/b.zip': 'b', 'dist/c.txt': 'c' };

describe('inputs that cannot be used', () => {
  test('are each named in the same way, with the form that would do', async () => {
    await using scenario = await createScenario({ files: FILES });
    const run = await scenario.run({
      'server-url': 'https://sign.example.com:0',
      'sign-path': '/api/v1/../v2/sign file?key=ü',
      'app-key': 'first\nsecond',
      'artifact-name': 'rehearsal-signatures',
      'verify-key': 'no-such.pem',
      cert: '',
      chain: '',
    });
    expect(run.exitCode).toBe(1);
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

  test('a rehearsal may bear that name, and no other form is proposed for a path of another host', async () => {
    await using scenario = await createScenario({ files: FILES });
    expect((await scenario.run({ mode: 'rehearse', 'artifact-name': 'rehearsal-x' })).exitCode).toBe(0);
    const run = await scenario.run({ 'sign-path': '//elsewhere.example/sign' });
    expect(run.log).toContain('Input sign-path must be');
    expect(run.log).not.toContain('; write');
  });
});

test('a rehearsal checks the message of another protocol, and signs when it is sound', async () => {
  await using scenario = await createScenario({ files: FILES });
  const own = { 'app-key': '', 'app-secret': '', protocol: 'http', mode: 'rehearse', upload: 'false' };
  const broken = await scenario.run({ ...own, request: 'POST /sign\n\n{"hash":"{sha256}"}' });
  expect(broken.exitCode).toBe(1);
  expect(broken.log).toContain('holds {sha256}, which is no placeholder');
  const sound = await scenario.run({ ...own, request: 'POST /sign\n\n{"hash":"{digest:hex}"}' });
  expect(sound.exitCode, sound.log).toBe(0);
});

describe('a pattern that matches nothing says why, where that can be seen', () => {
  test.each([
    ['a line end that is none', 'dist/a.zip\\ndist/b.zip', {}, 'a backslash and an n, not a line end'],
    ['a variable of a shell', '$RUNNER_TEMP/*.zip', {}, 'no shell replaces the variable here'],
    ['a variable of cmd', '%TEMP%/*.zip', {}, 'no shell replaces the variable here'],
    ['quotes', "'dist/*.zip'", {}, 'the quotes are part of the pattern'],
    ['double quotes', '"dist/*.zip"', {}, 'the quotes are part of the pattern'],
    ['a list of YAML', '- dist/*.zip', {}, 'the dash is part of the pattern'],
    ['an exclude that took it all', 'dist/*.zip\n!dist', {}, 'the patterns that begin with ! exclude all it means'],
    ['suffix', 'dist/*.zip', { suffix: '.zip' }, 'ends in .zip, as dist/a.zip does, and is taken for signatures'],
  ])('%s', async (_, files, inputs, reason) => {
    await using scenario = await createScenario({ files: FILES });
    const run = await scenario.run({ files, ...inputs });
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('NO_FILES_FOUND');
    expect(run.log).toContain(reason);
    const warned = await scenario.run({ files: `${files}\ndist/c.txt`, 'if-no-files-found': 'warn', ...inputs });
    if (!files.includes('!')) expect(warned.summary.replace(/&#\d+;/g, '')).toContain(reason.slice(0, 7));
  });

  test('and else how far the path goes', async () => {
    await using scenario = await createScenario({ files: FILES });
    const run = await scenario.run({ files: 'dist/*.exe\n!*.zip' });
    expect(run.log).toContain('“dist/*.exe” (dist holds a.zip, b.zip, c.txt).');
    const elsewhere = await scenario.run({ files: 'dist/release/*.exe' });
    expect(elsewhere.log).toContain('“dist/release/*.exe” (dist is there, dist/release is not).');
  });
});
