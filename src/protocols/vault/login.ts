import type { WireRequest } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import type { ProtocolWorld } from '../protocol.ts';
import { readLogin, readWrapping } from './answers.ts';
import type { LoginMount } from './paths.ts';
import { wrappingToken } from './refusals.ts';
import { Session, type Token } from './session.ts';

/** How a run logs in, according to the inputs. */
export type Login =
  | { readonly method: 'cert'; readonly mount: LoginMount; readonly role: string | undefined }
  | { readonly method: 'oidc'; readonly mount: LoginMount; readonly role: string; readonly audience: string }
  | { readonly method: 'token'; readonly token: string };

/** The service of a session, the path of its API, and the login method. */
interface LoginOptions<Method extends Login = Login> {
  readonly transport: Transport;
  readonly base: string;
  readonly login: Method;
  readonly world: ProtocolWorld;
}

/** Content of a request; `json` becomes its body. */
interface Content {
  readonly json?: object;
  readonly token?: string;
}

/** Builds a request. Vault agents and proxies may require the first header, which a browser cannot be tricked into sending. */
export function vaultRequest(method: 'GET' | 'POST', path: string, { json, token }: Content): WireRequest {
  const body = json === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(json));
  const headers = ['X-Vault-Request', 'true'];
  if (json !== undefined) headers.push('Content-Type', 'application/json');
  if (method === 'POST') headers.push('Content-Length', String(body.length));
  if (token !== undefined) headers.push('X-Vault-Token', token);
  return { method, path, headers, body };
}

/** Opens a session; the first request that needs a token logs in. */
export function openSession({ transport, base, login, world }: LoginOptions): Session {
  const { elapsed: now, mask } = world;
  if (login.method === 'token') {
    const given: Token = { value: login.token, leaseMs: Number.POSITIVE_INFINITY, isRevocable: false };
    const check = (signal: AbortSignal) => refuseWrapping({ transport, base, login, world }, signal);
    return new Session({ login: (signal) => check(signal).then(() => given), revoke: async () => {}, now });
  }
  return new Session({
    now,
    async login(signal) {
      const token = await logIn({ transport, base, login, world }, signal);
      // Masked before its first use, so that no log shows it.
      mask(token.value);
      return token;
    },
    async revoke({ value: token }, signal) {
      const path = `${base}/${login.mount.namespace}auth/token/revoke-self`;
      await transport.post(vaultRequest('POST', path, { token }), signal);
    },
  });
}

/**
 * Refuses a wrapping token without using it up: any other request would consume it, with an answer as if a policy were
 * missing. The look-up needs no permission; any other problem shows at the first use of the token.
 */
async function refuseWrapping(
  { transport, base, login: { token }, world }: LoginOptions<Extract<Login, { method: 'token' }>>,
  signal: AbortSignal,
): Promise<void> {
  const asked = vaultRequest('POST', `${base}/sys/wrapping/lookup`, { json: { token } });
  const createdAt = readWrapping(await transport.post(asked, signal));
  if (createdAt !== undefined) throw wrappingToken(world.scrub(createdAt, 100));
}

async function logIn(
  { transport, base, login, world }: LoginOptions<Exclude<Login, { method: 'token' }>>,
  signal: AbortSignal,
): Promise<Token> {
  // Job tokens are short-lived, so none is kept. JSON omits a role that is `undefined`.
  const json =
    login.method === 'oidc' ? { role: login.role, jwt: await world.drawIdToken(login.audience) } : { name: login.role };
  const request = vaultRequest('POST', `${base}/${login.mount.path}/login`, { json });
  const response = await transport.post(request, signal);
  const asksForCertificate = transport.asksForCertificate();
  const { method, role } = login;
  return readLogin(response, { method, role, scrub: world.scrub, asksForCertificate });
}
