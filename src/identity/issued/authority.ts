import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import { ownMembers, parseJson } from '../../json.ts';
import type { LoginMount } from '../../protocols/vault/paths.ts';
import type { AnchorsInput } from '../material/anchors.ts';
import type { CertificateRequest } from './certificate-request.ts';
import type { Claims } from './id-token.ts';

/** Settings of every authority that issues certificates for OIDC tokens. */
interface CommonSettings {
  /** The https URL under which the API of the authority begins. */
  readonly url: URL;
  /** Audience of the OIDC token. */
  readonly audience: string;
  /** PEM of the trust anchors for the authority's server, and the input that holds it. */
  readonly chain: string;
  readonly chainInput: AnchorsInput;
}

/** A pki engine of OpenBao or Vault, with a jwt login. */
export interface VaultPkiSettings extends CommonSettings {
  readonly from: 'vault';
  /** Path of the pki engine, with its namespace in front if there is one. */
  readonly mount: string;
  readonly login: LoginMount;
  readonly loginRole: string;
  readonly pkiRole: string;
}

/** A step-ca with an OIDC provisioner. */
export interface StepCaSettings extends CommonSettings {
  readonly from: 'step-ca';
}

/** Settings of the authority that issues the client certificate of a run. */
export type AuthoritySettings = VaultPkiSettings | StepCaSettings;

/** A step that succeeded on the way to a certificate, for the log. */
export interface Step {
  readonly check: 'OIDC token' | 'token claims' | 'login' | 'certificate';
  readonly what: string;
}

/** What an authority needs while it issues one certificate. */
export interface Asking {
  /** Aborts when the certificate is no longer needed. */
  readonly signal: AbortSignal;
  /**
   * Sends a request; throws when the authority fails temporarily, or at the limit of requests or time. With 'until answered'
   * the signal does not abort it, because a token in the answer must be revoked.
   */
  post(request: WireRequest, lasts?: 'until answered'): Promise<WireResponse>;
  /** Requests a new OIDC token of the job. */
  drawToken(): Promise<{ readonly text: string; readonly claims: Claims }>;
  /** Claims of the newest token; empty before the first one. */
  readonly claims: Claims;
  /** Makes the certificate request, once. */
  request(): Promise<CertificateRequest>;
  note(step: Step): void;
}

/** Issues certificates to jobs that show an OIDC token. */
export interface Authority {
  /** Returns the certificate and its issuers as PEM; throws a `Failure` whose kind tells whether to retry. */
  issue(asking: Asking): Promise<string>;
  /** Revokes the tokens that the authority gave, until the signal aborts; never rejects. */
  close(signal: AbortSignal): Promise<void>;
}

/** Requested lifetime in seconds, so that a leaked certificate is usable for minutes only. */
export const LIFE_S = 15 * 60;

/** Returns a member of an answer's JSON, such as `data.certificate`; `undefined` if there is none, or no JSON. */
export function readMember({ body }: WireResponse, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => ownMembers(value)[name], parseJson(body.toString()));
}

/** Returns the strings of a list, or a single string as a list; empty for anything else. */
export function textsIn(value: unknown): readonly string[] {
  return [value].flat().filter((each): each is string => typeof each === 'string' && each !== '');
}
