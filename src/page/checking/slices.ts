/** Longest time that a loop keeps the browser from anything else, in milliseconds. */
const SLICE_MS = 25;

/** Takes a step for each item, and lets the browser work whenever the steps took long. */
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

/** Waits until the browser has done what is due; a timer would wait for up to a minute in a tab behind others. */
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
