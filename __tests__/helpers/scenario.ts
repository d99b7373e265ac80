import { equal } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { type ResultsOptions, type ResultsService, startResultsService } from '../../tools/results/results-service.ts';
import type { RunScript } from '../../tools/runner/node-process.ts';
import { type ActionOptions, type ActionRun, runAction } from '../../tools/runner/runner.ts';
import { type Service, type ServiceOptions, startService } from '../rehearsal/faulty-service.ts';

/** The repository, whose committed bundle every scenario starts. */
export const ACTION_DIRECTORY = resolve(import.meta.dirname, '..', '..');

/** What a scenario needs before the action starts. */
export interface ScenarioOptions {
  /** Names and contents of the files in the workspace. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly service?: ServiceOptions;
  readonly results?: ResultsOptions;
  /** Runs the source in this process when it is given `runInProcess`; the committed bundle when absent. */
  readonly runScript?: RunScript;
}

/** A workspace, a signing service and a results service around runs of the action. */
export interface Scenario {
  readonly workspace: string;
  readonly service: Service;
  readonly results: ResultsService;
  /** Inputs that sign `dist/**` with the service. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Runs the action; inputs go on top of the ordinary ones. */
  run(inputs?: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<ActionRun>;
  /** Runs the action, and expects that the step succeeds. */
  green(inputs?: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<ActionRun>;
  /** Runs the action, and expects that the step fails. */
  red(inputs?: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<ActionRun>;
  /** Reads a file of the workspace. */
  read(path: string): Promise<string>;
  /** Lists all paths in the workspace that end in `.sign`, sorted. */
  signatures(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

let pki: Promise<Pki> | undefined;

/** One PKI for the scenarios of a process: to make its keys takes longer than most runs. */
function sharedPki(): Promise<Pki> {
  pki ??= createPki();
  return pki;
}

/** Prepares a scenario; dispose of it afterwards. */
export async function createScenario(options: ScenarioOptions): Promise<Scenario> {
  const directory = await mkdtemp(join(tmpdir(), 'scenario-'));
  const workspace = join(directory, 'work space');
  for (const [name, content] of Object.entries(options.files)) {
    await mkdir(dirname(join(workspace, name)), { recursive: true });
    await writeFile(join(workspace, name), content);
  }
  const service = await startService({ record: true, pki: await sharedPki(), ...options.service });
  const results = await startResultsService(options.results);
  const { credentials } = service;
  const inputs = {
    files: 'dist/**',
    'server-url': service.url,
    'sign-path': service.signPath,
    'app-key': credentials.appKey,
    'app-secret': credentials.appSecret,
    cert: credentials.cert,
    key: credentials.key,
    chain: credentials.chain,
  };
  const run: Scenario['run'] = async (more = {}, runOptions = {}) => {
    const runnerTemp = await mkdtemp(join(directory, 'runner temp '));
    return runAction({
      actionDirectory: ACTION_DIRECTORY,
      workspace,
      runnerTemp,
      results,
      ...(options.runScript ? { runScript: options.runScript } : {}),
      ...runOptions,
      inputs: { ...inputs, ...more },
    });
  };
  const endingWith =
    (exitCode: number): Scenario['run'] =>
    async (...given) => {
      const ended = await run(...given);
      equal(ended.exitCode, exitCode, ended.log);
      return ended;
    };
  return {
    workspace,
    service,
    results,
    inputs,
    run,
    green: endingWith(0),
    red: endingWith(1),
    read: (path) => readFile(join(workspace, path), 'utf8'),
    async signatures() {
      const names = await readdir(workspace, { recursive: true });
      return names
        .filter((name) => name.endsWith('.sign'))
        .map((name) => name.split(sep).join('/'))
        .sort();
    },
    async [Symbol.asyncDispose]() {
      await results.close();
      await service.close();
      // Windows may take a moment to let go of what a process had open.
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const run = promisify(execFile);

/** Asks the `openssl` binary whether a base64 signature file is valid for a file. */
export async function opensslAccepts(
  publicKeyPem: string,
  file: string,
  signatureFile: string,
  digest: 'sha256' | 'sha384' | 'sha512' = 'sha256',
): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'openssl-'));
  try {
    const key = join(directory, 'key.pem');
    const signature = join(directory, 'signature.bin');
    await writeFile(key, publicKeyPem);
    const text = await readFile(signatureFile, 'latin1');
    // Strict, unlike Node.
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) return false;
    await writeFile(signature, bytes);
    const { stdout } = await run('openssl', ['dgst', `-${digest}`, '-verify', key, '-signature', signature, file]);
    return stdout.includes('Verified OK');
  } catch {
    return false;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
