import type { MessagePort } from 'node:worker_threads';
import { readInto, startHash } from '../files/hashing/file-hash.ts';
import { readChunks, readerOf } from '../files/reading/read-chunks.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import {
  type HashTask,
  type PackedError,
  packError,
  type Reply,
  type Request,
  type Results,
  type WriteTask,
} from './tasks.ts';

/** Does the tasks that come through a port, until the port is closed. */
export function serve(port: MessagePort): void {
  const running = new Map<number, AbortController>();
  const trees = new Map<string, OutputTree>();

  async function runHash(id: number, task: HashTask): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const reply = await hashFile(task, controller.signal).then(
      (result): Reply => ({ id, result }),
      (error: unknown): Reply => ({ id, error: packError(error) }),
    );
    running.delete(id);
    port.postMessage(reply);
  }

  function runWrite(id: number, { directory, processId, paths, texts }: WriteTask): Reply {
    const tree = trees.get(directory) ?? new OutputTree(directory, processId);
    trees.set(directory, tree);
    const result = new Map<number, PackedError>();
    for (const [at, path] of paths.entries()) {
      try {
        tree.write(path, texts[at] ?? '');
      } catch (error) {
        result.set(at, packError(error));
      }
    }
    return { id, result };
  }

  port.on('message', (request: Request) => {
    if ('cancel' in request) running.get(request.cancel)?.abort(new Error('The task was cancelled'));
    else if (request.task.do === 'hash') void runHash(request.id, request.task);
    else port.postMessage(runWrite(request.id, request.task));
  });
}

async function hashFile({ file, hashing }: HashTask, signal: AbortSignal): Promise<Results['hash']> {
  const hash = startHash(hashing);
  const sha256 = startHash({ algorithm: 'sha256' });
  await readInto(readChunks(file, readerOf(file.descriptor)), [hash, sha256], signal);
  return { digest: hash.digest(), sha256: sha256.digest().toString('hex') };
}
