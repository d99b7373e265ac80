import type { WireResponse } from '../../connection/exchange.ts';
import { ownMembers } from '../../json.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { retryAfterMs } from '../answers/retry-after.ts';
import type { Scrub } from '../answers/scrub.ts';
import { statusFailure } from '../answers/status.ts';
import { keyFailure, keyUnusable } from './key-type.ts';
import type { TransitKey } from './paths.ts';

/** Longest quote of the service, in characters. */
const MAX_QUOTED = 200;

/** Subject of a request, and how to scrub the service's text. */
export interface Asked {
  readonly key: TransitKey;
  readonly scrub: Scrub;
}

/**
 * Tells whether an answer says that the token is unknown: expired, revoked or mistyped.
 *
 * OpenBao answers only `permission denied`, and newer versions of Vault add `invalid token`. A policy that forbids a
 * path answers with a longer text.
 */
export function isTokenRefused({ status, body }: WireResponse): boolean {
  const said = errorsIn(body).join(' ');
  return status === 403 && (said === 'permission denied' || /\b(?:invalid|bad) token\b/.test(said));
}

/** Builds the failure for an answer other than 200 to a signing request or a request about the key. */
export function signFailure(response: WireResponse, { key, scrub }: Asked): Failure {
  const { status } = response;
  const said = quote(errorsIn(response.body).join('; '), scrub);
  const what = `The service answered ${status}${said && `: “${said}”`}`;
  const wrong = keyUnusable(said, key);
  if (wrong) return wrong;
  // An unknown key leads to 400 with a text when signing, and to 404 without a text when reading the key.
  const isUnknown =
    status === 400 ? /key not found/.test(said) : status === 404 && !said && response.body.includes('"errors"');
  if (isUnknown)
    return keyFailure(
      `There is no key “${key.name}” at ${key.mount}. ${what}.`,
      'Check the inputs signing-key and mount; names are case-sensitive, and a namespace comes before the mount.',
    );
  if (status === 403) return denied(response, { key, scrub }, what);
  if (status === 404 && said !== '')
    return new Failure('config', 'NOT_FOUND', `No transit engine is mounted at ${key.mount}. ${what}.`, {
      hint: 'Check the input mount (with its namespace in front, as in team/transit) and server-url, which ends before /v1.',
    });
  return sealedOrOther(response, scrub);
}

/** Builds the failure for the error of an item in a batch. */
export function itemFailure(error: string, { key, scrub }: Asked): Failure {
  const said = quote(error, scrub);
  const wrong = keyUnusable(said, key);
  if (wrong) return wrong;
  return new Failure('file', 'REQUEST_REFUSED', `The service refused this file: “${said}”.`, {
    hint: 'Show this answer to the operators of the service.',
    endsRun: 'first-four-files',
  });
}

function denied(response: WireResponse, { key: { mount, name }, scrub }: Asked, what: string): Failure {
  if (isTokenRefused(response))
    return loginRefused(
      'The service does not know the token: it has expired, was revoked, has no uses left, is bound to other addresses or is mistyped.',
      'Give a token that lives longer than the run, or let the action log in: login: cert or login: oidc.',
    );
  const request = response.request === undefined ? 'the request' : scrub(response.request, MAX_QUOTED);
  const message = `The login worked, but its policy does not permit ${request}. ${what}.`;
  return new Failure('config', 'PERMISSION_DENIED', message, {
    // The key is read before anything is signed with it, so that another request shows that it exists.
    hint: `${request.startsWith('GET') ? MISTYPED : 'Ask'} the operators of the service for a policy with path "${mount}/sign/${name}/*" { capabilities = ["update"] } and path "${mount}/keys/${name}" { capabilities = ["read"] }.`,
  });
}

const MISTYPED =
  'Check mount and signing-key for typing errors first: what does not exist is refused in the same way. If both are right, ask';

/** What is needed to explain the answer to a login. */
export interface LoginFacts {
  readonly method: 'cert' | 'oidc';
  readonly scrub: Scrub;
  /** The input role; `undefined` when it is empty. */
  readonly role?: string | undefined;
  /** Whether the server asked for a client certificate in its handshake; `undefined` when unknown. */
  readonly asksForCertificate?: boolean | undefined;
}

const certHint = (role: string | undefined): string =>
  `${role === undefined ? 'No role of the cert login trusts the issuer of this certificate and allows its name' : 'The role in the input role does not trust the issuer of this certificate, or does not allow its name'}; or cert lacks an intermediate certificate: ask the operators of the service to compare role and certificate.`;
const OIDC_HINT =
  'Check the inputs role and oidc-audience, the latter against bound_audiences of the role, and its bound claims against repository, ref and workflow of this run.';

const NO_MOUNT =
  'Check login: this auth mount does not exist or is of another kind; to use another one, write it as in oidc@auth/github.';

/** Statuses 4xx that are not about the login itself: a proxy, a limit, or a node that is not ready. */
const NOT_OF_LOGIN: readonly number[] = [407, 408, 412, 421, 425, 429, 472, 473];
/**
 * Statuses of a node that cannot serve requests now, while another node may: its copy of the data is behind (412), or it is
 * a standby for disaster recovery (472) or for load (473).
 */
const NOT_READY: readonly number[] = [412, 472, 473];

/** Builds the failure for a refused login; an expired certificate leads to 500, which no repeat changes. */
export function loginFailure(response: WireResponse, facts: LoginFacts): Failure {
  const { scrub } = facts;
  const { status } = response;
  const said = errorsIn(response.body).join('; ');
  const ofLogin = status >= 400 && status < 500 && !NOT_OF_LOGIN.includes(status);
  if (!ofLogin && !(status === 500 && /x509:|certificate/.test(said))) return sealedOrOther(response, scrub);
  const detail = quote(said, scrub);
  return loginRefused(
    `The service refused the login: it answered ${status}${detail && `: “${detail}”`}.`,
    status === 404 || status === 405 ? NO_MOUNT : loginHint(said, facts),
  );
}

function loginHint(said: string, { method, role, asksForCertificate }: LoginFacts): string {
  if (method === 'oidc') return OIDC_HINT;
  if (!/no client certificate/.test(said)) return certHint(role);
  return asksForCertificate === false ? NO_CERTIFICATE : certHint(role) + TLS_ENDS;
}

const NO_CERTIFICATE =
  'The server did not ask for a client certificate in the handshake, so the service got none: a balancer or gateway in front of the service ends TLS. Its operators must let TLS through to the service; or server-url must lead to a port where the service itself ends TLS.';
const TLS_ENDS =
  ' If the role fits, a balancer or gateway in front of the service ends TLS and keeps the certificate to itself: its operators must let TLS through.';

/** Builds the failure for a wrapping token, which signing would use up. */
export function wrappingToken(createdAt: string): Failure {
  const made = createdAt && ` (made at ${createdAt})`;
  return loginRefused(
    `The token is a wrapping token${made}: it can only be unwrapped, once.`,
    'Unwrap it in an earlier step, as with bao unwrap, and give the token that is inside; or let the action log in: login: cert or login: oidc.',
  );
}

/** Builds the failure for a valid login that a person has to confirm. */
export function secondFactorWanted(): Failure {
  return loginRefused(
    'The login wants a second factor, which a run cannot give.',
    'Use a role, or another auth mount, for which the service enforces no MFA.',
  );
}

function loginRefused(message: string, hint: string): Failure {
  return new Failure('config', 'LOGIN_REFUSED', message, { hint });
}

function sealedOrOther(response: WireResponse, scrub: Scrub): Failure {
  const { status, headers, body } = response;
  const asked = { retryAfterMs: retryAfterMs(status, headers) };
  if (status === 503 && errorsIn(body).some((each) => /sealed/i.test(each))) {
    const hint =
      'It stays sealed until somebody unseals it, so waiting does not help: ask its operators to unseal it, then run this job again.';
    const message = 'The service answered 503: it is sealed.';
    return new Failure('service', 'SERVICE_SEALED', message, { ...asked, hint, throttled: true });
  }
  if (NOT_READY.includes(status)) {
    const hint =
      'server-url must lead to active nodes only; a node that still copies data from the others is ready again after a moment.';
    const message = `The service answered ${status}: this node cannot serve requests now.`;
    return new Failure('service', 'UNAVAILABLE', message, { ...asked, hint });
  }
  return statusFailure(response, { scrub, credentials: 'the inputs login and role', address: 'server-url and mount' });
}

/** Builds the failure for an unusable answer with status 200. */
export function unusable(message: string, cause?: unknown): Failure {
  return new Failure('request', 'RESP_BAD_SIGNATURE', message, {
    hint: 'Check that server-url (host and port) leads to OpenBao or Vault, and not to a health check or another application.',
    cause,
    maxAttempts: 3,
  });
}

/** Returns the texts in `errors` of an answer; empty without any, or for an answer of another API. */
function errorsIn(body: Buffer): readonly string[] {
  try {
    const { errors } = ownMembers(JSON.parse(body.toString('utf8', 0, 64 * 1024)));
    return Array.isArray(errors) ? errors.map((each) => String(each).replace(/\s+/g, ' ').trim()) : [];
  } catch {
    return [];
  }
}

/** Scrubs and shortens a text of the service: secrets are removed first, because a cut could hide a part of one. */
function quote(text: string, scrub: Scrub): string {
  return scrub(text.replace(/\b\d+ errors? occurred: \* /g, ''), MAX_QUOTED).replace(/[.\s]+$/, '');
}
