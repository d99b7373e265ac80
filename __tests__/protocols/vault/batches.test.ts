import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Batches } from '../../../src/protocols/vault/batches.ts';
import { Failure } from '../../../src/signing/policy/failure.ts';

const FOREVER = new AbortController().signal;
const refused = new Failure('file', 'REQUEST_REFUSED', 'refused');

/** Batches of numbers that double them, and the requests that were sent. */
function doubling(answer: (items: readonly number[]) => Promise<readonly (number | Failure)[]>) {
  const requests: (readonly number[])[] = [];
  const signals: AbortSignal[] = [];
  const batches = new Batches<number, number>({
    send(items, signal) {
      requests.push(items);
      signals.push(signal);
      return answer(items);
    },
    maxItems: 10,
    sizeOf: (item) => item,
    maxSize: 100,
    isDivisible: (error) => error === refused,
  });
  return { batches, requests, signals };
}

const double = async (items: readonly number[]): Promise<number[]> => items.map((item) => 2 * item);

test('calls of one turn go into one request, in their order, and each gets its own result', async () => {
  const { batches, requests } = doubling(double);
  expect(await Promise.all([1, 2, 3].map((item) => batches.add(item, FOREVER)))).toEqual([2, 4, 6]);
  expect(requests).toEqual([[1, 2, 3]]);
});

test('a request holds as many items as its number and its size allow, and at least one', async () => {
  const { batches, requests } = doubling(double);
  await Promise.all([...Array(12).fill(1), 60, 50, 200].map((item: number) => batches.add(item, FOREVER)));
  expect(requests.map((each) => each.length)).toEqual([10, 3, 1, 1]);
});

test('items gather while requests are under way', async () => {
  const gate = Promise.withResolvers<void>();
  const { batches, requests } = doubling(async (items) => {
    await gate.promise;
    return double(items);
  });
  const calls: Promise<number>[] = [];
  for (let item = 1; item <= 9; item++) {
    calls.push(batches.add(item, FOREVER));
    await nextTurn();
  }
  expect(requests).toEqual([[1], [2]]);
  gate.resolve();
  await Promise.all(calls);
  expect(requests.slice(2)).toEqual([[3, 4, 5, 6, 7, 8, 9]]);
});

test('a failed item concerns its own call', async () => {
  const { batches } = doubling(async (items) => items.map((item) => (item === 2 ? refused : item)));
  const results = await Promise.allSettled([1, 2, 3].map((item) => batches.add(item, FOREVER)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a refused request is halved until the item that it is refused for is alone', async () => {
  const { batches, requests } = doubling(async (items) => {
    if (items.includes(6)) throw refused;
    return double(items);
  });
  const results = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8].map((item) => batches.add(item, FOREVER)));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(results[5]).toMatchObject({ status: 'rejected', reason: refused });
  expect(requests).toContainEqual([6]);
  expect(requests.length).toBe(7);
});

test('a failure of the service rejects every call with the same failure and sends nothing again', async () => {
  const down = new Failure('service', 'UNAVAILABLE', 'down');
  const { batches, requests } = doubling(() => Promise.reject(down));
  const results = await Promise.allSettled([1, 2, 3].map((item) => batches.add(item, FOREVER)));
  const reasons = results.map((each): unknown => each.status === 'rejected' && each.reason);
  expect(reasons).toEqual(Array(3).fill(reasons[0]));
  expect(reasons[0]).toMatchObject({ code: 'UNAVAILABLE', facts: { request: {} } });
  expect(requests).toHaveLength(1);
});

test('an aborted call rejects at once, and the request goes on for the others', async () => {
  const gate = Promise.withResolvers<void>();
  const { batches, signals } = doubling(async (items) => {
    await gate.promise;
    return double(items);
  });
  const controller = new AbortController();
  const gone = batches.add(1, controller.signal);
  const stays = batches.add(2, FOREVER);
  await nextTurn();
  controller.abort(new Error('too slow'));
  await expect(gone).rejects.toThrow('too slow');
  expect(signals[0]?.aborted).toBe(false);
  gate.resolve();
  expect(await stays).toBe(4);
});

test('a request is aborted when no file waits for it any more', async () => {
  const { batches, signals } = doubling(() => new Promise(() => {}));
  const controller = new AbortController();
  const calls = [1, 2].map((item) => batches.add(item, controller.signal));
  await nextTurn();
  controller.abort(new Error('cancelled'));
  await Promise.allSettled(calls);
  expect(signals[0]?.aborted).toBe(true);
});

test('a call that is aborted before its request leaves is not sent', async () => {
  const { batches, requests } = doubling(double);
  const controller = new AbortController();
  const gone = batches.add(1, controller.signal);
  controller.abort(new Error('cancelled'));
  await expect(gone).rejects.toThrow('cancelled');
  await nextTurn();
  expect(requests).toEqual([]);
});
