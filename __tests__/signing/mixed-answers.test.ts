import { generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Signer } from '../../src/signing/signer.ts';
import { openService, plantMany, signTree } from './signing-run.ts';

/** Collects the answers of so many requests, and gives each one to another request of them. */
function mixing(count: number): (signer: Signer) => Signer {
  const waiting: ((answer: Awaited<ReturnType<Signer['sign']>>) => void)[] = [];
  const answers: Awaited<ReturnType<Signer['sign']>>[] = [];
  return (signer) => ({
    ...signer,
    async sign(source, signal, used) {
      const answer = await signer.sign(source, signal, used);
      const { promise, resolve } = Promise.withResolvers<typeof answer>();
      waiting.push(resolve);
      answers.push(answer);
      if (waiting.length === count) {
        const [first, ...others] = answers.splice(0);
        const moved = first ? [...others, first] : others;
        for (const [at, give] of waiting.splice(0).entries()) if (moved[at]) give(moved[at]);
      }
      return promise;
    },
  });
}

test('a signature that belongs to another file of the run is told as that, and the key as the right one', async () => {
  const service = await openService();
  const tree = plantMany(3, 10);
  const run = await signTree(service, tree, { wrap: mixing(3) });
  expect(run.ending?.code).toBe('SIGNATURE_INVALID');
  expect(run.ending?.message).toMatch(
    /^No signature fits verify-key .*: three files got signatures that are not valid/,
  );
  expect(run.ending?.hint).toMatch(
    /^The signature of f000\d\.bin came as the answer for f000\d\.bin: verify-key is the right key, and the service, or a gateway or cache in front of it, mixes up/,
  );
});

test('after a valid signature, too', async () => {
  const service = await openService();
  const tree = plantMany(40, 10);
  let requests = 0;
  const run = await signTree(service, tree, {
    concurrency: 2,
    wrap: (signer) => {
      const mixed = mixing(2)(signer);
      return { ...signer, sign: (...args) => (++requests <= 20 ? signer.sign(...args) : mixed.sign(...args)) };
    },
  });
  const hints = run.outcomes.flatMap(({ error }) => error?.hint ?? []);
  expect(hints.length).toBeGreaterThan(10);
  expect(hints.filter((hint) => hint.includes('mixes up the answers to different requests')).length).toBeGreaterThan(5);
});

test.each([
  [
    'from one moment on',
    (nth: number) => nth > 10,
    /up to one moment, and none after it: the service probably rotated/,
  ],
  ['now and then', (nth: number) => nth > 10 && nth % 10 !== 0, /one of several servers .* may sign with another key/],
])('another key that signs %s is told as such', async (_, isOther, hint) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let requests = 0;
  const run = await signTree(await openService(), plantMany(40, 10), {
    concurrency: 2,
    wrap: (signer) => ({
      ...signer,
      async sign(...args) {
        const isOdd = isOther(++requests);
        const answer = await signer.sign(...args);
        return isOdd ? { text: signBytes('sha256', randomBytes(9), privateKey).toString('base64') } : answer;
      },
    }),
  });
  const hints = run.outcomes.flatMap(({ error }) => error?.hint ?? []);
  expect(hints.length).toBeGreaterThan(5);
  for (const each of hints) expect(each).toMatch(hint);
});
