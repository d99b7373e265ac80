import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTlsContext } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import { createPki } from '../../../src/rehearsal/pki.ts';
import { Failure } from '../../../src/signing/policy/failure.ts';
import { startNginx } from './fronts.ts';

const BURSTS = 40;
const REQUESTS = 100;

test('of 4,000 requests in bursts about a second apart, nginx with keepalive_timeout 1s loses none', {
  tags: ['fault-42'],
  timeout: 240_000,
}, async () => {
  const pki = await createPki();
  const lines = "keepalive_timeout 1s; location = /sign { return 200 'hello'; }";
  const nginx = await startNginx({ pki, backendPort: 9, lines });
  const transport = openTransport({
    server: new URL(`https://127.0.0.1:${nginx.port}`),
    secureContext: createTlsContext({ cert: pki.client.cert, key: pki.client.key, ca: [pki.root.cert] }),
    timeoutMs: 10_000,
  });
  const body = Buffer.from('{"data":""}');
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  const lost: unknown[] = [];
  let [answered, repeated] = [0, 0];
  const post = async (tries = 0): Promise<void> => {
    try {
      const request = { method: 'POST', path: '/sign', headers, body };
      const { status } = await transport.post(request, AbortSignal.timeout(10_000));
      if (status === 200) answered++;
      else lost.push(status);
    } catch (error) {
      // The repeat that the policy gives away when a reused connection was just being closed.
      const isFree = tries === 0 && error instanceof Failure && error.facts.staleConnection === true;
      if (!isFree) return void lost.push(error);
      repeated++;
      await post(1);
    }
  };
  for (let burst = 0; burst < BURSTS; burst++) {
    await Promise.all(Array.from({ length: REQUESTS }, () => post()));
    // Where client and server would close at the same moment, and a little to both sides of it.
    await sleep(900 + ((burst * 37) % 200));
  }
  transport.close();
  await nginx.close();
  expect(lost).toEqual([]);
  expect(answered).toBe(BURSTS * REQUESTS);
  expect(repeated, 'free repeats').toBeLessThan(answered / 20);
});
