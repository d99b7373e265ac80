import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type ActionOptions, type ActionRun, runAction } from '../../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';

/** A run of the action over `protocol: vault`, and what it left. */
export interface Signing {
  readonly run: ActionRun;
  readonly workspace: string;
  readonly manifest: {
    readonly files: readonly { readonly path: string; readonly status: string; readonly keyVersion?: number }[];
  };
}

/** Number and size of the files, and options of the run. */
export type SigningOptions = Partial<ActionOptions> & {
  readonly files?: number;
  readonly size?: number;
  /** Called with the directory of the workspace before the run. */
  readonly onWorkspace?: (path: string) => void;
};

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Signs files `dist/f0.bin`, `dist/f1.bin`, … with OpenBao by the committed bundle, in a workspace that goes after the test. */
export async function signFiles(
  inputs: Readonly<Record<string, string>>,
  { files = 3, size = 20, onWorkspace, ...options }: SigningOptions = {},
): Promise<Signing> {
  const directory = mkdtempSync(join(tmpdir(), 'openbao-'));
  directories.push(directory);
  const [workspace, runnerTemp] = [join(directory, 'workspace'), join(directory, 'temp')];
  for (const each of [join(workspace, 'dist'), runnerTemp]) await mkdir(each, { recursive: true });
  for (let at = 0; at < files; at++)
    await writeFile(join(workspace, 'dist', `f${at}.bin`), Buffer.alloc(size, `file ${at} `));
  onWorkspace?.(workspace);
  const run = await runAction({
    actionDirectory: ACTION_DIRECTORY,
    workspace,
    runnerTemp,
    ...options,
    inputs: { files: 'dist/**', protocol: 'vault', upload: 'false', ...inputs },
  });
  const path = run.outputs['manifest'];
  return { run, workspace, manifest: path ? JSON.parse(readFileSync(path, 'utf8')) : { files: [] } };
}

/** Whether nothing was signed, and the first error of the log. */
export function refusal({ run }: Pick<Signing, 'run'>): { readonly exitCode: number | null; readonly error: string } {
  return { exitCode: run.exitCode, error: /::error title=([^:]*::[^\n]*)/.exec(run.log)?.[1] ?? run.log.slice(-2000) };
}
