/** Claims of an OIDC token, as its middle part says; nobody has checked the token's signature here. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who the job is, as the OIDC token says that the certificate was issued for. */
export interface JobIdentity {
  readonly issuer: string;
  readonly repository?: string | undefined;
  readonly ref?: string | undefined;
  readonly sha?: string | undefined;
  readonly jobWorkflowRef?: string | undefined;
  readonly runId?: string | undefined;
}

/** Longest value of a claim that is shown or written, in characters. */
const MAX_CLAIM = 300;

/** Reads the claims of a token; none when the text is no JSON Web Token. */
export function readClaims(token: string): Claims {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? { ...claims } : {};
  } catch {
    return {};
  }
}

/** Returns what the receipt tells about the job. */
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

/** Lists claims that an authority judges by, for a person who compares them with what the authority expects. */
export function describeClaims(claims: Claims, names: readonly string[]): string {
  const shown = names.flatMap((name) => {
    const value = name === 'exp' ? expiryOf(claims) : claimText(claims, name);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  return shown.length === 0 ? 'no claims that can be read' : shown.join(', ');
}

/** Returns the name that a certificate request bears: the repository's, or its number when the name is too long for a certificate. */
export function nameOf(claims: Claims): string {
  const repository = claimText(claims, 'repository');
  // X.520 allows 64 characters of a common name.
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
