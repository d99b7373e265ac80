import type { MessagePort } from 'node:worker_threads';
import { readInto, startHash } from '../files/hashing/file-hash.ts';
import { readChunks, readerOf } from '../files/reading/read-chunks.ts';
import { holdsText } from '../files/reading/read-small.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import {
  type CompareTask,
  type HashTask,
  packError,
  type Reply,
  type Request,
  type Results,
  type Task,
  type WriteTask,
} from './tasks.ts';

/** Performs the tasks that arrive at a port, until the port is closed. */
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

  function run(id: number, task: Task): void {
    if (task.do === 'hash') void runHash(id, task);
    else port.postMessage({ id, result: task.do === 'write' ? write(task, trees) : compare(task) } satisfies Reply);
  }

  port.on('message', (request: Request) => {
    if ('cancel' in request) running.get(request.cancel)?.abort(new Error('The task was cancelled'));
    else run(request.id, request.task);
  });
}

function write({ directory, processId, paths, texts }: WriteTask, trees: Map<string, OutputTree>): Results['write'] {
  const tree = trees.get(directory) ?? new OutputTree(directory, processId);
  trees.set(directory, tree);
  const errors = tree.writeTexts(paths, texts);
  return new Map([...errors].map(([at, error]) => [at, packError(error)]));
}

function compare({ locations, digests }: CompareTask): number[] {
  return [...locations.keys()].filter((at) => !holdsText(locations[at] ?? '', digests[at] ?? ''));
}

async function hashFile({ file, hashing }: HashTask, signal: AbortSignal): Promise<Results['hash']> {
  const hash = startHash(hashing);
  const sha256 = startHash({ algorithm: 'sha256' });
  await readInto(readChunks(file, readerOf(file.descriptor)), [hash, sha256], signal);
  return { digest: hash.digest(), sha256: sha256.digest().toString('hex') };
}
