import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { LoginMount } from '../../protocols/vault/paths.ts';
import type { AnchorsInput } from '../material/anchors.ts';
import type { Claims } from './id-token.ts';

/** What all authorities that issue certificates for OIDC tokens have in common. */
interface CommonSettings {
  /** An https URL; its path ends where that of the authority's API begins. */
  readonly url: URL;
  /** Audience of the OIDC token. */
  readonly audience: string;
  /** PEM of what the authority's server must chain to, and the input that it comes from. */
  readonly chain: string;
  readonly chainInput: AnchorsInput;
}

/** A pki engine of OpenBao or Vault, behind its jwt login. */
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

/** Where the client certificate of a run comes from when it is issued for this run. */
export type AuthoritySettings = VaultPkiSettings | StepCaSettings;

/** One step on the way to a certificate, for a person who reads what worked. */
export interface Step {
  readonly check: 'OIDC token' | 'token claims' | 'login' | 'certificate';
  readonly what: string;
}

/** What an authority uses while it is asked for one certificate. */
export interface Asking {
  /** Aborts when nobody wants the certificate any more. */
  readonly signal: AbortSignal;
  /**
   * Sends a request to the authority; throws when the authority is in trouble, or the requests or the time for one certificate are used up.
   *
   * What the answer lends must be given back: such a request goes on until it is answered, also when the signal aborts.
   */
  post(request: WireRequest, lasts?: 'until answered'): Promise<WireResponse>;
  /** Draws a new OIDC token of the job. */
  drawToken(): Promise<{ readonly text: string; readonly claims: Claims }>;
  /** Claims of the newest token; none before the first one. */
  readonly claims: Claims;
  /** Makes the certificate request, once. */
  createRequest(): Promise<string>;
  note(step: Step): void;
}

/** Issues certificates to jobs that show an OIDC token. */
export interface Authority {
  /** Returns PEM with the certificate and its issuers; throws a `Failure`, whose kind tells whether a repeat is worth it. */
  issue(asking: Asking): Promise<string>;
  /** Gives back what the authority lent, until the signal says that it is enough; never rejects. */
  close(signal: AbortSignal): Promise<void>;
}

/** Longest life that is asked for, in seconds: a certificate that leaks is of use for minutes. */
export const LIFE_S = 15 * 60;

/** Returns a member of an answer's JSON, such as `data.certificate`; `undefined` when there is none, or no JSON. */
export function readMember({ body }: WireResponse, path: string): unknown {
  try {
    const json: unknown = JSON.parse(body.toString());
    return path.split('.').reduce<unknown>((value, name) => ownMember(value, name), json);
  } catch {
    return undefined;
  }
}

function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** Returns the texts of a list, and a single text as a list of one; none for anything else. */
export function textsIn(value: unknown): readonly string[] {
  return [value].flat().filter((each): each is string => typeof each === 'string' && each !== '');
}
