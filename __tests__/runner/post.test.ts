import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { CREDENTIALS_FILES, CREDENTIALS_PREFIX } from '../../src/identity/key-files.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const NAMES = Object.values(CREDENTIALS_FILES).sort();
let top: string;
let temporary: string;

function runPost(state: string, runnerTemp = temporary): string {
  const env = { RUNNER_TEMP: runnerTemp, STATE_credentials: state };
  return execFileSync(process.execPath, [join(ACTION_DIRECTORY, 'dist/post/index.js')], { env, encoding: 'utf8' });
}

function fill(directory: string, names: readonly string[] = NAMES): string {
  mkdirSync(directory, { recursive: true });
  for (const name of names) writeFileSync(join(directory, name), name);
  return directory;
}

beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'post-')));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  temporary = fill(join(top, '_temp'), []);
});

describe('the post step removes what a killed run left', () => {
  test.each(['', '/', '//', '/.'])('with “%s” behind the path', (end) => {
    const directory = fill(join(temporary, `${CREDENTIALS_PREFIX}x`));
    expect(runPost(directory + end)).toBe('');
    expect(existsSync(directory)).toBe(false);
  });

  test('and leaves a file of another name, with its directory and a warning', () => {
    const directory = fill(join(temporary, `${CREDENTIALS_PREFIX}x`), [...NAMES, 'other']);
    expect(runPost(directory)).toMatch(/^::warning title=Key files::.*\(ENOTEMPTY\)/);
    expect(readdirSync(directory)).toEqual(['other']);
  });

  test('where RUNNER_TEMP is a link itself', () => {
    fill(join(temporary, `${CREDENTIALS_PREFIX}x`));
    symlinkSync(temporary, join(top, 'link'));
    expect(runPost(join(top, 'link', `${CREDENTIALS_PREFIX}x`), join(top, 'link'))).toBe('');
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('a forged state makes the post step touch nothing', () => {
  test.each(['', '/', '//', '/.', '/./', '/../mtls-release-signing-credentials-x/'])(
    'a link to a directory of somebody else, with “%s” behind it',
    (end) => {
      const victim = fill(join(top, 'victim'));
      const link = join(temporary, `${CREDENTIALS_PREFIX}x`);
      symlinkSync(victim, link);
      runPost(link + end);
      expect(readdirSync(victim).sort()).toEqual(NAMES);
      expect(existsSync(link)).toBe(true);
    },
  );

  test.each([
    ['outside RUNNER_TEMP', () => join(top, `${CREDENTIALS_PREFIX}x`)],
    ['deeper in RUNNER_TEMP', () => join(temporary, 'deep', `${CREDENTIALS_PREFIX}x`)],
    ['of another name', () => join(temporary, 'other')],
  ])('a directory %s', (_, place) => {
    const directory = fill(place());
    runPost(directory);
    expect(readdirSync(directory).sort()).toEqual(NAMES);
  });

  test.each(['.', '..', '/', `${'x/'.repeat(3000)}`])('the path “%s”', (state) => {
    fill(temporary);
    expect(runPost(state)).toBe('');
    expect(readdirSync(temporary).sort()).toEqual(NAMES);
  });

  test('a file in place of the directory', () => {
    const file = join(temporary, `${CREDENTIALS_PREFIX}x`);
    writeFileSync(file, 'kept');
    expect(runPost(file)).toBe('');
    expect(existsSync(file)).toBe(true);
  });
});
