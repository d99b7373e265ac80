import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Claims of a job's token; GitHub sends all numbers except times as text. */
export type Claims = Readonly<Record<string, string | number>>;

interface TokenServiceOptions {
  /** Claims that replace or extend those for the push of a tag. */
  readonly claims?: Claims;
  /** Port; a free one when absent. */
  readonly port?: number;
  /** Status of each answer; 200 when absent. */
  readonly status?: () => number;
}

/** A stand-in for GitHub's OIDC token service on loopback, with its own key. */
export interface TokenService {
  readonly issuer: string;
  /** The public key as PEM, for services that take keys instead of a URL. */
  readonly publicKey: string;
  /** Environment variables of a job with `id-token: write`. */
  readonly env: Readonly<Record<string, string>>;
  /** Requested audiences, in order. */
  readonly audiences: readonly string[];
  close(): Promise<void>;
}

const KEY_ID = 'local-1';

/** Starts a token service, which also serves its discovery document and its JWKS. */
export async function startTokenService(options: TokenServiceOptions = {}): Promise<TokenService> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const requestToken = randomUUID();
  const audiences: string[] = [];
  const server = createServer((request, response) => {
    const [status, value] = answer(new URL(request.url ?? '', issuer), request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

  function answer(url: URL, authorization: string | undefined): readonly [status: number, value: object] {
    if (url.pathname === '/.well-known/openid-configuration')
      return [200, { issuer, jwks_uri: `${issuer}/.well-known/jwks` }];
    if (url.pathname === '/.well-known/jwks')
      return [200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }] }];
    if (authorization !== `Bearer ${requestToken}`) return [401, { message: 'no such job' }];
    const audience = url.searchParams.get('audience') ?? 'https://github.com/acme';
    audiences.push(audience);
    const status = options.status?.() ?? 200;
    if (status !== 200) return [status, { message: 'as scripted' }];
    const claims = claimsOf(issuer, audience, options);
    const text = [{ alg: 'RS256', kid: KEY_ID, typ: 'JWT' }, claims].map(encode).join('.');
    return [200, { value: `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}` }];
  }

  return {
    issuer,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    audiences,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function claimsOf(issuer: string, audience: string, { claims }: TokenServiceOptions): Claims {
  const now = Math.floor(Date.now() / 1000);
  const workflow = 'acme/app/.github/workflows/release.yml@refs/tags/v1.0.0';
  return {
    iss: issuer,
    aud: audience,
    sub: 'repo:acme/app:ref:refs/tags/v1.0.0',
    jti: randomUUID(),
    iat: now,
    nbf: now - 300,
    exp: now + 300,
    repository: 'acme/app',
    repository_id: '74',
    repository_owner: 'acme',
    repository_owner_id: '65',
    repository_visibility: 'private',
    ref: 'refs/tags/v1.0.0',
    ref_type: 'tag',
    ref_protected: 'true',
    sha: '0123456789abcdef0123456789abcdef01234567',
    event_name: 'push',
    actor: 'mona',
    actor_id: '12',
    workflow_ref: workflow,
    job_workflow_ref: workflow,
    run_id: '1',
    run_number: '1',
    run_attempt: '1',
    runner_environment: 'github-hosted',
    ...claims,
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
