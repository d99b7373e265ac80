/** Longest time, in milliseconds, that a loop blocks the browser. */
const SLICE_MS = 25;

/** Runs a step for each item, and lets the browser work between slices of steps. */
export async function inSlices<Item>(items: Iterable<Item>, step: (item: Item) => void): Promise<void> {
  let start = performance.now();
  for (const item of items) {
    if (performance.now() - start >= SLICE_MS) {
      await pause();
      start = performance.now();
    }
    step(item);
  }
}

/** Lets the browser handle pending events; in a background tab, a timer could wait for up to a minute. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
