import type { CertificateFacts } from '../../identity/material/certificate.ts';
import type { Failure } from '../../signing/policy/failure.ts';
import { hostWords, isOfOtherEnvironment } from './environments.ts';

/** Facts that may explain why a server refuses our certificate. */
export interface OwnCertificate {
  readonly certificate: CertificateFacts;
  /** A likely reason in the certificate itself; `undefined` when there is none. */
  readonly refusalHint: string | undefined;
  /** URL of the service. */
  readonly server: URL;
}

/** Codes of refusals that a certificate or account of another environment can cause. */
const REFUSALS: readonly string[] = ['TLS_CLIENT_REJECTED', 'UNAUTHORIZED', 'FORBIDDEN', 'LOGIN_REFUSED'];

/** Adds our certificate to a refusal that concerns it, or may; other failures are returned unchanged. */
export function explainRefusal(refused: Failure, { certificate, refusalHint, server }: OwnCertificate): Failure {
  const { subject, issuer, notAfter } = certificate;
  const isElsewhere =
    REFUSALS.includes(refused.code) && isOfOtherEnvironment(`${subject} ${issuer}`, hostWords(server));
  const other = `The client certificate is ${subject}, issuer ${issuer}, and server-url is ${server.origin}: check first that both are of the same environment.`;
  const failure = isElsewhere ? refused.with({ hint: [other, refused.hint].filter(Boolean).join(' ') }) : refused;
  if (failure.facts.mayConcernCertificate) {
    const shown = `The client certificate was ${subject}, issuer ${issuer}.`;
    return failure.with({ hint: [failure.hint, shown].filter(Boolean).join(' ') });
  }
  if (failure.code !== 'TLS_CLIENT_REJECTED') return failure;
  const message = `${failure.message.replace(/\.$/, '')} (${subject}, issuer=${issuer}, notAfter=${notAfter}).`;
  return failure.with({ message, hint: [refusalHint, failure.hint].filter(Boolean).join(' ') });
}
