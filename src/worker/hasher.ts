import { orAborted } from '../signing/schedule/clock.ts';
import type { HashElsewhere } from '../signing/sent-bytes.ts';
import type { WorkerThread } from './worker.ts';

/**
 * The caller hashes a file itself when the queued files have more bytes than this and than four times its size. The
 * time limit of an attempt depends on its own file, and must not be spent waiting for larger files.
 */
const PATIENCE_BYTES = 64 * 2 ** 20;

/** Hashes large files in the worker in turn, while others are sent; `begin` is called when a file's turn comes. */
export function hashInWorker(worker: WorkerThread): HashElsewhere {
  let last: Promise<unknown> = Promise.resolve();
  let bytesAhead = 0;

  return async ({ path, size, lend }, begin, signal) => {
    if (bytesAhead > PATIENCE_BYTES + 4 * size) return undefined;
    bytesAhead += size;
    const turn = last.then(async () => {
      signal.throwIfAborted();
      const hashing = begin();
      const { algorithm, around } = hashing;
      const result = await lend((descriptor) =>
        worker.do({ do: 'hash', file: { descriptor, path, size }, hashing: { algorithm, around } }, signal),
      );
      return result && { ...result, hashing };
    });
    last = turn
      .catch(() => {})
      .finally(() => {
        bytesAhead -= size;
      });
    return orAborted(turn, signal);
  };
}
