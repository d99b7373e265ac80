import type { ProtocolWorld } from '../../protocols/protocol.ts';
import { type Asking, type Authority, LIFE_S, readMember, type StepCaSettings, textsIn } from './authority.ts';
import { noCertificate, stepFailure } from './refusals.ts';

/** A step-ca with an OIDC provisioner; a token is good for one request, so each request has a new one. */
export class StepCa implements Authority {
  readonly #settings: StepCaSettings;
  readonly #world: Pick<ProtocolWorld, 'scrub' | 'now'>;
  /** False once the authority has said that its certificates live shorter: then it chooses. */
  #asksForLife = true;

  constructor(settings: StepCaSettings, world: Pick<ProtocolWorld, 'scrub' | 'now'>) {
    this.#settings = settings;
    this.#world = world;
  }

  async issue(asking: Asking): Promise<string> {
    const { url } = this.#settings;
    const { text: ott } = await asking.drawToken();
    const csr = await asking.createRequest();
    const wish = this.#asksForLife ? { csr, ott, notAfter: `${LIFE_S}s` } : { csr, ott };
    const body = Buffer.from(JSON.stringify(wish));
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
    const path = `${url.pathname.replace(/\/+$/, '')}/1.0/sign`;
    const response = await asking.post({ method: 'POST', path, headers, body });
    if (response.status === 201) {
      const chain = textsIn(readMember(response, 'certChain'));
      const certificates =
        chain.length > 0 ? chain : ['crt', 'ca'].flatMap((each) => textsIn(readMember(response, each)));
      if (certificates.length > 0) return certificates.join('\n');
      throw noCertificate(url.origin, 'is missing in its answer', 'Check that certificate-url leads to a step-ca.');
    }
    const { scrub, now } = this.#world;
    if (this.#asksForLife && response.status === 403 && /certificate duration/.test(response.body.toString())) {
      this.#asksForLife = false;
      return this.issue(asking);
    }
    throw stepFailure(response, { origin: url.origin, claims: asking.claims, scrub, now });
  }

  /** Nothing was lent. */
  async close(): Promise<void> {}
}
