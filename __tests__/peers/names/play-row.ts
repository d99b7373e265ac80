import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { main } from '../../../src/main.ts';
import type { Service } from '../../../src/rehearsal/service.ts';
import { createRunner } from '../../../src/runner.ts';
import { contextOf } from '../../helpers/context.ts';
import type { Row } from './rows.ts';

/** What a row of the table came to. */
export interface Played {
  /** Paths that were signed, sorted; a `-` stands before those that failed. */
  readonly signed: readonly string[];
  /** Code and sentence of the run's error, or of its first failed file. */
  readonly error: string;
  /** Everything that the run wrote below its workspace and RUNNER_TEMP, sorted. */
  readonly written: readonly string[];
  /** What a run with `mode: verify` says about the tree that the run left; empty when it is green, or was not made. */
  readonly verified: string;
  /** Log and annotations. */
  readonly log: string;
}

/** Plays a row: makes its files below a new directory, signs them, and verifies the tree when that is green. */
export async function playRow(row: Row, directory: string, service: Service): Promise<Played> {
  const place = makePlace(row, directory);
  const before = new Set(list(place.top));
  const signed = await run({ ...place.inputs, ...credentials(service) }, place);
  // A manifest is written even where none is asked for.
  const written = list(place.top).filter((path) => !before.has(path) && !path.endsWith('/manifest.json'));
  const verified =
    signed.error === '' && signed.signed.length > 0
      ? await run({ ...place.inputs, mode: 'verify', 'verify-key': service.credentials.verifyKeyPem }, place)
      : { error: '' };
  return { ...signed, written, verified: verified.error };
}

interface Place {
  /** Holds the workspace and RUNNER_TEMP. */
  readonly top: string;
  readonly workspace: string;
  readonly runnerTemp: string;
  readonly inputs: Readonly<Record<string, string>>;
}

function makePlace(row: Row, top: string): Place {
  const [workspace, runnerTemp] = [join(top, 'Work Space', 'repo'), join(top, 'RunnerTemporary')];
  for (const path of [workspace, runnerTemp]) mkdirSync(path, { recursive: true });
  for (const path of row.files ?? ['dist/App.exe', 'dist/lib/core.dll']) {
    const location = join(workspace, path);
    mkdirSync(path.endsWith('/') ? location : dirname(location), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(location, path.endsWith('.sign') ? 'c2lnbmF0dXJl' : path);
  }
  // Elsewhere than on Windows, only what lies on the file system that is tried finds names in another case.
  const above = sep === '\\' ? '' : top;
  const values: Readonly<Record<string, string>> = {
    W: workspace,
    w: workspace.replaceAll('\\', '/'),
    UPPER: above + workspace.slice(above.length).toUpperCase(),
    LOWER: above + workspace.slice(above.length).toLowerCase(),
    SHORT: workspace.replace('Work Space', 'WORK~1XQ'),
    T: runnerTemp,
    DRIVE: workspace.slice(0, 2),
  };
  const inputs = { files: 'dist/**', ...row.inputs };
  const filled = Object.entries(inputs).map(([name, value]) => [
    name,
    value.replace(/\{(\w+)\}/g, (all, key: string) => values[key] ?? all),
  ]);
  return { top, workspace, runnerTemp, inputs: Object.fromEntries(filled) };
}

function credentials({ url, signPath, credentials: handed }: Service): Record<string, string> {
  const { appKey, appSecret, cert, key, chain, verifyKeyPem } = handed;
  const identity = { cert, key, chain, 'app-key': appKey, 'app-secret': appSecret, 'verify-key': verifyKeyPem };
  return { 'server-url': url, 'sign-path': signPath, ...identity };
}

/** Runs the action within this process. */
async function run(
  inputs: Readonly<Record<string, string>>,
  { workspace, runnerTemp }: Place,
): Promise<Pick<Played, 'signed' | 'error' | 'log'>> {
  const lines: string[] = [];
  const environment = Object.fromEntries([
    ['GITHUB_WORKSPACE', workspace],
    ['GITHUB_EVENT_NAME', 'push'],
    ['RUNNER_TEMP', runnerTemp],
    ['INPUT_UPLOAD', 'false'],
    ...Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  ]);
  process.chdir(workspace);
  const report = await main(
    contextOf({
      ...createRunner(environment),
      line: (text) => void lines.push(text),
      lines: (texts) => void lines.push(...texts),
      annotate: (level, title, text) => void lines.push(`${level} ${title}: ${text}`),
      openGroup: () => {},
      closeGroup: () => {},
    }),
  );
  const failed = report.outcomes.find(({ status }) => status === 'failed');
  const error = report.failure ?? (failed && 'error' in failed ? failed.error : undefined);
  return {
    signed: report.outcomes
      .map(({ file, status }) => (status === 'failed' || status === 'not-tried' ? `-${file.path}` : file.path))
      .sort(),
    error: error === undefined ? '' : `${error.code}: ${error.message} ${error.hint ?? ''}`,
    log: lines.join('\n'),
  };
}

function list(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => !statSync(join(directory, name)).isDirectory())
    .map((name) => name.split(sep).join('/'))
    .sort();
}
