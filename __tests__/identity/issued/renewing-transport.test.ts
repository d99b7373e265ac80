import { expect, test } from 'vitest';
import type { WireRequest } from '../../../src/connection/exchange.ts';
import { RenewingTransport, type Tenure } from '../../../src/identity/issued/renewing-transport.ts';

const MINUTE_MS = 60_000;

/** A transport that answers everything at once. */
function tenureUntil(endsAt: number): Tenure {
  return {
    endsAt,
    transport: {
      firstConnection: Promise.resolve(1),
      post: async () => ({ status: 200, headers: {}, body: Buffer.from(String(endsAt)) }),
      prepare: () => {},
      dropIdle: () => {},
      asksForCertificate: () => true,
      requests: () => 0,
      close: () => {},
    },
  };
}

test('a renewal that fails is tried again at half of what is left, a few times, while requests go on', async () => {
  let now = 0;
  const asked: number[] = [];
  let isWell = true;
  const transport = new RenewingTransport({
    now: () => now,
    async obtain() {
      asked.push(now / MINUTE_MS);
      if (!isWell) throw new Error('down');
      return tenureUntil(now + 15 * MINUTE_MS);
    },
  });
  const signal = new AbortController().signal;
  const request: WireRequest = { method: 'POST', path: '/', headers: [], body: Buffer.alloc(0) };
  await transport.begin(signal);
  isWell = false;
  for (; now < 14.75 * MINUTE_MS; now += 1000) {
    const { body } = await transport.post(request, signal);
    expect(body.toString()).toBe(String(15 * MINUTE_MS));
  }
  const rounded = asked.map((minute) => Math.round(minute * 10) / 10);
  expect(rounded).toEqual([0, 10, 12.4, 13.6, 14.2]);
  isWell = true;
  now = 14.9 * MINUTE_MS;
  await transport.post(request, signal);
  expect(asked).toHaveLength(6);
  transport.close();
});
