import { type Identity, refusalHint } from '../../identity/identity.ts';
import type { Failure } from '../../signing/policy/failure.ts';
import { isOfOtherServer } from './environments.ts';

/** Facts that may explain why a server refuses our certificate. */
export interface OwnCertificate {
  readonly identity: Identity;
  /** URL of the service. */
  readonly server: URL;
  /** Signature algorithms for client certificates that the server takes, as Node names them; empty when unknown. */
  readonly taken: readonly string[];
  readonly now: Date;
}

/** Codes of refusals that a certificate or account of another environment, or a certificate that was not sent, can cause. */
const REFUSALS: readonly string[] = ['TLS_CLIENT_REJECTED', 'UNAUTHORIZED', 'FORBIDDEN', 'LOGIN_REFUSED'];

/** Adds our certificate to a refusal that concerns it, or may; other failures are returned unchanged. */
export function explainRefusal(refused: Failure, { identity, server, taken, now }: OwnCertificate): Failure {
  if (!REFUSALS.includes(refused.code)) return withCertificate(refused, identity);
  const { subject, issuer, notAfter } = identity.certificate;
  const isTls = refused.code === 'TLS_CLIENT_REJECTED';
  const unsent = whyUnsent(identity, taken);
  if (unsent !== undefined && isTls) return withCertificate(refused.with({ hint: unsent }), identity);
  const isOver = isTls && refused.message.includes('alert certificate expired') && new Date(notAfter) < now;
  const other = `The client certificate is ${subject}, issuer ${issuer}, and server-url is ${server.origin}: check first that both are of the same environment.`;
  const hints = [
    unsent,
    isOfOtherServer(`${subject} ${issuer}`, server) ? other : undefined,
    isTls ? refusalHint(identity) : undefined,
    isOver ? 'Store a new certificate in cert, and its key in key.' : refused.hint,
  ];
  return withCertificate(refused.with({ hint: hints.filter(Boolean).join(' ') }), identity);
}

function withCertificate(failure: Failure, { certificate: { subject, issuer, notAfter } }: Identity): Failure {
  if (failure.facts.mayConcernCertificate) {
    const shown = `The client certificate was ${subject}, issuer ${issuer}.`;
    return failure.with({ hint: [failure.hint, shown].filter(Boolean).join(' ') });
  }
  if (failure.code !== 'TLS_CLIENT_REJECTED') return failure;
  const message = `${failure.message.replace(/\.$/, '')} (${subject}, issuer=${issuer}, notAfter=${notAfter}).`;
  return failure.with({ message });
}

const KINDS: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  'rsa-pss': 'RSA',
  ec: 'EC',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
};

/** Returns the kinds of keys that make signatures with these algorithms, such as RSA for `RSA-PSS+SHA256`. */
export function kindsOf(algorithms: readonly string[]): ReadonlySet<string> {
  return new Set(algorithms.map((name) => (/^(?:RSA|ECDSA)/.exec(name)?.[0] ?? name).replace('ECDSA', 'EC')));
}

/** Returns why TLS did not send the certificate, when the server takes no signature of its key; otherwise `undefined`. */
function whyUnsent({ certificates: [leaf] }: Identity, taken: readonly string[]): string | undefined {
  const kinds = kindsOf(taken);
  const own = KINDS[leaf?.publicKey.asymmetricKeyType ?? ''];
  if (own === undefined || kinds.size === 0 || kinds.has(own)) return undefined;
  return `The server takes client certificates with ${[...kinds].join(', ')} keys only, and the certificate in cert has an ${own} key: so the certificate was not sent. Ask the operators of the service to allow ${own} keys for client certificates, or store a certificate with another kind of key in cert, and its key in key.`;
}
