import { ownMembers, parseJson } from '../../json.ts';

/** Claims of an OIDC token; the token's signature has not been checked. */
export type Claims = Readonly<Record<string, unknown>>;

/** Identity of the job, according to the OIDC token for which the certificate was issued. */
export interface JobIdentity {
  readonly issuer: string;
  readonly repository?: string | undefined;
  readonly ref?: string | undefined;
  readonly sha?: string | undefined;
  readonly jobWorkflowRef?: string | undefined;
  readonly runId?: string | undefined;
}

/** Longest claim value that is shown or written, in characters. */
const MAX_CLAIM = 300;

/** Reads the claims of a token; empty when the text is not a JSON Web Token. */
export function readClaims(token: string): Claims {
  return ownMembers(parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
}

/** Returns the job's identity for the receipt. */
export function jobOf(claims: Claims): JobIdentity {
  const text = (name: string): string | undefined => claimText(claims, name);
  return {
    issuer: text('iss') ?? '',
    repository: text('repository'),
    ref: text('ref'),
    sha: text('sha'),
    jobWorkflowRef: text('job_workflow_ref'),
    runId: text('run_id'),
  };
}

/** Lists the claims that an authority checks, so that a reader can compare them with the expected values. */
export function describeClaims(claims: Claims, names: readonly string[]): string {
  const shown = names.flatMap((name) => {
    const value = name === 'exp' ? expiryOf(claims) : claimText(claims, name);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  return shown.length === 0 ? 'no claims that can be read' : shown.join(', ');
}

/** Returns the common name for a certificate request: the repository, or its number if the name is too long. */
export function nameOf(claims: Claims): string {
  const repository = claimText(claims, 'repository');
  // X.520 limits a common name to 64 characters.
  if (repository && repository.length <= 64) return repository;
  const id = claimText(claims, 'repository_id');
  return id === undefined ? 'mtls-release-signing' : `repository-${id.slice(0, 32)}`;
}

function claimText(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  const text = Array.isArray(value) ? value.join(' ') : value;
  return typeof text === 'string' || typeof text === 'number' ? String(text).slice(0, MAX_CLAIM) : undefined;
}

function expiryOf({ exp }: Claims): string | undefined {
  return typeof exp === 'number' && Math.abs(exp) < 8e12 ? new Date(exp * 1000).toISOString() : undefined;
}
