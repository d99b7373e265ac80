import type { CertificateFacts } from '../../identity/material/certificate.ts';
import type { Failure } from '../../signing/policy/failure.ts';

/** What may explain why a server refuses our certificate. */
export interface OwnCertificate {
  readonly certificate: CertificateFacts;
  /** What about the certificate may explain it; `undefined` when nothing is known to. */
  readonly refusalHint: string | undefined;
}

/** Adds to a refusal that concerns our certificate, or may, which one that was; other failures pass through. */
export function explainRefusal(failure: Failure, { certificate, refusalHint }: OwnCertificate): Failure {
  const { subject, issuer, notAfter } = certificate;
  if (failure.facts.mayConcernCertificate) {
    const shown = `The client certificate was ${subject}, issuer ${issuer}; ask whether it is allowed.`;
    return failure.with({ hint: [failure.hint, shown].filter(Boolean).join(' ') });
  }
  if (failure.code !== 'TLS_CLIENT_REJECTED') return failure;
  const message = `${failure.message.replace(/\.$/, '')} (${subject}, issuer=${issuer}, notAfter=${notAfter}).`;
  return failure.with({ message, hint: [refusalHint, failure.hint].filter(Boolean).join(' ') });
}
