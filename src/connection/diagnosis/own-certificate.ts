import type { CertificateFacts } from '../../identity/material/certificate.ts';
import { Failure } from '../../signing/policy/failure.ts';

/** What may explain why a server refuses our certificate. */
export interface OwnCertificate {
  readonly certificate: CertificateFacts;
  /** A sentence about an issuer that was not given; `undefined` when none is missing. */
  readonly missingIssuerHint: string | undefined;
}

/** Adds to a refusal of our certificate which one that was; other failures pass through. */
export function explainRefusal(failure: Failure, { certificate, missingIssuerHint }: OwnCertificate): Failure {
  if (failure.code !== 'TLS_CLIENT_REJECTED') return failure;
  const { subject, issuer, notAfter } = certificate;
  const message = `${failure.message.replace(/\.$/, '')} (${subject}, issuer=${issuer}, notAfter=${notAfter}).`;
  return new Failure(failure.kind, failure.code, message, {
    ...failure.facts,
    hint: [missingIssuerHint, failure.hint].filter(Boolean).join(' '),
    cause: failure.cause,
  });
}
