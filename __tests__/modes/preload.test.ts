import { expect, test } from 'vitest';
import { loadAtLeisure } from '../../src/signing/schedule/clock.ts';
import { VirtualClock } from '../signing/virtual-clock.ts';

/** Waits for virtual time; keeps this process busy for `workMs` of it. */
async function pass(clock: VirtualClock, ms: number, workMs = 0): Promise<void> {
  const waited = new Promise<void>((resolve) => void clock.after(ms, resolve));
  await clock.run(Promise.all([waited, workMs > 0 ? clock.work(workMs) : undefined]));
}

function watch() {
  const clock = new VirtualClock();
  const state = { isLastUnderWay: false, loads: 0 };
  const stop = loadAtLeisure({
    clock,
    isLastUnderWay: () => state.isLastUnderWay,
    load: () => void state.loads++,
  });
  return { clock, state, stop };
}

test('nothing is loaded while there is something left to send, however idle the process is', async () => {
  const { clock, state } = watch();
  await pass(clock, 1000);
  expect(state.loads).toBe(0);
  state.isLastUnderWay = true;
  await pass(clock, 50);
  expect(state.loads).toBe(1);
  await pass(clock, 1000);
  expect(state.loads).toBe(1);
});

test('nothing is loaded while the process is busy with what is under way', async () => {
  const { clock, state } = watch();
  state.isLastUnderWay = true;
  for (let turn = 0; turn < 10; turn++) await pass(clock, 20, 19);
  expect(state.loads).toBe(0);
  await pass(clock, 100);
  expect(state.loads).toBe(1);
});

test('nothing is loaded once the watch has ended', async () => {
  const { clock, state, stop } = watch();
  stop();
  state.isLastUnderWay = true;
  await pass(clock, 1000);
  expect(state.loads).toBe(0);
});
