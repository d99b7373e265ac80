import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { isRefusal } from '../../../tools/results/artifact-store.ts';
import type { ResultsService } from '../../../tools/results/results-service.ts';
import { entriesOf } from '../../../tools/results/zip.ts';
import { makeZip } from '../../helpers/zip.ts';
import type { ArtifactAnswer, ArtifactTask } from './artifact-worker.ts';

/** A file in an artifact. */
interface ArtifactFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Files of an artifact by their paths. */
export type ArtifactContent = Readonly<Record<string, string | Buffer>> | ReadonlyMap<string, string | Buffer>;

type Outputs = Readonly<Record<string, string>>;

/** The artifacts of one run in the results service, for the steps that use other people's actions and for the test. */
export class Artifacts {
  readonly #results: ResultsService;
  readonly #waiting = new Map<number, (answer: ArtifactAnswer) => void>();
  #worker: Worker | undefined;
  #lastTask = 0;

  constructor(results: ResultsService) {
    this.#results = results;
  }

  /** Names of all artifacts. */
  get names(): string[] {
    return this.#results.artifacts.map(({ name }) => name);
  }

  /** Puts files in as an artifact, as a job of the run can, and returns its id. */
  add(name: string, files: ArtifactContent): string {
    const { store } = this.#results;
    const zip = makeZip(files instanceof Map ? files : Object.entries(files));
    const created = store.create(name, 'application/zip');
    if (isRefusal(created)) throw new Error(`${name}: ${created.message}`);
    store.putBlob(created.blobId, zip);
    const hash = `sha256:${createHash('sha256').update(zip).digest('hex')}`;
    const finished = store.finalize({ name, size: zip.length, hash });
    if (isRefusal(finished)) throw new Error(`${name}: ${finished.message}`);
    return String(finished.id);
  }

  /** Takes an artifact away, as a job of the run can, or as it goes when its days are over. */
  remove(name: string): void {
    const removed = this.#results.store.delete(name);
    if (isRefusal(removed)) throw new Error(`${name}: ${removed.message}`);
  }

  /** Returns the files of the newest artifact of a name. */
  async files(name: string): Promise<readonly ArtifactFile[]> {
    const found = this.#results.artifacts.findLast((one) => one.name === name);
    if (found === undefined) throw new Error(`no artifact ${name}, only ${this.names.join(', ')}`);
    return (await entriesOf(found.zip)).filter((entry) => !entry.path.endsWith('/'));
  }

  /** What `actions/download-artifact` does. */
  download(inputs: Outputs, workspace: string): Promise<Outputs> {
    return this.#ask({ action: 'download', inputs, workspace });
  }

  /** What `actions/upload-artifact` does. */
  upload(inputs: Outputs, workspace: string): Promise<Outputs> {
    return this.#ask({ action: 'upload', inputs, workspace });
  }

  /** Ends the thread of the client, if there is one. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #ask(task: Omit<ArtifactTask, 'id'>): Promise<Outputs> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#lastTask;
    const answered = new Promise<ArtifactAnswer>((resolve) => this.#waiting.set(id, resolve));
    worker.postMessage({ ...task, id } satisfies ArtifactTask);
    const { outputs, error } = await Promise.race([answered, once(worker, 'error').then(fail)]);
    if (outputs === undefined) throw new Error(error);
    return outputs;
  }

  #start(): Worker {
    const env = { PATH: process.env['PATH'], GITHUB_RUN_ID: '1', ...this.#results.env };
    const worker = new Worker(new URL('./artifact-worker.ts', import.meta.url), { env, stdout: true });
    worker.stdout.resume();
    worker.on('message', (answer: ArtifactAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    return worker;
  }
}

function fail(reasons: unknown[]): never {
  throw new Error('The thread of the artifact client has ended.', { cause: reasons[0] });
}
