import { isGreen, type Report, totalsOf } from './report.ts';

/** Returns the outputs of a run by name; an output that does not apply is empty. */
export function renderOutputs(report: Report, artifactUrl: string): Record<string, string> {
  const totals = totalsOf(report);
  const { artifact } = report;
  return {
    // Empty after a failure, so that publishing steps that test it do not run, even with always() or continue-on-error.
    mode: isGreen(report) ? (report.mode ?? '') : '',
    'file-count': String(totals.files),
    'signed-count': String(totals.signed),
    'reused-count': String(totals.reused),
    'failed-count': String(totals.failed),
    'verified-count': String(totals.verified),
    'total-bytes': String(totals.bytes),
    'request-count': String(report.requests),
    'duration-ms': String(Math.round(report.durationMs)),
    'artifact-name': artifact?.name ?? '',
    'artifact-id': artifact ? String(artifact.id) : '',
    'artifact-url': artifact ? artifactUrl : '',
    'artifact-digest': artifact?.digest ?? '',
    manifest: report.manifest ?? '',
    checksums: report.checksums ?? '',
    'cert-expires': report.certificate?.notAfter ?? '',
  };
}
