import type { CertificateFacts } from '../../identity/material/certificate.ts';
import type { Failure } from '../../signing/policy/failure.ts';

/** Facts that may explain why a server refuses our certificate. */
export interface OwnCertificate {
  readonly certificate: CertificateFacts;
  /** A likely reason in the certificate itself; `undefined` when there is none. */
  readonly refusalHint: string | undefined;
}

/** Adds our certificate to a refusal that concerns it, or may; other failures are returned unchanged. */
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
