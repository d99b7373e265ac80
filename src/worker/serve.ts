import { createHash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { readChunks, readerOf } from '../files/reading/read-chunks.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import type { FileHashes } from '../protocols/es-auth/header-pass.ts';
import { CanonicalHash } from '../protocols/es-auth/request-signature.ts';
import { type HashTask, type Letter, type PackedError, packError, type Reply, type WriteTask } from './tasks.ts';

/** Does the tasks that come through a port, until it is closed. */
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

  port.on('message', (letter: Letter) => {
    if ('cancel' in letter) running.get(letter.cancel)?.abort(new Error('No longer wanted'));
    else if (letter.task.do === 'hash') void runHash(letter.id, letter.task);
    else port.postMessage(runWrite(letter.id, letter.task));
  });
}

async function hashFile({ file, facts }: HashTask, signal: AbortSignal): Promise<FileHashes> {
  const canonical = new CanonicalHash(facts);
  const sha256 = createHash('sha256');
  for await (const chunk of readChunks(file, readerOf(file.descriptor))) {
    signal.throwIfAborted();
    canonical.update(chunk);
    sha256.update(chunk);
  }
  return { sign: canonical.digest(), sha256: sha256.digest('hex') };
}
