import type { CompareElsewhere } from '../files/seal.ts';
import type { WorkerThread } from './worker.ts';

/** Compares signatures with their digests in the worker, if there is one, while this thread looks at other files. */
export function compareInWorker(worker: WorkerThread): CompareElsewhere | undefined {
  if (!worker.isStarted) return undefined;
  return (locations, digests) => worker.do({ do: 'compare', locations, digests });
}
