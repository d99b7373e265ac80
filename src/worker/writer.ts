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

/**
 * Writes signatures in the worker, or in this thread when there is no worker.
 *
 * Signatures of one turn of the event loop go as one task: one message for each costs as much as the writing itself.
 */
export function writeInWorker(worker: WorkerThread, output: OutputTree): SignatureWriter {
  const { directory, processId } = output;
  let current: Batch | undefined;
  worker.start();

  function openBatch(): Batch {
    const { promise: result, resolve } = Promise.withResolvers<Results['write'] | undefined>();
    const batch: Batch = { paths: [], texts: [], result };
    setImmediate(() => {
      current = undefined;
      resolve(worker.do({ do: 'write', directory, processId, paths: batch.paths, texts: batch.texts }));
    });
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
