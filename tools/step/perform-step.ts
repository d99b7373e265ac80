import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { plural } from '../../src/report/summary/units.ts';
import { type Claims, startTokenService } from '../oidc/token-service.ts';
import type { Artifact } from '../results/artifact-store.ts';
import { startResultsService } from '../results/results-service.ts';
import { entriesOf } from '../results/zip.ts';
import type { Environment } from '../runner/environment.ts';
import { type ActionRun, runAction } from '../runner/runner.ts';
import { summaryToPage, summaryToText } from '../summary/render.ts';
import { heading, showTable, toPrintable } from '../summary/terminal.ts';

interface StepRequest {
  readonly actionDirectory: string;
  readonly workspace: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** A token service for the job: its port, and claims that replace the usual ones; `undefined` without OIDC tokens. */
  readonly idTokens: { readonly port: number; readonly claims: Claims } | undefined;
  /** Existing directory for unpacking uploaded artifacts. */
  readonly artifactsDirectory: string | undefined;
  /** Writable file for the job summary as a web page. */
  readonly pagePath: string | undefined;
  readonly detail: 'short' | 'full';
  readonly print: (text: string) => void;
}

/** Runs a step as GitHub's runner does, prints its log live, then its results and a verdict; returns the exit code. */
export async function performStep(request: StepRequest): Promise<number> {
  const runnerTemp = await mkdtemp(join(tmpdir(), 'step-'));
  const results = await startResultsService();
  const tokens = request.idTokens && (await startTokenService(request.idTokens));
  if (tokens) request.print(`OIDC tokens of the issuer ${tokens.issuer}, keys at ${tokens.issuer}/.well-known/jwks\n`);
  const cancel = new AbortController();
  // Ctrl+C arrives several times, from the terminal and from npm, the last time when everything is done.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => cancel.abort());
  try {
    const run = await runAction({
      actionDirectory: request.actionDirectory,
      workspace: request.workspace,
      inputs: request.inputs,
      env: {
        ...networkEnvironment(),
        ...(request.detail === 'full' ? { RUNNER_DEBUG: '1' } : {}),
        ...tokens?.env,
        ...request.env,
      },
      runnerTemp,
      results,
      signal: cancel.signal,
      timeoutMs: LONGEST_JOB_MS,
      onLogLine: (line) => request.print(`${toPrintable(line)}\n`),
    });
    await showResults(request, run, results.artifacts);
    return run.exitCode ?? 1;
  } finally {
    await results.close();
    await tokens?.close();
    await rm(runnerTemp, { recursive: true, force: true });
  }
}

/** Longest run in milliseconds; signing may wait long for its service, and GitHub ends a job after six hours. */
const LONGEST_JOB_MS = 6 * 3_600_000;
const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];

/** Returns the proxy variables of this machine, as on a self-hosted runner. */
function networkEnvironment(): Environment {
  return Object.fromEntries(PROXY_VARIABLES.map((name) => [name, process.env[name]]));
}

async function showResults(request: StepRequest, run: ActionRun, artifacts: readonly Artifact[]): Promise<void> {
  const { print, artifactsDirectory, pagePath, detail } = request;
  const outputs = Object.entries(run.outputs).filter(([, value]) => value !== '');
  if (outputs.length > 0) {
    print(heading('Outputs'));
    print(
      showTable(
        outputs.map(([name, value]) => [name, run.secretOutputs.includes(name) ? '***' : showPath(value, run)]),
      ),
    );
  }
  if (detail === 'full') {
    print(heading('Job summary'));
    print(summaryToText(run.summary));
    print(heading('Post step'));
    print(run.post === undefined ? 'none\n' : toPrintable(run.post.log));
  }
  print(heading('Result'));
  if (pagePath !== undefined) {
    await writeFile(pagePath, summaryToPage(run.summary));
    print(toPrintable(`The job summary is in ${pagePath}.\n`));
  }
  for (const artifact of artifacts) print(await showArtifact(artifact, artifactsDirectory));
  print(verdict(run));
}

/** Marks paths in the temporary directory, which is removed at the end. */
function showPath(value: string, { runnerTemp }: ActionRun): string {
  return value.startsWith(runnerTemp) ? `${value} (removed at the end)` : value;
}

async function showArtifact({ name, zip }: Artifact, directory: string | undefined): Promise<string> {
  const entries = await entriesOf(zip);
  const uploaded = toPrintable(`Artifact ${name} with ${plural(entries.length, 'file')}`);
  if (directory === undefined) return `${uploaded}; --artifacts DIR keeps it.\n`;
  for (const { path, bytes } of entries) {
    const file = join(directory, name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  return `${uploaded}, in ${toPrintable(join(directory, name))}.\n`;
}

function verdict(run: ActionRun): string {
  const time = `after ${(run.durationMs / 1000).toFixed(1)} s`;
  if (run.conclusion === 'success') return `Green ${time}.\n`;
  if (run.conclusion === 'cancelled') return `Cancelled ${time}.\n`;
  const causes = new Set(run.annotations.flatMap(({ type, title }) => (type === 'error' ? (title ?? []) : [])));
  const how = run.exitCode === null ? `ended by ${run.signal}` : `exit code ${run.exitCode}`;
  return toPrintable(`Red ${time}, ${how}${causes.size > 0 ? `: ${[...causes].join(', ')}` : ''}.\n`);
}
