import type { ActionError } from '../errors.ts';
import type { LeftOut } from '../files/finding/left-out.ts';
import type { Shard } from '../files/finding/shard.ts';
import { type FileOutcome, notTried, type ReleaseFile } from '../files/release-file.ts';
import type { OutputTree } from '../files/writing/output-tree.ts';
import type { JobIdentity } from '../identity/issued/id-token.ts';
import type { CertificateFacts } from '../identity/material/certificate.ts';
import type { Finding } from '../preflight/finding.ts';
import type { Verification } from '../verifying/check.ts';

/** The mode that ran, which may be another one than the input asked for. */
type ReportedMode = 'sign' | 'rehearse' | 'verify' | 'preflight' | 'skipped';

/** An uploaded artifact, complete and finished. */
export interface Artifact {
  readonly name: string;
  readonly id: number;
  /** SHA-256 as hex. */
  readonly digest: string | undefined;
  readonly bytes: number;
}

/** Files that a run writes, or keeps, for the release as a whole. */
interface WrittenFiles {
  readonly tree: OutputTree;
  /** Relative to the tree. */
  readonly paths: readonly string[];
}

/** When the checksums were stamped, and by whom. */
interface TimestampFacts {
  /** URL of the authority that was asked; else the subject of the certificate that signed the stamp. */
  readonly authority: string;
  readonly time: Date;
}

/** The result of a run: log, annotations, outputs, summary and manifest are rendered from it. */
export interface Report {
  /** `undefined` when the inputs could not be read. */
  readonly mode: ReportedMode | undefined;
  /** One per matched file in the order of the files, then refused paths and signatures without a file. */
  readonly outcomes: readonly FileOutcome[];
  /** How signatures were checked; `undefined` when they were not. */
  readonly verification: Verification | undefined;
  /** Signing requests, repeats included. */
  readonly requests: number;
  /** From the start of the run until just before the upload. */
  readonly durationMs: number;
  /** Origin of the service. */
  readonly service: string | undefined;
  /** The client certificate; the newest one, when several were issued. */
  readonly certificate: CertificateFacts | undefined;
  /** Where it came from. */
  readonly certificateSource: 'input' | 'vault' | 'step-ca';
  /** Whom it was issued for; `undefined` for one that was stored. */
  readonly job: JobIdentity | undefined;
  readonly suffix: string;
  /** The slice this run was about; `1/1` is the whole. */
  readonly shard: Shard;
  /** Files about the whole release, which must not stay when the run is red. */
  readonly written: WrittenFiles | undefined;
  /** The time stamp over the checksums. */
  readonly timestamp: TimestampFacts | undefined;
  /** Absolute path of the checksums file. */
  readonly checksums: string | undefined;
  /** Absolute path of the manifest. */
  readonly manifest: string | undefined;
  readonly artifact: Artifact | undefined;
  /** What the patterns mean and a rule leaves out. */
  readonly leftOut: readonly LeftOut[];
  /** Sentences that the reader of the summary should know. */
  readonly notes: readonly string[];
  /** What a preflight found, in the order of its checks. */
  readonly findings: readonly Finding[];
  /** Why the step failed as a whole, beside the files that failed. */
  readonly failure: ActionError | undefined;
}

/** What one stage found. */
export interface ReportPart extends Partial<Report> {
  /** Files whose outcomes are to come. */
  readonly files?: readonly ReleaseFile[];
}

/**
 * Collects what the stages of a run found, so that a run that ends half-way reports all that was found until then.
 *
 * Stages return values, and a mode adds them here; no stage reads what another one added.
 */
export class ReportBuilder {
  readonly #parts: Partial<Report>[] = [];
  readonly #outcomes = new LatestOutcomes();
  readonly #explain: (error: ActionError) => ActionError;

  /** `explain` says more about errors that nobody foresaw. */
  constructor(explain: (error: ActionError) => ActionError = (error) => error) {
    this.#explain = explain;
  }

  /** Adds what a stage found. */
  add(part: ReportPart): void {
    const { failure, files = [], outcomes = [] } = part;
    this.#parts.push(failure ? { ...part, failure: this.#explain(failure) } : part);
    this.#outcomes.add(files);
    this.#outcomes.add(outcomes.some(({ error }) => error) ? outcomes.map(this.#explained) : outcomes);
  }

  readonly #explained = (outcome: FileOutcome): FileOutcome =>
    outcome.error ? { ...outcome, error: this.#explain(outcome.error) } : outcome;

  /**
   * Assembles what was found so far: a file has its latest outcome, notes and findings add up, and the first failure
   * stays; of everything else the latest value counts.
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

/** The latest outcome of each file, in the order in which the files were first told. */
class LatestOutcomes {
  /** A file whose outcome is to come stands for itself: an outcome for each would stay in memory while all are signed. */
  #added: (readonly (FileOutcome | ReleaseFile)[])[] = [];
  /** The list as it was last built: a run asks for it several times, and it may have 100,000 entries. */
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

/** Counts and sizes of a run. */
interface Totals {
  readonly files: number;
  readonly signed: number;
  readonly reused: number;
  /** Signatures that were found valid with the key. */
  readonly verified: number;
  readonly failed: number;
  readonly notTried: number;
  readonly bytes: number;
}

/** Counts what became of the files. */
export function totalsOf({ outcomes, verification, findings }: Report): Totals {
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

/** Tells whether everything that was asked for is done. */
export function isGreen({ outcomes, findings, failure }: Report): boolean {
  const isDone = outcomes.every(({ status }) => status !== 'failed' && status !== 'not-tried');
  return isDone && failure === undefined && findings.every(({ level }) => level !== 'failure');
}
