import type { Protocol } from '../protocol.ts';
import { createSignFileSigner, type EsAuthSettings } from './sign-file.ts';

/** Creates the protocol `es-auth`: one POST for each file, with a keyed hash over the request. */
export function createEsAuth(settings: EsAuthSettings): Protocol {
  return {
    name: 'es-auth',
    certificate: 'required',
    open: (transport, world) => ({
      signer: createSignFileSigner(transport, settings, world),
      close: async () => {},
    }),
  };
}
