import { ActionError, toActionError } from '../errors.ts';
import { show } from '../files/names.ts';
import type { Patience } from '../files/patience.ts';
import { openFile } from '../files/reading/open-file.ts';
import { hashText, readSignatureFile } from '../files/reading/read-small.ts';
import { type FileOutcome, failedPath, type ReleaseFile } from '../files/release-file.ts';
import type { OutputTree } from '../files/writing/output-tree.ts';
import { type Advice, checkStored, explainInvalid, type Verification } from './check.ts';

/** Options for verifying stored signatures, which needs no network and no secret. */
export interface VerifyOptions {
  readonly files: readonly ReleaseFile[];
  /** Where the signatures are. */
  readonly output: OutputTree;
  readonly suffix: string;
  readonly verification: Verification;
  /** With `name`, each failure is explained, which needs another read; with `count` it is not. */
  readonly explain: 'name' | 'count';
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly onOutcome: (outcome: FileOutcome) => void;
}

/** Number of files at a time, so that one file is read while another is hashed. */
const LANES = 4;
/** Most bytes of files in memory at a time; only Ed25519 needs whole files in memory. */
const MAX_BYTES_HELD = 48 * 1024 * 1024;

/** Checks the signature of every file; returns the outcomes in the order of the files. */
export async function verifyFiles(options: VerifyOptions): Promise<FileOutcome[]> {
  const { files, signal } = options;
  const outcomes: FileOutcome[] = [];
  const isHeld = options.verification.verifier.algorithm.scheme === 'ed25519';
  const memory = new MemoryBudget(MAX_BYTES_HELD);
  let next = 0;
  async function lane(): Promise<void> {
    for (let at = next++; at < files.length; at = next++) {
      const file = files[at];
      if (file === undefined) return;
      signal.throwIfAborted();
      const outcome = await memory.run(isHeld ? file.size : 0, () => verifyFile(file, options));
      outcomes[at] = outcome;
      options.onOutcome(outcome);
      // Lets timers and signals run, because small files are read synchronously.
      if (at % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

/** Limits the memory of several tasks together; a task that needs more than the limit runs alone. */
export class MemoryBudget {
  readonly #bytes: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** `bytes` is the limit of all tasks together. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Runs a task that needs `bytes` of memory, as soon as they are available. */
  async run<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    while (this.#taken > 0 && this.#taken + bytes > this.#bytes) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#taken += bytes;
    try {
      return await task();
    } finally {
      this.#taken -= bytes;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }
}

async function verifyFile(file: ReleaseFile, options: VerifyOptions): Promise<FileOutcome> {
  const startedAt = performance.now();
  const outcome = (rest: Pick<FileOutcome, 'status' | 'sha256' | 'signatureSha256' | 'error'>): FileOutcome => {
    return { file, attempts: 0, elapsedMs: performance.now() - startedAt, ...rest };
  };
  try {
    const { output, suffix, patience } = options;
    const text = await patience.read(file.path + suffix, () =>
      readSignatureFile(output.realPathOf(file.path + suffix)),
    );
    // Before a release is first signed, no file has a signature, and no report shows the errors.
    if (text === undefined)
      return outcome({ status: 'failed', error: options.explain === 'name' ? missing(file, suffix) : undefined });
    const open = await patience.read(file.path, () => openFile(file));
    try {
      const { valid, sha256 } = await patience.readAgain(file.path, () =>
        checkStored(open, text, options.verification),
      );
      if (valid) return outcome({ status: 'verified', sha256, signatureSha256: hashText(text) });
      const error =
        options.explain === 'name'
          ? (await explainInvalid(file.path, open, { ...options.verification, text, advice: FETCH_AGAIN })).error
          : undefined;
      return outcome({ status: 'failed', sha256, error });
    } finally {
      open.close();
    }
  } catch (error) {
    return outcome({ status: 'failed', error: asInvalid(file, error) });
  }
}

const FETCH_AGAIN: Advice = {
  hint: 'The file or its signature was changed after signing, or verify-key is the key of somebody else: fetch both again from where they are published, and compare the key with the one that the publisher told you.',
};
const TEXT_CHANGED =
  'Fetch the signature again as it was published: an editor, a web page or a transfer may have changed its text.';

function missing({ path }: ReleaseFile, suffix: string): ActionError {
  return new ActionError('SIGNATURE_MISSING', `${show(path)} has no signature ${show(path + suffix)}.`, {
    hint: 'Sign the file, fetch its signature, or exclude the file; output-dir and suffix must be those of the signing run.',
  });
}

/** Converts an error; a text that is not strictly encoded becomes `SIGNATURE_INVALID`. */
function asInvalid({ path }: ReleaseFile, error: unknown): ActionError {
  const known = toActionError(error, 'FILE_UNREADABLE', `${show(path)} could not be checked.`);
  if (known.code !== 'RESP_BAD_SIGNATURE') return known;
  return new ActionError('SIGNATURE_INVALID', `The signature of ${show(path)} is not valid: ${known.message}`, {
    // Advice about the service does not help with a stored text.
    hint: known.hint === undefined || known.hint.startsWith('The service ') ? TEXT_CHANGED : known.hint,
    cause: known,
  });
}

/** Returns the failure for a signature whose file is gone. */
export function orphaned(path: string, suffix: string): FileOutcome {
  const error = new ActionError(
    'SIGNATURE_ORPHANED',
    `${show(path + suffix)} signs ${show(path)}, which is not there.`,
    { hint: 'Restore the file, or delete the signature: a customer would miss what it promises.' },
  );
  return failedPath(path + suffix, error, 'orphan');
}
