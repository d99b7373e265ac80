import { onTestFinished } from 'vitest';
import { createTlsContext, type Route } from '../../src/connection/route.ts';
import { openTransport, type Transport } from '../../src/connection/transport.ts';
import type { Pki } from '../../src/rehearsal/pki.ts';

/** A small request. */
export const REQUEST = { method: 'POST', path: '/', headers: ['content-length', '2'], body: Buffer.from('{}') };

/** Returns the route of the client of a PKI to a port of this machine. */
export function routeTo({ client, root }: Pki, port: number, more: Partial<Route> = {}): Route {
  return {
    server: new URL(`https://127.0.0.1:${port}`),
    secureContext: createTlsContext({ cert: client.cert, key: client.key, ca: [root.cert] }),
    timeoutMs: 5000,
    ...more,
  };
}

/** Opens a transport of the client of a PKI to a port of this machine; the end of the test closes it. */
export function openTo(pki: Pki, port: number, more: Partial<Route> = {}): Transport {
  const transport = openTransport(routeTo(pki, port, more));
  onTestFinished(() => transport.close());
  return transport;
}
