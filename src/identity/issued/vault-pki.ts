import { pathOnServer, type WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import type { ProtocolWorld } from '../../protocols/protocol.ts';
import { isSendable } from '../../protocols/vault/answers.ts';
import { vaultRequest } from '../../protocols/vault/login.ts';
import { LentTokens, type Token } from '../../protocols/vault/session.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { type Asking, type Authority, LIFE_S, readMember, textsIn, type VaultPkiSettings } from './authority.ts';
import { noCertificate, vaultLoginFailure, vaultSignFailure } from './refusals.ts';

/** Longest list of policies that is shown, in characters. */
const MAX_POLICIES = 300;

/** The pki engine of OpenBao or Vault, used by a job through its jwt login. */
export class VaultPki implements Authority {
  readonly #settings: VaultPkiSettings;
  readonly #world: Pick<ProtocolWorld, 'mask' | 'scrub' | 'now'>;
  readonly #transport: Transport;
  /** Login tokens by certificate: a retry reuses the token, and the next certificate gets a new one. */
  readonly #tokens = new WeakMap<Asking, string>();
  readonly #lent = new LentTokens();

  constructor(settings: VaultPkiSettings, world: Pick<ProtocolWorld, 'mask' | 'scrub' | 'now'>, transport: Transport) {
    this.#settings = settings;
    this.#world = world;
    this.#transport = transport;
  }

  async issue(asking: Asking): Promise<string> {
    const { url } = this.#settings;
    const known = this.#tokens.get(asking);
    let response = await this.#sign(asking, known ?? (await this.#logIn(asking)));
    // The token of an earlier request may have expired or been revoked, so this 403 says nothing about the policies.
    if (response.status === 403 && known !== undefined) response = await this.#sign(asking, await this.#logIn(asking));
    if (response.status !== 200) throw vaultSignFailure(response, this.#settings, this.#asked(asking));
    const certificates = ['data.certificate', 'data.ca_chain', 'data.issuing_ca'].flatMap((each) =>
      textsIn(readMember(response, each)),
    );
    if (certificates.length > 0) return certificates.join('\n');
    throw noCertificate(url.origin, 'is missing in its answer', 'Check that certificate-url leads to a pki engine.');
  }

  /** Revokes all tokens; only at the end, because with generate_lease this also revokes the certificate. */
  async close(signal: AbortSignal): Promise<void> {
    const path = this.#path(`${this.#settings.login.namespace}auth/token/revoke-self`);
    await this.#lent.giveBack(
      ({ value: token }) => this.#transport.post(vaultRequest('POST', path, { json: {}, token }), signal),
      signal,
    );
  }

  async #sign(asking: Asking, token: string): Promise<WireResponse> {
    const { mount, pkiRole } = this.#settings;
    const wish = { csr: (await asking.request()).pem, ttl: `${LIFE_S}s`, format: 'pem' };
    const path = this.#path(`${mount}/sign/${pkiRole}`);
    return asking.post(vaultRequest('POST', path, { json: wish, token }));
  }

  async #logIn(asking: Asking): Promise<string> {
    const { login, loginRole } = this.#settings;
    const { text: jwt } = await asking.drawToken();
    const path = this.#path(`${login.path}/login`);
    const request = vaultRequest('POST', path, { json: { role: loginRole, jwt } });
    // The end of the run does not abort the login, because an unseen token would stay valid for its whole lease.
    const answered = asking.post(request, 'until answered').then((response) => this.#readLogin(asking, response));
    const { value: token } = await orAborted(this.#lent.take(answered), asking.signal);
    this.#tokens.set(asking, token);
    return token;
  }

  #readLogin(asking: Asking, response: WireResponse): Pick<Token, 'value' | 'isRevocable'> {
    const { login, loginRole } = this.#settings;
    const token = response.status === 200 ? readMember(response, 'auth.client_token') : undefined;
    if (typeof token !== 'string' || !isSendable(token))
      throw vaultLoginFailure(response, this.#settings, this.#asked(asking));
    this.#world.mask(token);
    const policies = this.#world.scrub(textsIn(readMember(response, 'auth.policies')).join(', '), MAX_POLICIES);
    asking.note({
      check: 'login',
      what: `${login.path} took the token for the role ${loginRole}; policies: ${policies}`,
    });
    return { value: token, isRevocable: readMember(response, 'auth.token_type') !== 'batch' };
  }

  #asked({ claims }: Asking): Parameters<typeof vaultSignFailure>[2] {
    const { scrub, now } = this.#world;
    return { origin: this.#settings.url.origin, claims, scrub, now };
  }

  #path(path: string): string {
    return pathOnServer(this.#settings.url, `/v1/${path}`);
  }
}
