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
          ['Kept', formatCount(reused)],
        ];
  const columns = [
    ['Files', formatCount(files)],
    ...done,
    ['Failed', formatCount(failed)],
    ['Not tried', formatCount(notTried)],
    ['Size', formatBytes(bytes)],
    ['Time', formatMs(report.durationMs)],
    ['Speed', describeSpeed(report.outcomes, report.durationMs)],
  ].filter(([, value]) => value !== '');
  const cells = (at: number): string[] => columns.map((column) => column[at] ?? '');
  return [table(cells(0), [cells(1)], [...columns.keys()])];
}

/** Renders who signed, with what, and where, as a list. */
export function renderFacts(report: Report): string[] {
  const { verification, service, certificate, artifact, shard, requests } = report;
  const verifyKeySha256 = verification?.verifier.key.spkiSha256;
  if (report.outcomes.length === 0 && service === undefined) return [];
  const rows: (readonly [string, string])[] = [
    ['Shard', shard.count > 1 ? `${shard.index} of ${shard.count}` : ''],
    ['Signatures checked', verification ? formatCount(totalsOf(report).verified) : 'none'],
    ['Public key, SHA-256', verifyKeySha256 === undefined ? '' : code(verifyKeySha256)],
    [
      'Client certificate',
      certificate ? plain(`${certificate.subject}, until ${certificate.notAfter.slice(0, 10)}`) : '',
    ],
    ['Service', service === undefined ? '' : `${plain(service)}, ${plural(requests, 'request')}`],
    ['Artifact', artifact ? `${code(artifact.name)}, ${formatBytes(artifact.bytes)}` : ''],
  ];
  const filled = rows.filter(([, value]) => value !== '');
  return [filled.map(([name, value]) => `- **${name}:** ${value}`).join('\n')];
}
