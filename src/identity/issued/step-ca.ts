import { pathOnServer } from '../../connection/exchange.ts';
import type { ProtocolWorld } from '../../protocols/protocol.ts';
import { type Asking, type Authority, LIFE_S, readMember, type StepCaSettings, textsIn } from './authority.ts';
import { noCertificate, stepFailure } from './refusals.ts';

/** Creates the authority of a step-ca with an OIDC provisioner, where each request needs a token of its own. */
export function createStepCa({ url }: StepCaSettings, { scrub, now }: Pick<ProtocolWorld, 'scrub' | 'now'>): Authority {
  /** Turns false when the authority allows only shorter lifetimes; the authority then chooses the lifetime. */
  let asksForLife = true;

  async function issue(asking: Asking): Promise<string> {
    const { text: ott } = await asking.drawToken();
    const { pem: csr } = await asking.request();
    const wish = asksForLife ? { csr, ott, notAfter: `${LIFE_S}s` } : { csr, ott };
    const body = Buffer.from(JSON.stringify(wish));
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
    const response = await asking.post({ method: 'POST', path: pathOnServer(url, '/1.0/sign'), headers, body });
    if (response.status === 201) {
      const chain = textsIn(readMember(response, 'certChain'));
      const certificates =
        chain.length > 0 ? chain : ['crt', 'ca'].flatMap((each) => textsIn(readMember(response, each)));
      if (certificates.length > 0) return certificates.join('\n');
      throw noCertificate(url.origin, 'is missing in its answer', 'Check that certificate-url leads to a step-ca.');
    }
    if (asksForLife && response.status === 403 && /certificate duration/.test(response.body.toString())) {
      asksForLife = false;
      return issue(asking);
    }
    throw stepFailure(response, { origin: url.origin, claims: asking.claims, scrub, now });
  }

  // A step-ca issues no token that would have to be revoked.
  return { issue, close: async () => {} };
}
