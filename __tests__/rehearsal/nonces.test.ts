import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Nonces } from '../../src/rehearsal/requests/nonces.ts';

test('a nonce is remembered for the promised time, whatever requests come in between', () => {
  const steps = fc.array(
    fc.record({
      waitMs: fc.oneof(fc.nat(700), fc.constantFrom(2500, 3000)),
      nonce: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(steps, (calls) => {
      let nowMs = 0;
      const nonces = new Nonces(1000, () => nowMs);
      const added = new Map<string, number>();
      for (const { waitMs, nonce } of calls) {
        nowMs += waitMs;
        const ageMs = nowMs - (added.get(nonce) ?? Number.NEGATIVE_INFINITY);
        const fresh = nonces.add(nonce);
        if (ageMs < 1000) expect(fresh).toBe(false);
        if (ageMs >= 3000) expect(fresh).toBe(true);
        if (fresh) added.set(nonce, nowMs);
      }
    }),
  );
});

test('what is held is bounded by time, not by the number of requests', () => {
  let nowMs = 0;
  const nonces = new Nonces(1000, () => nowMs);
  let most = 0;
  for (let index = 0; index < 100_000; index++) {
    nowMs += 1;
    nonces.add(`nonce${index}`);
    most = Math.max(most, nonces.size);
  }
  expect(most).toBeGreaterThan(1000);
  expect(most).toBeLessThanOrEqual(2000);
});
