import type { CertificateFacts } from '../../identity/material/certificate.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Signer } from '../../signing/signer.ts';

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

/** Makes a signer say which certificate was refused. */
export function explainRefusals(signer: Signer, own: OwnCertificate): Signer {
  return {
    async sign(source, signal) {
      try {
        return await signer.sign(source, signal);
      } catch (error) {
        throw error instanceof Failure ? explainRefusal(error, own) : error;
      }
    },
  };
}
