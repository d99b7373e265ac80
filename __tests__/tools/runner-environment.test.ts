import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dumped, play } from './fixture.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'local-runner-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('inputs reach the action as INPUT_ variables: defaults, numbers, expressions, names with blanks and dashes', async () => {
  const run = await play([['dump']], { workspace: directory });
  expect(dumped(run)).toMatchObject({
    'INPUT_SOME_TEXT-VALUE': 'fallback',
    INPUT_COUNT: '8',
    INPUT_EMPTY: '',
    INPUT_WHERE: directory,
  });
});

test('a given empty text wins over a default', async () => {
  const run = await play([['dump']], { inputs: { 'Some text-value': '' } });
  expect(dumped(run)['INPUT_SOME_TEXT-VALUE']).toBe('');
});

test('undeclared and deprecated inputs are passed on, with the warnings of GitHub', async () => {
  const run = await play([['dump']], { inputs: { typo: 'x', old: 'y' } });
  expect(dumped(run)).toMatchObject({ INPUT_TYPO: 'x', INPUT_OLD: 'y' });
  expect(run.annotations.map(({ type, message }) => [type, message])).toEqual([
    ['warning', "Input 'old' has been deprecated with message: use some text-value"],
    [
      'warning',
      "Unexpected input(s) 'typo', valid inputs are ['script', 'some text-value', 'count', 'where', 'empty', 'old']",
    ],
  ]);
});

test('the environment is built from scratch: standard variables, overrides, nothing of the caller', async () => {
  process.env['LOCAL_RUNNER_CANARY'] = 'leaked';
  const run = await play([['dump']], {
    workspace: directory,
    env: { GITHUB_ACTOR: 'dependabot[bot]', GITHUB_SHA: undefined, HTTPS_PROXY: 'http://127.0.0.1:9' },
    nodeArgs: ['--max-old-space-size=64'],
  }).finally(() => delete process.env['LOCAL_RUNNER_CANARY']);
  const env = dumped(run);
  expect(env).toMatchObject({
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'dependabot[bot]',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_WORKSPACE: directory,
    HTTPS_PROXY: 'http://127.0.0.1:9',
    RUNNER_OS: { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }[String(process.platform)],
    cwd: directory,
    args: ['--max-old-space-size=64'],
  });
  expect(Object.keys(env)).not.toContain('GITHUB_SHA');
  expect(Object.keys(env)).not.toContain('LOCAL_RUNNER_CANARY');
});

test('what the runner sets itself wins over env: of the workflow and over GITHUB_ENV', async () => {
  const ours = { GITHUB_ACTOR: 'mallory', RUNNER_TEMP: '/elsewhere', ACTIONS_RUNTIME_TOKEN: 'x', MINE: 'by env' };
  const run = await play([['file', 'ENV', 'GITHUB_SHA=0000\nMINE=by main\n'], ['dump']], {
    workflowEnv: ours,
    runnerTemp: directory,
  });
  const [main, post] = [dumped(run), dumped(run.post ?? run)];
  expect(main).toMatchObject({ GITHUB_ACTOR: 'octocat', RUNNER_TEMP: directory, MINE: 'by env' });
  expect(main).not.toHaveProperty('ACTIONS_RUNTIME_TOKEN');
  expect(post).toMatchObject({ GITHUB_SHA: main['GITHUB_SHA'], MINE: 'by main' });
});

test('a path that is added again moves to the front', async () => {
  const run = await play([['file', 'PATH', '\ufeff/first\r\n/second\n/first\n'], ['dump']]);
  expect(dumped(run.post ?? run)['PATH']).toBe(['/first', '/second', dumped(run)['PATH']].join(delimiter));
});

test('the event is a file, and RUNNER_TEMP stays for the caller', async () => {
  const run = await play([['dump']], { runnerTemp: directory, event: { pull_request: { number: 7 } } });
  expect(run.runnerTemp).toBe(directory);
  expect(JSON.parse(await readFile(dumped(run)['GITHUB_EVENT_PATH'] ?? '', 'utf8'))).toEqual({
    pull_request: { number: 7 },
  });
});

test('state reaches the post step, with exported variables and paths, and file commands of its own', async () => {
  const run = await play([
    ['file', 'STATE', 'tidy=/some/where\nlines<<EOF\none\ntwo\nEOF\n'],
    ['file', 'ENV', 'ADDED=by main\nNODE_OPTIONS=--inspect\n'],
    ['file', 'PATH', '/first\n/second\n'],
    ['dump'],
  ]);
  const [main, post] = [dumped(run), dumped(run.post ?? run)];
  expect(run.state).toEqual({ tidy: '/some/where', lines: 'one\ntwo' });
  expect(post).toMatchObject({ STATE_tidy: '/some/where', STATE_lines: 'one\ntwo', ADDED: 'by main' });
  expect(post['PATH']).toBe(['/second', '/first', main['PATH']].join(delimiter));
  expect(post['GITHUB_OUTPUT']).not.toBe(main['GITHUB_OUTPUT']);
  expect(Object.keys(post)).not.toContain('NODE_OPTIONS');
  expect(run.annotations).toMatchObject([
    { type: 'error', message: "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command." },
  ]);
});
