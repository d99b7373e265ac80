import type { WireResponse } from '../../connection/exchange.ts';
import { retryAfterMs } from '../../protocols/answers/retry-after.ts';
import type { Scrub } from '../../protocols/answers/scrub.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { readMember, textsIn, type VaultPkiSettings } from './authority.ts';
import { type Claims, describeClaims } from './id-token.ts';

/** Longest quote of an authority, in characters. */
const MAX_QUOTED = 200;

/** What is needed, besides the answer itself, to explain an authority's answer. */
interface AskedAuthority {
  /** Origin of the authority. */
  readonly origin: string;
  /** Claims of the token that was sent. */
  readonly claims: Claims;
  readonly scrub: Scrub;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Builds the failure for a jwt login at OpenBao or Vault that gave no token. */
export function vaultLoginFailure(response: WireResponse, settings: VaultPkiSettings, asked: AskedAuthority): Failure {
  const { status } = response;
  const { login, loginRole } = settings;
  if (status === 200)
    return new Failure(
      'config',
      'LOGIN_REFUSED',
      `The authority ${asked.origin} answered 200 to the login at ${login.path}, but its answer holds no usable token.`,
      { hint: 'Check that certificate-url leads to OpenBao or Vault and not to another service.' },
    );
  const said = quote(response, asked);
  const sentence = `The authority ${asked.origin} refused the login at ${login.path}: it answered ${status}${said && `: ${said}`}.`;
  if (status === 404 || /no handler|unsupported path|route entry/.test(said))
    return new Failure('config', 'LOGIN_REFUSED', sentence, {
      hint: `The authority has no login at ${login.path}. Check certificate-url, and name another mount after the role, as in certificate-role: ${loginRole}@team/auth/github/pki-role.`,
    });
  // Some messages about a claim also mention the role; those are about the token.
  const isAboutRole = /\brole\b/.test(said) && !/claim|audience|subject/.test(said);
  if (isAboutRole || said === 'permission denied')
    return new Failure('config', 'LOGIN_REFUSED', sentence, {
      hint: `Check the login role “${loginRole}” in certificate-role: names are case-sensitive, and ${login.path} must hold it.`,
    });
  return new Failure('config', 'ID_TOKEN_REFUSED', `${sentence} ${sentToken(asked)}`, { hint: tokenHint(said) });
}

const TOKEN_HINTS: readonly (readonly [RegExp, string])[] = [
  [/audience/, 'Set oidc-audience to a value that bound_audiences of the role lists, or add the audience there.'],
  [
    /issuer|known key|signature/,
    'The jwt login of the authority must trust the issuer of the token: check oidc_discovery_url and bound_issuer.',
  ],
  [/expir|not before|nbf|iat|before/, 'Compare the clocks of the runner and of the authority.'],
];

function tokenHint(said: string): string {
  const known = TOKEN_HINTS.find(([pattern]) => pattern.test(said));
  return (
    known?.[1] ??
    'Compare bound_claims, bound_subject and bound_audiences of the role with the claims above: the role is bound to another repository, ref or workflow.'
  );
}

/** Builds the failure for an answer other than 200 to a certificate request at OpenBao or Vault. */
export function vaultSignFailure(response: WireResponse, settings: VaultPkiSettings, asked: AskedAuthority): Failure {
  const { mount, pkiRole } = settings;
  const hints: Readonly<Record<number, string>> = {
    403: `The policies of the login role must allow this: path "${mount}/sign/${pkiRole}" { capabilities = ["update"] }. A mistyped mount or role is refused in the same way.`,
    404: 'Check certificate-url: its path is the mount of the pki engine, as in /v1/pki.',
  };
  const other = `Check the role “${pkiRole}” of the pki engine: it must allow keys of the type ec with 256 bits, client_flag, and the name of the request (allow_any_name with enforce_hostnames=false, or allowed_domains).`;
  return notIssued(response, asked, hints[response.status] ?? other);
}

/** Builds the failure for an answer other than 201 from a step-ca. */
export function stepFailure(response: WireResponse, asked: AskedAuthority): Failure {
  const { status } = response;
  if (status === 401) {
    // A step-ca writes the reason for refusing a token only to its own log.
    const sentence = `The authority ${asked.origin} refused the OIDC token: it answered 401. ${sentToken(asked)}`;
    return new Failure('config', 'ID_TOKEN_REFUSED', sentence, {
      hint: 'The log of the step-ca says why. Its OIDC provisioner must have the audience as clientID, and the issuer in configurationEndpoint; a wrong clock, another domain or admin rule refuses tokens as well.',
    });
  }
  const hint =
    status === 404 || status === 405
      ? 'Check certificate-url: it is the address of the step-ca, without a path.'
      : 'Check the template, the policy and the claims (maxTLSCertDuration) of the OIDC provisioner; its log says more.';
  return notIssued(response, asked, hint);
}

/** Builds the failure for a successful answer without a usable certificate. */
export function noCertificate(origin: string, what: string, hint: string, cause?: unknown): Failure {
  return new Failure('config', 'CERTIFICATE_NOT_ISSUED', `The certificate from the authority ${origin} ${what}.`, {
    hint,
    cause,
  });
}

function notIssued(response: WireResponse, asked: AskedAuthority, hint: string): Failure {
  return new Failure('config', 'CERTIFICATE_NOT_ISSUED', answered(response, asked), { hint });
}

/** Returns the failure for an answer that says that a later retry may succeed; `undefined` for any other answer. */
export function passingFailure(response: WireResponse, asked: AskedAuthority): Failure | undefined {
  const { status, headers } = response;
  if (status !== 429 && status !== 408 && status < 500) return undefined;
  return new Failure('service', 'CERTIFICATE_NOT_ISSUED', answered(response, asked), {
    hint: 'Run this job again when the authority works again; its operators can see why it did not answer.',
    retryAfterMs: retryAfterMs(status, headers),
  });
}

function answered(response: WireResponse, asked: AskedAuthority): string {
  const said = quote(response, asked);
  return `The authority ${asked.origin} issued no certificate: it answered ${response.status}${said && `: ${said}`}.`;
}

function sentToken({ claims, now }: AskedAuthority): string {
  const names = ['aud', 'iss', 'sub', 'repository', 'repository_id', 'ref', 'job_workflow_ref', 'environment', 'exp'];
  return `The token that was sent says: ${describeClaims(claims, names)}. The runner's clock says ${new Date(now()).toISOString()}.`;
}

/** Quotes the authority's message on one line; secrets are removed before the text is cut. */
function quote(response: WireResponse, { scrub }: AskedAuthority): string {
  const texts = [...textsIn(readMember(response, 'errors')), ...textsIn(readMember(response, 'message'))];
  const text = texts.map((each) => each.replace(/\s+/g, ' ').trim()).join('; ');
  return scrub(text, MAX_QUOTED).replace(/[.\s]+$/, '');
}
