import { expect, test } from 'vitest';
import { MemoryBudget } from '../../src/verifying/verify.ts';

/** Tasks that end when told to. */
function openTasks() {
  const held: number[] = [];
  const ends: (() => void)[] = [];
  let most = 0;
  const task = (bytes: number) => async (): Promise<number> => {
    held.push(bytes);
    most = Math.max(
      most,
      held.reduce((sum, each) => sum + each, 0),
    );
    await new Promise<void>((resolve) => ends.push(resolve));
    held.splice(held.indexOf(bytes), 1);
    return bytes;
  };
  return { task, held, ends, most: () => most };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('tasks run together up to the limit, and the next ones follow when there is room', async () => {
  const budget = new MemoryBudget(100);
  const { task, held, ends, most } = openTasks();
  const results = [60, 40, 50, 10].map((bytes) => budget.run(bytes, task(bytes)));
  await turn();
  expect(held).toEqual([60, 40]);
  for (let ended = 0; ended < results.length; ended++) {
    ends.shift()?.();
    await turn();
  }
  expect(await Promise.all(results)).toEqual([60, 40, 50, 10]);
  expect(most()).toBe(100);
});

test('a task that needs more than the limit runs alone', async () => {
  const budget = new MemoryBudget(100);
  const { task, held, ends } = openTasks();
  const results = [500, 1, 500].map((bytes) => budget.run(bytes, task(bytes)));
  for (const expected of [[500], [1], [500]]) {
    await turn();
    expect(held).toEqual(expected);
    ends.shift()?.();
  }
  await Promise.all(results);
});

test('tasks that hold nothing never wait', async () => {
  const budget = new MemoryBudget(100);
  const { task, held, ends } = openTasks();
  const results = [0, 0, 0].map((bytes) => budget.run(bytes, task(bytes)));
  await turn();
  expect(held).toEqual([0, 0, 0]);
  for (const end of ends) end();
  await Promise.all(results);
});

test('a task that fails gives its bytes back', async () => {
  const budget = new MemoryBudget(100);
  await expect(budget.run(100, () => Promise.reject(new Error('unreadable')))).rejects.toThrow('unreadable');
  expect(await budget.run(100, async () => 'next')).toBe('next');
});
