import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { orAborted } from '../../src/signing/schedule/clock.ts';

const never = new Promise<string>(() => {});

test('what ends by itself passes through, and leaves no listener', async () => {
  const { signal } = new AbortController();
  await expect(orAborted(Promise.resolve('done'), signal)).resolves.toBe('done');
  await expect(orAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an abort ends the wait with its reason', async () => {
  const controller = new AbortController();
  const wait = orAborted(never, controller.signal);
  controller.abort(new Error('cancelled'));
  await expect(wait).rejects.toThrow('cancelled');
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test.each([
  ['never ends', () => never],
  ['is done', () => Promise.resolve('done')],
  ['fails later', () => Promise.reject(new Error('broken'))],
])('once aborted, nobody waits for what %s', async (_, work) => {
  await expect(orAborted(work(), AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
});
