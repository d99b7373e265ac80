import type { ActionError } from '../errors.ts';
import type { Patience } from '../files/patience.ts';
import { openFile } from '../files/reading/open-file.ts';
import { hashText } from '../files/reading/read-small.ts';
import type { FileOutcome, ReleaseFile } from '../files/release-file.ts';
import { explainInvalid, isValid, noneFits, type Verification } from '../verifying/check.ts';
import type { AnswerLog } from './answer-log.ts';
import { asFailure, Failure } from './policy/failure.ts';
import { type HashElsewhere, record } from './sent-bytes.ts';
import type { SignatureWriter, Signer } from './signer.ts';

/** Options of an attempt to sign a file. */
export interface AttemptOptions {
  readonly signer: Signer;
  readonly output: SignatureWriter;
  /** Repeats file operations that other programs block. */
  readonly patience: Patience;
  /** Appended to a file's path for the path of its signature. */
  readonly suffix: string;
  /** How new signatures are verified; absent without a verify-key. */
  readonly verification?: Verification | undefined;
  /** SHA-256 of the public key in the client's own certificate, as hex; a service never signs with that key. */
  readonly clientKeySha256?: string | undefined;
  /** Called for each unchecked signature with white space in its text, which strict decoders refuse. */
  readonly onWhiteSpace?: (() => void) | undefined;
  /** Tells whether a text contains a secret of this run; called for each unchecked signature. */
  readonly holdsSecret?: ((text: string) => boolean) | undefined;
  /** Hashes large files in another thread; absent to hash them in this thread. */
  readonly hashElsewhere?: HashElsewhere | undefined;
}

/** Result of a successful attempt. */
export type Signed = Pick<FileOutcome, 'sha256' | 'signatureSha256' | 'keyVersion'>;

/** Signs one file once; calls `onAnswered` when only local work is left; a second call has no effect. */
type Attempt = (file: ReleaseFile, signal: AbortSignal, onAnswered: () => void) => Promise<Signed>;

/** Creates the function that signs a file once: reads the file, requests, verifies and writes its signature. */
export function createAttempt(options: AttemptOptions, answers: AnswerLog): Attempt {
  const { signer, output, patience, suffix, verification, hashElsewhere, clientKeySha256 } = options;
  const { onWhiteSpace, holdsSecret } = options;
  /** By path, the connections of the failed attempts of a file without a result: they may lead to the bad one of several servers. */
  const usedBy = new Map<string, number[]>();
  return async (file, signal, onAnswered) => {
    const isLate = answers.hasRejected;
    const used = usedBy.get(file.path) ?? [];
    const open = await patience.read(file.path, () => openFile(file)).catch(fail);
    try {
      const source = record(file.path, open, { verifier: verification?.verifier, hashElsewhere, signal });
      const { text, keyVersion } = await signer.sign(source, signal, used);
      answers.receive(file);
      const { sha256, check } = await patience.readAgain(file.path, () => source.finish());
      // The next request is sent while another thread verifies this signature.
      if (answers.hasAccepted && verification) onAnswered();
      const answer = { file, sha256, text, isLate };
      if (verification && !(check && (await isValid(text, check, verification.encoding)))) {
        const areOthersValid = answers.hasAccepted;
        const advice = await answers.explain(answer, verification);
        const about = { ...verification, text, keyVersion, advice, areOthersValid };
        const invalid = await explainInvalid(file.path, { ...open, read: () => source.read() }, about);
        throw wrongSignature(invalid.error, noneFits(about, invalid, clientKeySha256));
      }
      if (!verification && holdsSecret?.(text)) throw secretInSignature();
      if (!verification && /\s/.test(text)) onWhiteSpace?.();
      answers.accept(answer);
      signal.throwIfAborted();
      onAnswered();
      await patience.write(file.path + suffix, () => output.write(file.path + suffix, text));
      usedBy.delete(file.path);
      return { sha256, signatureSha256: hashText(text), keyVersion };
    } catch (error) {
      usedBy.set(file.path, used);
      return fail(sizeLimit(error, file, answers.largest));
    } finally {
      open.close();
    }
  };
}

/** Explains a refusal of a file for its size when a file as large was accepted, and lets it be repeated: the repeat may reach the server that took that file. */
export function sizeLimit<E>(error: E, { size }: Pick<ReleaseFile, 'size'>, accepted: number): E | Failure {
  const isOdd = error instanceof Failure && error.code === 'FILE_TOO_LARGE_FOR_SERVER' && size <= accepted;
  if (!isOdd || error.kind !== 'file') return error;
  const hint = `A file of ${accepted} bytes was accepted in this run: one of several servers or gateways has a lower limit than the others. Ask the operators of the service.`;
  return error.with({ kind: 'request', maxAttempts: 6, hint });
}

function fail(error: unknown): never {
  const failure = asFailure(error);
  // When the disk is full, no other file can be written either.
  if (failure.code === 'OUTPUT_FULL') throw failure.with({ kind: 'config' });
  // A service with an unexpected encoding uses it for every file.
  if (failure.code === 'RESP_BAD_SIGNATURE') throw failure.with({ endsRun: 'first-four-files' });
  throw failure;
}

/** Builds the failure for a service that returns a secret, which must not be published as a signature. */
function secretInSignature(): Failure {
  return new Failure(
    'request',
    'RESP_BAD_SIGNATURE',
    'The answer holds a secret of this run where the signature should be.',
    {
      hint: 'The service returns what it was sent: show this line to its operators, and replace the secret. With verify-key, such an answer is never taken for a signature.',
      maxAttempts: 2,
    },
  );
}

/** Builds the failure of an invalid signature: another replica or answer may be right, but a wrong key ends the run. */
function wrongSignature(error: ActionError, ending: ActionError): Failure {
  return new Failure('request', error.code, error.message, {
    hint: error.hint ?? '',
    cause: error,
    maxAttempts: 2,
    endsRun: 'verify-key',
    ending: new Failure('config', ending.code, ending.message, {
      hint: ending.hint ?? '',
      cause: error,
      endsRun: 'verify-key',
    }),
  });
}
