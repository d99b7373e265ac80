import { generateKeyPairSync, sign } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Patience } from '../../src/files/patience.ts';
import { SMALL_FILE_BYTES } from '../../src/files/reading/open-file.ts';
import { AnswerLog } from '../../src/signing/answer-log.ts';
import { createAttempt } from '../../src/signing/attempt.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { type SignOptions, type SignResult, signFiles } from '../../src/signing/sign.ts';
import type { Signer } from '../../src/signing/signer.ts';
import { chooseAlgorithm } from '../../src/verifying/algorithm.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';
import { plant, plantMany } from './signing-run.ts';

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
  const attempt = createAttempt(
    {
      signer,
      output: { write: () => void events.push('written') },
      patience: new Patience(createClock()),
      suffix: '.sign',
      verification: { verifier, encoding: 'base64' },
    },
    new AnswerLog(),
  );
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

test.each([
  ['each file is a request', undefined, 4, 4, 3],
  ['requests are shared', { requests: 2, files: 5 }, 4, 10, 1],
  ['fewer requests are allowed than are shared', { requests: 4, files: 3 }, 2, 6, 1],
  ['one file is to go after the other', { requests: 2, files: 5 }, 1, 1, 0],
])(
  '%s: so many files are in flight, and so many connections are opened ahead',
  async (_, sharing, concurrency, files, connections) => {
    const prepared: number[] = [];
    const isSlow = Promise.withResolvers<void>();
    let [flying, most, calls] = [0, 0, 0];
    const signer: Signer = {
      sharing,
      async sign(source) {
        most = Math.max(most, ++flying);
        if (++calls === 2) isSlow.resolve();
        // The first answer comes after the head start, which one request at a time does not have.
        await (calls === 1 ? isSlow.promise : delay(10));
        flying--;
        return { text: Buffer.from(source.path).toString('base64') };
      },
    };
    const prepare = (count: number): void => {
      prepared.push(count);
      if (concurrency === 1) isSlow.resolve();
    };
    const result = await signMany(signer, { concurrency, prepare });
    expect(result.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(30);
    expect([most, prepared]).toEqual([files, [connections]]);
  },
);

test('an answer that comes in while handshakes keep the process busy ends the head start, however long they last', async () => {
  const events: string[] = [];
  const signer: Signer = {
    async sign(source) {
      events.push('request');
      if (events.length === 1) await delay(100);
      events.push('answer');
      return { text: Buffer.from(source.path).toString('base64') };
    },
  };
  const prepare = (): void => {
    setImmediate(() => {
      const endsAt = performance.now() + 150;
      while (performance.now() < endsAt);
    });
  };
  await signMany(signer, { concurrency: 10, prepare });
  expect(events.slice(0, 2)).toEqual(['request', 'answer']);
});

test('sending a large first file does not lengthen the head start, although it keeps the process busy', async () => {
  const events: string[] = [];
  const signer: Signer = {
    async sign(source) {
      events.push('request');
      // Busy in pieces of 20 ms, as encrypting a large file is.
      for (let piece = 0; piece < 6 && events.length === 1; piece++) await busy(20);
      events.push('answer');
      return { text: Buffer.from(source.path).toString('base64') };
    },
  };
  const content = Buffer.alloc(2 * SMALL_FILE_BYTES);
  const { files } = plant({ 'a.bin': content, 'b.bin': content });
  await signMany(signer, { files, concurrency: 10 });
  expect(events.slice(0, 2)).toEqual(['request', 'request']);
});

/** Keeps the process busy for so long, then lets it read and write. */
async function busy(ms: number): Promise<void> {
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt);
  await new Promise((resolve) => setImmediate(resolve));
}

function signMany(
  signer: Signer,
  settings: Pick<SignOptions, 'concurrency' | 'prepare'> & Partial<SignOptions>,
): Promise<SignResult> {
  return signFiles({
    files: plantMany(30).files,
    signer,
    output: { write: () => {} },
    patience: new Patience(createClock()),
    suffix: '.sign',
    attempts: 1,
    timeoutMs: 20_000,
    onFailure: 'collect',
    firstConnection: Promise.resolve(0),
    signal: new AbortController().signal,
    clock: createClock(),
    random: () => 0,
    onOutcome: () => {},
    onEvent: () => {},
    ...settings,
  });
}
