import type { Transport } from '../../connection/transport.ts';
import type { Scrub } from '../answers/scrub.ts';
import { readLogin, readWrapping } from './answers.ts';
import type { LoginMount } from './paths.ts';
import { wrappingToken } from './refusals.ts';
import { Session, type Token } from './session.ts';

/** How a run gets its token. */
export type Login =
  | { readonly method: 'cert'; readonly mount: LoginMount; readonly role: string | undefined }
  | {
      readonly method: 'oidc';
      readonly mount: LoginMount;
      readonly role: string;
      /** Draws a new OIDC token of the job; tokens are short-lived, so none is kept. */
      readonly drawToken: () => Promise<string>;
    }
  | { readonly method: 'token'; readonly token: string };

/** Where a session logs in, and who is told about its tokens. */
export interface LoginOptions {
  readonly base: string;
  readonly login: Login;
  /** Called with each token before it is used, so that no log shows it. */
  readonly mask: (token: string) => void;
  readonly scrub: Scrub;
  readonly now: () => number;
}

/** Headers of every request: agents and proxies of Vault may refuse requests without it, so that no browser can be made to send one. */
export const REQUEST_HEADERS: readonly string[] = ['X-Vault-Request', 'true'];

/** Opens a session; the first request that needs a token logs in. */
export function openSession(transport: Transport, options: LoginOptions): Session {
  const { base, login, scrub, now } = options;
  if (login.method === 'token') {
    const given: Token = { value: login.token, leaseMs: Number.POSITIVE_INFINITY, isRevocable: false };
    const check = (signal: AbortSignal) => refuseWrapping(transport, { base, scrub, token: login.token, signal });
    return new Session({ login: (signal) => check(signal).then(() => given), revoke: async () => {}, now });
  }
  const { mount } = login;
  return new Session({
    now,
    async login(signal) {
      const token = await logIn(transport, { base, login, scrub, signal });
      options.mask(token.value);
      return token;
    },
    async revoke({ value }, signal) {
      const path = `${base}/${mount.namespace}auth/token/revoke-self`;
      const headers = [...REQUEST_HEADERS, 'X-Vault-Token', value, 'Content-Length', '0'];
      await transport.post({ method: 'POST', path, headers, body: new Uint8Array() }, signal);
    },
  });
}

/**
 * Refuses a token that only holds another one, and leaves it whole: any other request would use it up, and be answered as if
 * a policy were missing. The question needs no rights; whatever else is answered, the first use of the token tells more.
 */
async function refuseWrapping(
  transport: Transport,
  { base, scrub, token, signal }: Pick<LoginOptions, 'base' | 'scrub'> & { token: string; signal: AbortSignal },
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ token }));
  const headers = [...REQUEST_HEADERS, 'Content-Type', 'application/json', 'Content-Length', String(body.length)];
  const asked = { method: 'POST', path: `${base}/sys/wrapping/lookup`, headers, body } as const;
  const createdAt = readWrapping(await transport.post(asked, signal));
  if (createdAt !== undefined) throw wrappingToken(scrub(createdAt, 100));
}

type Account = Exclude<Login, { readonly method: 'token' }>;

interface Attempt extends Pick<LoginOptions, 'base' | 'scrub'> {
  readonly login: Account;
  readonly signal: AbortSignal;
}

async function logIn(transport: Transport, { base, login, scrub, signal }: Attempt): Promise<Token> {
  const { method, mount } = login;
  const account =
    method === 'cert' ? (login.role === undefined ? {} : { name: login.role }) : await credentialsOf(login);
  const body = Buffer.from(JSON.stringify(account));
  const headers = [...REQUEST_HEADERS, 'Content-Type', 'application/json', 'Content-Length', String(body.length)];
  const path = `${base}/${mount.path}/login`;
  return readLogin(await transport.post({ method: 'POST', path, headers, body }, signal), method, scrub);
}

async function credentialsOf({ role, drawToken }: Extract<Login, { readonly method: 'oidc' }>): Promise<object> {
  return { role, jwt: await drawToken() };
}
