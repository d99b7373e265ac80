import type { OutputTree } from '../files/writing/output-tree.ts';
import type { SignatureWriter } from '../signing/signer.ts';
import { type Results, unpackError } from './tasks.ts';
import type { Helper } from './worker.ts';

/** Signatures that go to the thread together. */
interface Batch {
  readonly paths: string[];
  readonly texts: string[];
  /** Nothing when the thread is gone. */
  readonly result: Promise<Results['write'] | undefined>;
}

/**
 * Writes into a tree from the helper thread; from this one when that is gone.
 *
 * What comes in one turn of the event loop goes as one task: a message for each signature costs as much as writing it.
 */
export function writeElsewhere(helper: Helper, output: OutputTree): SignatureWriter {
  const { directory, processId } = output;
  let current: Batch | undefined;
  helper.start();

  function openBatch(): Batch {
    const { promise: result, resolve } = Promise.withResolvers<Results['write'] | undefined>();
    const batch: Batch = { paths: [], texts: [], result };
    setImmediate(() => {
      current = undefined;
      resolve(helper.do({ do: 'write', directory, processId, paths: batch.paths, texts: batch.texts }));
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
