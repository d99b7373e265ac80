import { expect, test } from 'vitest';
import { startProgress, watchSigner } from '../../src/report/progress.ts';
import type { Signer, Source } from '../../src/signing/signer.ts';
import { VirtualClock } from '../signing/virtual-clock.ts';

const MB = 1_000_000;
const NEVER = new AbortController().signal;

function sleep(clock: VirtualClock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

test('a short run shows no progress', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 2, bytes: 2 }, clock, (line) => lines.push(line));
  await clock.run(sleep(clock, 4999));
  progress.add(1);
  progress.stop();
  await clock.run(sleep(clock, 60_000));
  expect(lines).toEqual([]);
});

test('long work logs every five seconds how much is done, how fast, what is in flight and what is left', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 4900, bytes: 4900 * MB }, clock, (line) => lines.push(line));
  for (let i = 0; i < 16; i++) progress.start();
  async function work(): Promise<void> {
    for (let done = 0; done < 4900; done++) {
      await sleep(clock, 4);
      progress.add(MB);
    }
    progress.stop();
  }
  await clock.run(work());
  expect(lines).toEqual([
    '1,249 of 4,900 files, 250 MB/s, 16 in flight, about 15 s left',
    '2,499 of 4,900 files, 250 MB/s, 16 in flight, about 10 s left',
    '3,749 of 4,900 files, 250 MB/s, 16 in flight, about 5 s left',
  ]);
});

test('no estimate is shown before enough is known', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 3, bytes: 1000 * MB }, clock, (line) => lines.push(line));
  progress.add(1);
  progress.start().hashed(MB);
  await clock.run(sleep(clock, 5000));
  progress.stop();
  expect(lines).toEqual(['1 of 3 files, 1 in flight']);
});

test('no estimate is shown while small files wait for the first answer', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 30, bytes: 30 * MB }, clock, (line) => lines.push(line));
  for (let i = 0; i < 12; i++) progress.start().hashed(MB);
  await clock.run(sleep(clock, 11_000));
  progress.stop();
  expect(lines.map((line) => line.endsWith(' left'))).toEqual([false, false]);
});

test('empty files are counted too', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 4, bytes: 0 }, clock, (line) => lines.push(line));
  progress.add(0);
  await clock.run(sleep(clock, 5000));
  progress.stop();
  expect(lines).toEqual(['1 of 4 files, about 15 s left']);
});

/** Hashes a source in 4 s and sends it at 100 MB/s, as the service's signer does; so many attempts fail. */
function createSigner(clock: VirtualClock, fails: number): Signer {
  let left = fails;
  return {
    async sign(source) {
      await source.digest(() => ({ algorithm: 'sha256' }));
      for await (const chunk of source.read()) await sleep(clock, chunk.length / (MB / 10));
      if (left-- > 0) throw new Error('lost');
      return { text: 'signature' };
    },
  };
}

function createLarge(clock: VirtualClock): Source {
  const chunk = new Uint8Array(MB);
  return {
    path: 'large.bin',
    size: 1000 * MB,
    *read() {
      for (let i = 0; i < 1000; i++) yield chunk;
    },
    async digest(begin) {
      const hashing = begin();
      await sleep(clock, 4000);
      return { hashing, digest: new Uint8Array(32) };
    },
  };
}

test('one large file shows how much of it is sent, and its hashing as half of the work', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const large = createLarge(clock);
  const progress = startProgress({ files: 1, bytes: large.size }, clock, (line) => lines.push(line));
  expect(await clock.run(watchSigner(createSigner(clock, 0), progress).sign(large, NEVER, []))).toEqual({
    text: 'signature',
  });
  progress.stop();
  expect(lines).toEqual([
    expect.stringMatching(/^0 of 1 file, (19\.\d|20\.0) MB\/s, 1 in flight, about 4 s left$/),
    expect.stringMatching(/^0 of 1 file, (59\.\d|60\.0) MB\/s, 1 in flight, about 3 s left$/),
  ]);
});

test('the bytes of a failed attempt are not counted', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const large = createLarge(clock);
  const progress = startProgress({ files: 1, bytes: large.size }, clock, (line) => lines.push(line));
  const signer = watchSigner(createSigner(clock, 1), progress);
  await expect(clock.run(signer.sign(large, NEVER, []))).rejects.toThrow('lost');
  await clock.run(sleep(clock, 5001));
  progress.stop();
  expect(lines.at(-1)).toBe('0 of 1 file');
});

test('the bytes of a file in memory reach the signer uncopied', async () => {
  const chunks = [new Uint8Array(3)];
  const seen: unknown[] = [];
  const clock = new VirtualClock();
  const progress = startProgress({ files: 1, bytes: 3 }, clock, () => {});
  const signer: Signer = {
    sign: async (source) => {
      seen.push(source.read(), source.read());
      return { text: '' };
    },
  };
  await watchSigner(signer, progress).sign({ ...createLarge(clock), size: 3, read: () => chunks }, NEVER, []);
  expect(seen).toEqual([chunks, chunks]);
  expect(seen[0]).toBe(chunks);
  progress.stop();
});

test('failed files do not count as progress, and the estimate is for the others', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 1000, bytes: 0 }, clock, (line) => lines.push(line));
  for (let file = 0; file < 600; file++) progress.lose(0);
  for (let file = 0; file < 200; file++) progress.add(0);
  expect(progress.isLastUnderWay()).toBe(false);
  await clock.run(sleep(clock, 5000));
  for (let file = 0; file < 200; file++) progress.start();
  expect(progress.isLastUnderWay()).toBe(true);
  progress.stop();
  expect(lines).toEqual(['200 of 1,000 files, 600 failed, about 5 s left']);
});

test('a run of which every file failed has no estimate', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 2, bytes: 2 }, clock, (line) => lines.push(line));
  progress.lose(1);
  progress.lose(1);
  await clock.run(sleep(clock, 5000));
  progress.stop();
  expect(lines).toEqual(['0 of 2 files, 2 failed']);
});

test('no time is estimated while the work waits', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 2, bytes: 0 }, clock, (line) => lines.push(line));
  progress.add(0);
  progress.pause();
  await clock.run(sleep(clock, 5000));
  progress.resume();
  await clock.run(sleep(clock, 5000));
  progress.stop();
  expect(lines).toEqual(['1 of 2 files', '1 of 2 files, about 10 s left']);
});

test('no time is estimated after a pause without progress, until there is progress again', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const progress = startProgress({ files: 3, bytes: 0 }, clock, (line) => lines.push(line));
  progress.add(0);
  await clock.run(sleep(clock, 21_000));
  progress.add(0);
  await clock.run(sleep(clock, 5000));
  progress.stop();
  expect(lines).toEqual([
    '1 of 3 files, about 10 s left',
    '1 of 3 files, about 20 s left',
    '1 of 3 files',
    '1 of 3 files',
    '2 of 3 files, about 13 s left',
  ]);
});
