import type { CertificateFacts } from '../../identity/material/certificate.ts';
import { Failure } from '../../signing/policy/failure.ts';

/** What may explain why a server refuses our certificate. */
export interface OwnCertificate {
  readonly certificate: CertificateFacts;
  /** A sentence about an issuer that was not given; `undefined` when none is missing. */
  readonly missingIssuerHint: string | undefined;
}

/** Adds to a refusal that concerns our certificate, or may, which one that was; other failures pass through. */
export function explainRefusal(failure: Failure, { certificate, missingIssuerHint }: OwnCertificate): Failure {
  const { subject, issuer, notAfter } = certificate;
  if (failure.facts.mayConcernCertificate) {
    const shown = `The client certificate was ${subject}, issuer ${issuer}; ask whether it is allowed.`;
    return failure.with({ hint: [failure.hint, shown].filter(Boolean).join(' ') });
  }
  if (failure.code !== 'TLS_CLIENT_REJECTED') return failure;
  const message = `${failure.message.replace(/\.$/, '')} (${subject}, issuer=${issuer}, notAfter=${notAfter}).`;
  return new Failure(failure.kind, failure.code, message, {
    ...failure.facts,
    hint: [missingIssuerHint, failure.hint].filter(Boolean).join(' '),
    cause: failure.cause,
  });
}
