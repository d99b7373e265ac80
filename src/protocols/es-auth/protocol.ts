import { show } from '../../files/names.ts';
import type { Protocol } from '../protocol.ts';
import { createSignFileSigner, type SignFileOptions } from './sign-file.ts';

/** Settings of an `es-auth` service. */
type EsAuthSettings = Pick<SignFileOptions, 'requestPath' | 'signPath' | 'appKey' | 'appSecret'>;

/** Creates the protocol `es-auth`: one POST for each file, with a keyed hash over the request. */
export function createEsAuth({ requestPath, signPath, appKey, appSecret }: EsAuthSettings): Protocol {
  return {
    name: 'es-auth',
    certificate: 'required',
    open: (transport, { now, randomInt, warn, scrub }) => ({
      signer: createSignFileSigner(transport, {
        requestPath,
        signPath,
        appKey,
        appSecret,
        now,
        randomInt,
        scrub,
        onClockOffset: (seconds) => warn('Clocks differ', describeOffset(seconds)),
        onContentType: (type) => warn('Content type', describeContentType(type)),
      }),
      close: async () => {},
    }),
  };
}

function describeContentType(type: string): string {
  return `The service labels its answers ${show(type)} instead of application/json; the action read the answers all the same. The operators of the service should correct the label, because gateways may act on it.`;
}

function describeOffset(seconds: number): string {
  return `The clock of the service is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the clock of this runner; the action dates its requests accordingly.`;
}
