import type { CompareElsewhere } from '../files/seal.ts';
import type { OutputTree } from '../files/writing/output-tree.ts';
import type { SignatureWriter } from '../signing/signer.ts';
import { type Results, unpackError } from './tasks.ts';
import type { WorkerThread } from './worker.ts';

/** Signatures that go to the worker in one message. */
interface Batch {
  readonly paths: string[];
  readonly texts: string[];
  /** `undefined` when there is no worker. */
  readonly result: Promise<Results['write'] | undefined>;
}

/** Shortest time between two messages, in milliseconds. */
const GATHER_MS = 2;

/**
 * Writes signatures in the worker, or in this thread when there is no worker.
 *
 * A single signature is sent at once. Further signatures within two milliseconds form one task, because waking the
 * worker for each costs as much as writing it.
 */
export function writeInWorker(worker: WorkerThread, output: OutputTree): SignatureWriter {
  const { directory, processId } = output;
  let current: Batch | undefined;
  let sentAt = Number.NEGATIVE_INFINITY;
  worker.start();

  function openBatch(): Batch {
    const { promise: result, resolve } = Promise.withResolvers<Results['write'] | undefined>();
    const batch: Batch = { paths: [], texts: [], result };
    const send = (): void => {
      current = undefined;
      sentAt = performance.now();
      resolve(worker.do({ do: 'write', directory, processId, paths: batch.paths, texts: batch.texts }));
    };
    if (performance.now() - sentAt < GATHER_MS) setTimeout(send, GATHER_MS);
    else setImmediate(send);
    return batch;
  }

  return {
    async write(path, text) {
      current ??= openBatch();
      const at = current.paths.push(path) - 1;
      current.texts.push(text);
      const failed = await current.result;
      if (failed === undefined) return output.write(path, text);
      const error = failed.get(at);
      if (error) throw unpackError(error);
    },
  };
}

/** Compares signatures with their digests in the worker, if there is one, while this thread checks other files. */
export function compareInWorker(worker: WorkerThread): CompareElsewhere | undefined {
  if (!worker.isStarted) return undefined;
  return (locations, digests) => worker.do({ do: 'compare', locations, digests });
}
