import { createSign, createVerify } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Pki } from '../../src/rehearsal/pki.ts';
import type { Counters } from '../../src/rehearsal/requests/counters.ts';
import type { ResultsOptions } from '../../tools/results/results-service.ts';
import type { ActionOptions, ActionRun } from '../../tools/runner/runner.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import type { Fault, ScriptedRequest, ServiceOptions } from '../rehearsal/faulty-service.ts';

/** What a file's tries meet: the same fault each time, or one after the other and then honest answers. */
export type Encounter = Fault | readonly (Fault | undefined)[] | undefined;

/** A run of the committed program in which every file meets a fault of its own. */
export interface MeetingOptions {
  /** What the smallest file meets, which goes first and alone; nothing when absent. */
  readonly canary?: Encounter;
  /** What the others meet, by name. */
  readonly files?: Readonly<Record<string, Encounter>>;
  /** Bytes of single files; the others have a few each, and the canary must stay the smallest. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly service?: Omit<ServiceOptions, 'script' | 'record'>;
  readonly results?: ResultsOptions;
  readonly run?: Partial<ActionOptions>;
  /** Prepares the workspace, or takes the place of single inputs that depend on it. */
  readonly before?: (scenario: Scenario) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Called for each request before its fault. */
  readonly onRequest?: (name: string, nth: number, scenario: Scenario) => void;
}

/** For runs that succeed and are not about the artifact: to load GitHub's client takes as long as the rest of a small run. */
export const SIGN_ONLY = { upload: 'false' };

/** What the manifest says of one file. */
interface FileReceipt {
  readonly path: string;
  readonly status: string;
  readonly attempts: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What came of it. */
export interface Meeting {
  readonly run: ActionRun;
  /** By the name of the file, without its directory. */
  readonly receipts: Readonly<Record<string, FileReceipt>>;
  /** Requests that the service saw, in order. */
  readonly requests: readonly { readonly name: string; readonly at: number; readonly request: ScriptedRequest }[];
  readonly counters: Counters;
  /** Names of the files, without directory, that have a signature on disk. */
  readonly signed: readonly string[];
  /** Codes of the error annotations. */
  readonly errors: readonly string[];
}

/** What a file of a meeting holds: sizes three apart make bodies four apart, so the service can tell the files before it has read them. */
export function contentOf(files: Readonly<Record<string, unknown>>, name: string, bytes?: number): string {
  return 'x'.repeat(bytes ?? 3 * (Object.keys(files).indexOf(name) + 2));
}

/** Signs a text with the key of the service. */
export function signatureOf(pki: Pki, text: string): string {
  return createSign('sha256').update(text).sign(pki.signingKey, 'base64');
}

function bodyBytes(content: string): number {
  return '{"data":""}'.length + 4 * Math.ceil(content.length / 3);
}

/** Runs the program, checks what must hold however a run ends, and tells the rest. */
export async function meet(options: MeetingOptions): Promise<Meeting> {
  const names = ['canary', ...Object.keys(options.files ?? {})];
  const contents = names.map((name) => contentOf(options.files ?? {}, name, options.sizes?.[name]));
  const files = Object.fromEntries(names.map((name, at) => [`dist/${name}`, contents[at] ?? '']));
  const byLength = new Map(names.map((name, at) => [bodyBytes(contents[at] ?? ''), name]));
  const requests: Meeting['requests'][number][] = [];
  let here: Scenario | undefined;
  const script = (request: ScriptedRequest): Fault | undefined => {
    const name = byLength.get(request.lengthBytes) ?? '';
    requests.push({ name, at: performance.now(), request });
    if (here) options.onRequest?.(name, request.nthOfLength, here);
    const met = name === 'canary' ? options.canary : options.files?.[name];
    return isList(met) ? met[request.nthOfLength] : met;
  };
  await using scenario = await createScenario({
    files,
    service: { ...options.service, script },
    ...(options.results ? { results: options.results } : {}),
  });
  here = scenario;
  const more = (await options.before?.(scenario)) ?? {};
  const run = await scenario.run({ ...options.inputs, ...more }, options.run);
  await expectInvariants(scenario, run);
  const signed = (await scenario.signatures()).map((path) => path.replace(/^dist\/(.*)\.sign$/, '$1'));
  return {
    run,
    receipts: await readReceipts(run),
    requests,
    counters: { ...scenario.service.counters },
    signed,
    errors: run.annotations.filter(({ type }) => type === 'error').map(({ title }) => title ?? ''),
  };
}

function isList(met: Encounter): met is readonly (Fault | undefined)[] {
  return Array.isArray(met);
}

/** Reads what the manifest of a run says of each file. */
export async function readReceipts(run: ActionRun): Promise<Record<string, FileReceipt>> {
  const path = run.outputs['manifest'] ?? '';
  if (path === '') return {};
  const { files }: { files: FileReceipt[] } = JSON.parse(await readFile(path, 'utf8'));
  return Object.fromEntries(files.map((file) => [file.path.replace(/^dist\//, ''), file]));
}

/** Holds a finished run to what must be true of every run, green or red. */
export async function expectInvariants(scenario: Scenario, run: ActionRun): Promise<void> {
  const { verifyKeyPem } = scenario.service.credentials;
  const signatures = await scenario.signatures();
  for (const path of signatures) {
    const file = join(scenario.workspace, path.replace(/\.sign$/, ''));
    const verify = createVerify('sha256').update(await readFile(file));
    expect(verify.verify(verifyKeyPem, await scenario.read(path), 'base64'), `I1: ${path}`).toBe(true);
  }
  const green = run.exitCode === 0;
  const counted = Number(run.outputs['signed-count']) + Number(run.outputs['reused-count']);
  if (green)
    expect(counted, 'I1: green means that every file has its signature').toBe(Number(run.outputs['file-count']));
  const left = (await readdir(scenario.workspace, { recursive: true })).filter((name) => name.endsWith('.tmp'));
  expect(left, 'I2: no temporary file stays').toEqual([]);
  expect(await readdir(run.runnerTemp), 'no key stays on the disk').not.toContainEqual(
    expect.stringContaining('credentials'),
  );
  if (!green) expect(scenario.results.artifacts, 'I3: nothing is uploaded by a red run').toEqual([]);
  const errors = run.annotations.filter(({ type }) => type === 'error');
  expect(errors.length, run.log).toBeLessThanOrEqual(5);
  expect(new Set(errors.map(({ title }) => title)).size, 'one annotation for each cause').toBe(errors.length);
  expect(errors.length > 0, 'a red run says why').toBe(!green);
  expect(run.summary).toContain(green ? '## ✅' : '## ❌');
  expect(run.unknownCommands).toEqual([]);
  expect(scenario.service.counters.replays, 'no nonce is used twice').toBe(0);
}
