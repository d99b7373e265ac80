import { ActionError } from '../errors.ts';
import type { Shard } from '../files/finding/shard.ts';
import type { FileOutcome } from '../files/release-file.ts';
import type { Identity } from '../identity/identity.ts';
import type { Finding } from '../preflight/finding.ts';
import type { Verification } from '../verifying/check.ts';

/** What really ran. */
export type ReportedMode = 'sign' | 'rehearse' | 'verify' | 'preflight' | 'skipped';

/** The uploaded artifact. */
export interface Artifact {
  readonly name: string;
  readonly id: number;
  readonly digest: string | undefined;
  readonly bytes: number;
}

/** Everything a run came to; filled as it goes, so that a failing run still reports what it has. */
export interface Report {
  mode: ReportedMode | undefined;
  /** One per matched file, sorted by path. */
  outcomes: readonly FileOutcome[];
  /** Whether signatures were checked with a key. */
  checked: boolean;
  /** Signatures that were found valid with it. */
  verified: number;
  requests: number;
  durationMs: number;
  /** Origin of the service. */
  service: string | undefined;
  certificate: Identity['certificate'] | undefined;
  /** SHA-256 of the public key that signatures were checked with, as hex. */
  verifyKeySha256: string | undefined;
  /** How anyone can check the signatures of a real signing. */
  verification: Verification | undefined;
  suffix: string;
  /** The slice this run was about; `1/1` is the whole. */
  shard: Shard;
  /** Absolute path of the checksums file. */
  checksums: string | undefined;
  /** Absolute path of the manifest. */
  manifest: string | undefined;
  artifact: Artifact | undefined;
  /** Sentences that the reader of the summary should know. */
  readonly notes: string[];
  /** What a preflight found, in the order of its checks. */
  findings: readonly Finding[];
  /** Why the step failed as a whole, beside the files that failed. */
  failure: ActionError | undefined;
}

/** Starts an empty report. */
export function createReport(): Report {
  return {
    mode: undefined,
    outcomes: [],
    checked: false,
    verified: 0,
    requests: 0,
    durationMs: 0,
    service: undefined,
    certificate: undefined,
    verifyKeySha256: undefined,
    verification: undefined,
    suffix: '.sign',
    shard: { index: 1, count: 1 },
    checksums: undefined,
    manifest: undefined,
    artifact: undefined,
    notes: [],
    findings: [],
    failure: undefined,
  };
}

/** Counts and sizes of a run. */
export interface Totals {
  readonly files: number;
  readonly signed: number;
  readonly reused: number;
  readonly verified: number;
  readonly failed: number;
  readonly notTried: number;
  readonly bytes: number;
}

/** Counts what became of the files. */
export function totalsOf({ outcomes, verified }: Pick<Report, 'outcomes' | 'verified'>): Totals {
  const counts = { signed: 0, reused: 0, verified: 0, failed: 0, 'not-tried': 0 };
  let [files, bytes] = [0, 0];
  for (const { status, file, isOrphan } of outcomes) {
    counts[status]++;
    files += isOrphan ? 0 : 1;
    bytes += file.size;
  }
  const { signed, reused, failed } = counts;
  return { files, signed, reused, verified, failed, notTried: counts['not-tried'], bytes };
}

/** One kind of failure and the files that it befell. */
export interface Cause {
  readonly error: ActionError;
  /** Files it is about; empty when it is about the run. */
  readonly paths: readonly string[];
  /** What was spent on the first of them, or on the run; `undefined` when nothing was asked of the service. */
  readonly effort: Effort | undefined;
}

/** Tries of a file or requests of the run, and the time from the first one. */
export interface Effort {
  readonly count: number;
  readonly of: 'tries' | 'requests';
  readonly elapsedMs: number;
}

/** Groups failures by their code, what concerns the run first, then findings, then the most frequent. */
export function causesOf(report: Report): Cause[] {
  const { outcomes, failure, findings, requests, durationMs } = report;
  const causes = new Map<string, Cause & { readonly paths: string[] }>();
  if (failure)
    causes.set(failure.code, { error: failure, paths: [], effort: effortOf(requests, 'requests', durationMs) });
  for (const { error, file, status, attempts, elapsedMs } of outcomes) {
    if (error === undefined || status !== 'failed') continue;
    const cause = causes.get(error.code) ?? { error, paths: [], effort: effortOf(attempts, 'tries', elapsedMs) };
    cause.paths.push(file.path);
    causes.set(error.code, cause);
  }
  const rank = ({ error, paths }: Cause): number => (error === failure ? Number.POSITIVE_INFINITY : paths.length);
  const grouped = [...causes.values()].sort((a, b) => rank(b) - rank(a));
  const found = findings.filter(({ level }) => level === 'failure').map(toCause);
  return failure ? [...grouped.slice(0, 1), ...found, ...grouped.slice(1)] : [...found, ...grouped];
}

function effortOf(count: number, of: Effort['of'], elapsedMs: number): Effort | undefined {
  return count > 0 ? { count, of, elapsedMs } : undefined;
}

function toCause({ code, what, todo }: Finding): Cause {
  return { error: new ActionError(code ?? 'CHECK_FAILED', what, { hint: todo ?? '' }), paths: [], effort: undefined };
}

/** Whether everything that was asked for is done. */
export function isGreen(report: Report): boolean {
  const { failed, notTried } = totalsOf(report);
  const isFound = report.findings.some(({ level }) => level === 'failure');
  return report.failure === undefined && !isFound && failed === 0 && notTried === 0;
}
