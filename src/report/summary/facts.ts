import { type Report, totalsOf } from '../report.ts';
import { code, plain, table } from './markup.ts';
import { describeSpeed } from './timing.ts';
import { formatBytes, formatCount, formatMs, plural } from './units.ts';

/** Renders the counts of a run about files as a table with one row. */
export function renderNumbers(report: Report): string[] {
  const { files, signed, reused, verified, failed, notTried, bytes } = totalsOf(report);
  if (files === 0) return [];
  const done =
    report.mode === 'verify'
      ? [['Valid', formatCount(verified)]]
      : [
          ['Signed', formatCount(signed)],
          ['Kept', reused > 0 ? formatCount(reused) : ''],
        ];
  const columns = [
    ['Files', formatCount(files)],
    ...done,
    ['Failed', formatCount(failed)],
    [report.mode === 'verify' ? 'Not verified' : 'Not signed', notTried > 0 ? formatCount(notTried) : ''],
    ['Size', formatBytes(bytes)],
    ['Time', formatMs(report.durationMs)],
    ['Speed', describeSpeed(report.outcomes, report.durationMs)],
  ].filter(([, value]) => value !== '');
  const cells = (at: number): string[] => columns.map((column) => column[at] ?? '');
  return [table(cells(0), [cells(1)], [...columns.keys()])];
}

/** Also counts failed files, so that 300 files without a valid signature show as 0 of 300. */
function describeValid(report: Report): string {
  const { mode, verification, findings } = report;
  if (verification === undefined) return 'not checked, since <code>verify-key</code> is empty';
  const { files, verified } = totalsOf(report);
  if (mode !== 'preflight') return `${formatCount(verified)} of ${formatCount(files)}`;
  return findings.some(({ check, notChecked }) => check === 'signature' && !notChecked)
    ? `${formatCount(verified)} of 1, the canary`
    : '';
}

/** Renders a list of facts about identity, key and service. */
export function renderFacts(report: Report): string[] {
  const { verification, service, certificate, artifact, shard, requests, timestamp } = report;
  const verifyKeySha256 = verification?.verifier.key.spkiSha256;
  if (report.outcomes.length === 0 && service === undefined) return [];
  const rows: (readonly [string, string])[] = [
    ['Shard', shard.count > 1 ? `${shard.index} of ${shard.count}` : ''],
    ['Valid signatures', describeValid(report)],
    ['Public key, SHA-256', verifyKeySha256 === undefined ? '' : code(verifyKeySha256)],
    ['Client certificate', certificate ? plain(describeCertificate(certificate, report)) : ''],
    ['Service', service === undefined ? '' : `${plain(service)}, ${plural(requests, 'request')}`],
    ['Time stamp', timestamp ? plain(`${timestamp.time.toISOString()}, by ${timestamp.authority}`) : ''],
    ['Artifact', artifact ? `${code(artifact.name)}, ${formatBytes(artifact.bytes)}` : ''],
  ];
  const filled = rows.filter(([, value]) => value !== '');
  return [filled.map(([name, value]) => `- **${name}:** ${value}`).join('\n')];
}

function describeCertificate(
  { subject, issuer, serial, notBefore, notAfter }: NonNullable<Report['certificate']>,
  { certificateSource, job }: Report,
): string {
  if (certificateSource === 'input') return `${subject}, until ${notAfter.slice(0, 10)}`;
  const life = `valid from ${notBefore} to ${notAfter}`;
  const who = job?.jobWorkflowRef === undefined ? '' : `, to the workflow ${job.jobWorkflowRef}`;
  return `${subject}, issued by ${issuer} for this run alone${who}; serial ${serial}, ${life}`;
}
