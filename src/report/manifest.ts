import type { ActionError } from '../errors.ts';
import { compareBytewise } from '../files/names.ts';
import type { FileOutcome } from '../files/release-file.ts';
import { ownMembers, parseJson } from '../json.ts';
import { type Report, totalsOf } from './report.ts';
import { manifestFinding } from './summary/findings.ts';

/** What is needed to render a manifest, apart from the report. */
interface ManifestOptions {
  readonly createdAt: Date;
  /** Hides secrets in a text; used for every foreign text, even if it was already scrubbed on input. */
  readonly scrub: (text: string) => string;
}

/** Yields the JSON receipt of a run in pieces, with a line for each file. */
export function* renderManifest(report: Report, { createdAt, scrub }: ManifestOptions): Generator<string> {
  const { mode, verification, service, certificate, job, shard, failure, timestamp } = report;
  const verifyKeySha256 = verification?.verifier.key.spkiSha256;
  const signer = {
    ...(certificate ? { certificate: manifestCertificate(certificate, report, scrub) } : {}),
    ...(job ? { identity: job } : {}),
    ...(verifyKeySha256 ? { verifyKeySha256 } : {}),
  };
  const head = {
    version: 1,
    mode,
    rehearsal: mode === 'rehearse',
    checked: verification !== undefined,
    createdAt: createdAt.toISOString(),
    service: service && scrub(service),
    signer,
    timestamp: timestamp && { authority: timestamp.authority, time: timestamp.time.toISOString() },
    shard: shard.count > 1 ? `${shard.index}/${shard.count}` : null,
    failure: manifestError(failure, scrub),
  };
  if (mode === 'preflight') {
    const findings = report.findings.map((finding) => manifestFinding(finding, scrub));
    yield `${JSON.stringify({ ...head, findings, totals: manifestTotals(report) }, undefined, 2)}\n`;
    return;
  }
  yield `${JSON.stringify(head).slice(0, -1)},"files":[`;
  let separator = '\n';
  // Refused files and signatures without a file come separately, so the outcomes are sorted here.
  const sorted = [...report.outcomes].sort((a, b) => compareBytewise(a.file.path, b.file.path));
  for (const outcome of sorted) {
    yield separator + JSON.stringify(manifestFile(outcome, report.suffix, scrub));
    separator = ',\n';
  }
  const leftOut = Object.fromEntries(report.leftOut.map(({ reason, count, first }) => [reason, { count, first }]));
  yield `\n],"leftOut":${JSON.stringify(leftOut)},"totals":${JSON.stringify(manifestTotals(report))}}\n`;
}

function manifestCertificate(
  { subject, issuer, serial, notBefore, notAfter, sha256 }: NonNullable<Report['certificate']>,
  { mode, certificateSource }: Report,
  scrub: ManifestOptions['scrub'],
): object {
  const source = mode === 'rehearse' ? 'rehearsal' : certificateSource;
  return { subject: scrub(subject), issuer: scrub(issuer), serial, notBefore, notAfter, sha256, source };
}

function manifestFile(outcome: FileOutcome, suffix: string, scrub: ManifestOptions['scrub']): object {
  const { file, status, sha256, keyVersion, attempts, elapsedMs, error, stray } = outcome;
  return {
    path: file.path,
    size: file.size,
    sha256,
    signature: stray === 'orphan' ? file.path : file.path + suffix,
    status,
    keyVersion,
    attempts,
    ms: Math.round(elapsedMs),
    error: manifestError(error, scrub),
  };
}

function manifestError(error: ActionError | undefined, scrub: ManifestOptions['scrub']): object | undefined {
  return error && { code: error.code, message: scrub(error.message) };
}

function manifestTotals(report: Report): object {
  const { requests, durationMs } = report;
  return { ...totalsOf(report), requests, durationMs: Math.round(durationMs) };
}

/** Returns the mode of the run that wrote a manifest, which may be cut; `undefined` for any other text. */
export function modeOfManifest(text: string, extent: 'whole' | 'cut'): string | undefined {
  const mode = /^\{"version":1,"mode":"([a-z]+)","rehearsal":(?:true|false),/.exec(text)?.[1];
  if (mode === undefined || extent === 'cut') return mode;
  return typeof ownMembers(parseJson(text))['totals'] === 'object' ? mode : undefined;
}
