import type { ActionError } from '../errors.ts';
import type { LeftOut } from '../files/finding/left-out.ts';
import type { Shard } from '../files/finding/shard.ts';
import { type FileOutcome, notTried, type ReleaseFile } from '../files/release-file.ts';
import type { OutputTree } from '../files/writing/output-tree.ts';
import type { JobIdentity } from '../identity/issued/id-token.ts';
import type { CertificateFacts } from '../identity/material/certificate.ts';
import type { Finding } from '../preflight/finding.ts';
import type { Verification } from '../verifying/check.ts';

/** The mode that ran, which may differ from the input. */
type ReportedMode = 'sign' | 'rehearse' | 'verify' | 'preflight' | 'skipped';

/** An uploaded artifact, complete and finished. */
export interface Artifact {
  readonly name: string;
  readonly id: number;
  /** SHA-256 as hex. */
  readonly digest: string | undefined;
  readonly bytes: number;
}

/** The result of a run: the source of log, annotations, outputs, summary and manifest. */
export interface Report {
  /** `undefined` when the inputs could not be read. */
  readonly mode: ReportedMode | undefined;
  /** One for each matched file, in the order of the files, then refused paths and signatures without a file. */
  readonly outcomes: readonly FileOutcome[];
  /** How signatures were verified; `undefined` if they were not. */
  readonly verification: Verification | undefined;
  /** Signing requests, including retries. */
  readonly requests: number;
  /** From the start of the run until just before the upload. */
  readonly durationMs: number;
  /** Origin of the service. */
  readonly service: string | undefined;
  /** The client certificate; the newest one, when several were issued. */
  readonly certificate: CertificateFacts | undefined;
  /** Source of the client certificate. */
  readonly certificateSource: 'input' | 'vault' | 'step-ca';
  /** The job for which the certificate was issued; `undefined` for a stored one. */
  readonly job: JobIdentity | undefined;
  readonly suffix: string;
  /** The slice of this run; `1/1` is the whole release. */
  readonly shard: Shard;
  /** Files about the whole release, relative to a tree, which must be removed if the run fails. */
  readonly written: { readonly tree: OutputTree; readonly paths: readonly string[] } | undefined;
  /** The stamp over the checksums; the authority is the URL of a new one, or the subject of the signer's certificate. */
  readonly timestamp: { readonly authority: string; readonly time: Date } | undefined;
  /** Absolute path of the checksums file. */
  readonly checksums: string | undefined;
  /** Absolute path of the manifest. */
  readonly manifest: string | undefined;
  readonly artifact: Artifact | undefined;
  /** Matched paths that a rule leaves out. */
  readonly leftOut: readonly LeftOut[];
  /** Sentences for the reader of the summary. */
  readonly notes: readonly string[];
  /** Findings of a preflight, in the order of its checks. */
  readonly findings: readonly Finding[];
  /** Failure of the whole step, apart from failed files. */
  readonly failure: ActionError | undefined;
}

/** Results of a stage. */
export interface ReportPart extends Partial<Report> {
  /** Files whose outcomes will follow. */
  readonly files?: readonly ReleaseFile[];
}

/**
 * Collects the results of the stages of a run, so that a run that ends early reports everything up to then.
 *
 * Stages return values, which the mode adds; no stage reads the results of another one here.
 */
export class ReportBuilder {
  readonly #parts: Partial<Report>[] = [];
  readonly #outcomes = new LatestOutcomes();
  readonly #explain: (error: ActionError) => ActionError;

  /** `explain` adds details to unforeseen errors. */
  constructor(explain: (error: ActionError) => ActionError = (error) => error) {
    this.#explain = explain;
  }

  /** Adds the results of a stage. */
  add(part: ReportPart): void {
    const { failure, files = [], outcomes = [] } = part;
    this.#parts.push(failure ? { ...part, failure: this.#explain(failure) } : part);
    this.#outcomes.add(files);
    this.#outcomes.add(outcomes.some(({ error }) => error) ? outcomes.map(this.#explained) : outcomes);
  }

  readonly #explained = (outcome: FileOutcome): FileOutcome =>
    outcome.error ? { ...outcome, error: this.#explain(outcome.error) } : outcome;

  /**
   * Assembles the report so far: each file has its latest outcome, notes and findings accumulate, the first failure is
   * kept, and of everything else the latest value.
   */
  build(): Report {
    const parts = this.#parts;
    const latest = <Key extends keyof Report>(key: Key): Report[Key] | undefined =>
      parts.findLast((part) => part[key] !== undefined)?.[key];
    return {
      mode: latest('mode'),
      outcomes: this.#outcomes.list(),
      verification: latest('verification'),
      requests: latest('requests') ?? 0,
      durationMs: latest('durationMs') ?? 0,
      service: latest('service'),
      certificate: latest('certificate'),
      certificateSource: latest('certificateSource') ?? 'input',
      job: latest('job'),
      suffix: latest('suffix') ?? '.sign',
      shard: latest('shard') ?? { index: 1, count: 1 },
      written: latest('written'),
      timestamp: latest('timestamp'),
      checksums: latest('checksums'),
      manifest: latest('manifest'),
      artifact: latest('artifact'),
      leftOut: latest('leftOut') ?? [],
      notes: parts.flatMap(({ notes = [] }) => notes),
      findings: parts.flatMap(({ findings = [] }) => findings),
      failure: parts.find(({ failure }) => failure)?.failure,
    };
  }
}

/** The latest outcome of each file, in the order in which the files were first added. */
class LatestOutcomes {
  /** A file stands for its future outcome, because an outcome for each would take memory during the signing. */
  #added: (readonly (FileOutcome | ReleaseFile)[])[] = [];
  /** The list as last built, because it is read several times and may have 100,000 entries. */
  #listed: readonly FileOutcome[] | undefined;

  add(told: readonly (FileOutcome | ReleaseFile)[]): void {
    if (told.length === 0) return;
    this.#added.push(told);
    this.#listed = undefined;
  }

  list(): readonly FileOutcome[] {
    if (this.#listed) return this.#listed;
    const byPath = new Map<string, FileOutcome | ReleaseFile>();
    for (const each of this.#added.flat()) byPath.set('file' in each ? each.file.path : each.path, each);
    this.#listed = Array.from(byPath.values(), (each) => ('file' in each ? each : notTried(each)));
    this.#added = [this.#listed];
    return this.#listed;
  }
}

/** Counts the files by result; `verified` counts the signatures that are valid with the key. */
export function totalsOf({ outcomes, verification, findings }: Report) {
  const counts = { signed: 0, reused: 0, verified: 0, failed: 0, 'not-tried': 0 };
  let [files, bytes] = [0, 0];
  for (const { status, file, stray } of outcomes) {
    counts[status]++;
    files += stray ? 0 : 1;
    bytes += file.size;
  }
  const { signed, reused, failed } = counts;
  const canaries = findings.filter(({ check, level }) => check === 'signature' && level === 'ok').length;
  const verified = verification === undefined ? 0 : signed + reused + counts.verified + canaries;
  return { files, signed, reused, verified, failed, notTried: counts['not-tried'], bytes };
}

/** Tells whether the run succeeded completely. */
export function isGreen({ outcomes, findings, failure }: Report): boolean {
  const isDone = outcomes.every(({ status }) => status !== 'failed' && status !== 'not-tried');
  return isDone && failure === undefined && findings.every(({ level }) => level !== 'failure');
}
