import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Patience } from '../../src/files/patience.ts';
import { main } from '../../src/main.ts';
import type { Finding } from '../../src/preflight/finding.ts';
import type { Service } from '../../src/rehearsal/service.ts';
import { isGreen } from '../../src/report/report.ts';
import type { RunnerFacts } from '../../src/runner/facts.ts';
import { createRunner, type Runner } from '../../src/runner.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { WorkerThread } from '../../src/worker/worker.ts';

/** What a preflight told, through every channel. */
export interface Preflight {
  readonly green: boolean;
  readonly lines: readonly string[];
  readonly annotations: readonly { readonly level: string; readonly title: string; readonly text: string }[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly findings: readonly Finding[];
  /** What was asked to be masked. */
  readonly masks: readonly string[];
  /** Everything told, in one text. */
  readonly everything: string;
}

/** What may differ from an ordinary run. */
interface World {
  readonly facts?: Partial<RunnerFacts>;
  readonly now?: () => number;
}

/** The inputs that fit a service. */
export function inputsFor({ url, signPath, credentials }: Service): Record<string, string> {
  return {
    mode: 'preflight',
    'server-url': url,
    'sign-path': signPath,
    'app-key': credentials.appKey,
    'app-secret': credentials.appSecret,
    cert: credentials.cert,
    key: credentials.key,
    chain: credentials.chain,
    'verify-key': credentials.verifyKeyPem,
    'cert-expiry-warning-days': '0',
  };
}

/** Runs the action's main function in this process, with a runner that notes what it is told. */
export async function runPreflight(inputs: Readonly<Record<string, string>>, world: World = {}): Promise<Preflight> {
  const directory = mkdtempSync(join(tmpdir(), 'preflight-'));
  try {
    const noted = new NotingRunner(inputs, { temporaryDirectory: directory, ...world.facts });
    const clock = createClock();
    const report = await main({
      runner: noted.runner,
      signal: new AbortController().signal,
      clock,
      patience: new Patience(clock),
      startedAt: clock.now(),
      now: world.now ?? Date.now,
      random: Math.random,
      randomInt,
      worker: new WorkerThread(''),
      pageTemplate: '',
      processId: process.pid,
    });
    const manifest = readManifest(noted.outputs['manifest']);
    const { lines, annotations, outputs, summary, masks } = noted;
    const told = { lines, annotations, outputs, summary, manifest };
    return { ...told, masks, green: isGreen(report), findings: report.findings, everything: JSON.stringify(told) };
  } finally {
    expectNothingLeft(directory);
    rmSync(directory, { recursive: true, force: true });
  }
}

class NotingRunner {
  readonly lines: string[] = [];
  readonly annotations: { level: string; title: string; text: string }[] = [];
  readonly outputs: Record<string, string> = {};
  readonly masks: string[] = [];
  summary = '';
  readonly runner: Runner;

  constructor(inputs: Readonly<Record<string, string>>, facts: Partial<RunnerFacts>) {
    const left: Record<string, string> = { ...inputs };
    this.runner = {
      facts: { ...createRunner({ GITHUB_WORKSPACE: tmpdir() }).facts, ...facts },
      takeInput(name) {
        const value = left[name]?.trim();
        delete left[name];
        return value === '' ? undefined : value;
      },
      mask: (secrets) => void this.masks.push(...secrets),
      scrub: (text) => text,
      scrubOwn: (text) => text,
      holdsSecret: () => false,
      line: (text) => void this.lines.push(text),
      lines: (texts) => void this.lines.push(...texts),
      debug: (text) => void this.lines.push(text),
      openGroup: (title) => void this.lines.push(title),
      closeGroup: () => {},
      annotate: (level, title, text) => void this.annotations.push({ level, title, text }),
      checkFiles: () => {},
      giveUpFiles: () => [],
      output: (name, value) => {
        this.outputs[name] = value;
      },
      saveState: () => {},
      drawIdToken: async () => '',
      artifactUrl: () => '',
      summary: (markdown) => {
        this.summary += markdown;
      },
    };
  }
}

function readManifest(path: string | undefined): Record<string, unknown> {
  return path ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
}

/** The key must not stay on disk, whatever happened. */
function expectNothingLeft(directory: string): void {
  const left = readdirSync(directory).filter((name) => name.includes('credentials'));
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
}
