import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { Patience } from '../../src/files/patience.ts';
import { createAttempt } from '../../src/signing/attempt.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import type { Signer } from '../../src/signing/signer.ts';
import { chooseAlgorithm } from '../../src/verifying/algorithm.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';
import { plant } from './signing-run.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = readVerifyKey(publicKey.export({ type: 'spki', format: 'pem' }).toString());

test('an answer frees its slot before its signature is checked once one was valid, and no earlier', async () => {
  const events: string[] = [];
  const real = createVerifier(KEY, chooseAlgorithm(KEY, 'auto'));
  let isGenuine = false;
  const signer: Signer = {
    async sign(source) {
      const [bytes = Buffer.alloc(0)] = source.read() as Uint8Array[];
      return { text: sign('sha256', isGenuine ? bytes : Buffer.from('other'), privateKey).toString('base64') };
    },
  };
  const verifier = {
    ...real,
    whole: (bytes: Uint8Array) => ({
      verify(signature: Uint8Array) {
        events.push('checked');
        return real.whole(bytes).verify(signature);
      },
    }),
  };
  const attempt = createAttempt({
    signer,
    output: { write: () => void events.push('written') },
    patience: new Patience(createClock()),
    suffix: '.sign',
    verification: { verifier, encoding: 'base64' },
  });
  const [file] = plant({ 'a.bin': Buffer.from('content') }).files;
  if (file === undefined) throw new Error('no file');
  const run = async (): Promise<readonly string[]> => {
    const answered = (): void => void (events.at(-1) !== 'answered' && events.push('answered'));
    await attempt(file, new AbortController().signal, answered).catch(() => events.push('failed'));
    return events.splice(0);
  };
  expect(await run()).toEqual(['checked', 'failed']);
  isGenuine = true;
  expect(await run()).toEqual(['checked', 'answered', 'written']);
  expect(await run()).toEqual(['answered', 'checked', 'answered', 'written']);
  isGenuine = false;
  expect(await run()).toEqual(['answered', 'checked', 'failed']);
});
