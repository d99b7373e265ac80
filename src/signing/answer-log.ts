import { show } from '../files/names.ts';
import { openFile, SMALL_FILE_BYTES } from '../files/reading/open-file.ts';
import type { ReleaseFile } from '../files/release-file.ts';
import { type Advice, isValid, type Verification } from '../verifying/check.ts';
import { decodeSignature } from '../verifying/encoding.ts';
import { mayBeSignature } from '../verifying/layout.ts';
import type { Failure } from './policy/failure.ts';

/** An answer that a file got in this run. */
interface Answer {
  readonly file: ReleaseFile;
  /** SHA-256 of the file, as hex. */
  readonly sha256: string;
  readonly text: string;
  /** Whether the request began after a signature that was not valid. */
  readonly isLate: boolean;
}

/** Answers that are remembered; answers are mixed up among requests that are under way at the same time. */
const REMEMBERED = 48;
/** Answers that are explained in a run; each costs up to two verifications and the bytes of a file for each one remembered. */
const EXPLAINED = 24;

/** The latest answers of a run, which tell whether a signature that fits no bytes belongs to another file. */
export class AnswerLog {
  /** The oldest one first. */
  readonly #answers: Answer[] = [];
  #explained = 0;
  #hasAccepted = false;
  #largest = -1;
  #hasRejected = false;
  /** Answers to requests that began after a signature that was not valid. */
  readonly #late = { valid: 0, invalid: 0 };
  /** What was found last about answers that were mixed up. */
  #mixedUp: Advice | undefined;

  /** Whether an answer was accepted; before that the key may be wrong, and further requests could be useless. */
  get hasAccepted(): boolean {
    return this.#hasAccepted;
  }

  /** Whether a signature was not valid. */
  get hasRejected(): boolean {
    return this.#hasRejected;
  }

  /** Names a rotated key, once the run is over, as the cause where no signature was valid any more. */
  atEnd(failure: Failure): Failure {
    const { valid, invalid } = this.#late;
    const isRotated = valid === 0 && invalid >= ROTATED_FROM && failure.hint === OTHER_SERVER.hint;
    return isRotated ? failure.with({ hint: ROTATED }) : failure;
  }

  /** Size of the largest file that was answered with a signature, in bytes; -1 without one. */
  get largest(): number {
    return this.#largest;
  }

  /** Learns that a signature has come, before it is checked. */
  receive({ size }: ReleaseFile): void {
    this.#largest = Math.max(this.#largest, size);
  }

  /** Learns of a signature that is valid, or is not checked. */
  accept(answer: Answer): void {
    this.#hasAccepted = true;
    if (answer.isLate) this.#late.valid++;
    this.#add(answer);
  }

  /** Learns of a signature that is not valid for its file; says what the other answers show about it, or `undefined` when they show nothing. */
  async explain(answer: Answer, verification: Verification): Promise<Advice | undefined> {
    this.#hasRejected = true;
    if (answer.isLate) this.#late.invalid++;
    const isOdd = !mayBeSignature(decodeSignature(answer.text, verification.encoding));
    const found = isOdd ? undefined : await this.#look(answer, verification);
    this.#add(answer);
    return found ?? (this.hasAccepted ? OTHER_SERVER : undefined);
  }

  #add(answer: Answer): void {
    if (this.#answers.push(answer) > REMEMBERED) this.#answers.shift();
  }

  async #look(answer: Answer, verification: Verification): Promise<Advice | undefined> {
    const others = this.#answers.filter(({ sha256 }) => sha256 !== answer.sha256).reverse();
    const same = others.find(({ text }) => text === answer.text);
    if (same) return sameAs(same.file.path);
    if (this.#explained++ < EXPLAINED) this.#mixedUp = (await findOther(answer, others, verification)) ?? this.#mixedUp;
    return this.#mixedUp;
  }
}

/** Invalid signatures, with no valid one, that show a new key; one of two servers with another key gives so many in one of 32 runs. */
const ROTATED_FROM = 5;
const ROTATED =
  'Signatures of this run fit verify-key up to one moment, and none after it: the service probably rotated its key during the run. Ask its operators; if so, give the new public key as verify-key, and sign all files again.';

/** Hint for an invalid signature when others were valid with the same key. */
const OTHER_SERVER: Advice = {
  hint: 'Other signatures of this run fit verify-key: one of several servers behind a balancer may sign with another key, or this answer was changed on the way. Ask the operators.',
};

/** Finds another file whose signature this is, or whose answer is the signature of this file. */
async function findOther(
  { file, text }: Answer,
  others: readonly Answer[],
  { verifier, encoding }: Verification,
): Promise<Advice | undefined> {
  const own = read(file);
  for (const other of others) {
    const theirs = read(other.file);
    if (theirs && (await isValid(text, verifier.whole(theirs), encoding))) return mixedUp(other.file, file);
    if (own && (await isValid(other.text, verifier.whole(own), encoding))) return mixedUp(file, other.file);
  }
  return undefined;
}

/** Reads a file as it is now; `undefined` for a large file, or one that cannot be read. */
function read(file: ReleaseFile): Uint8Array | undefined {
  if (file.size > SMALL_FILE_BYTES) return undefined;
  try {
    const content = openFile(file).read();
    return Array.isArray(content) ? (content[0] ?? new Uint8Array()) : undefined;
  } catch {
    return undefined;
  }
}

function mixedUp(owner: ReleaseFile, receiver: ReleaseFile): Advice {
  const hint = `The signature of ${show(owner.path)} came as the answer for ${show(receiver.path)}: verify-key is the right key, and the service, or a gateway or cache in front of it, mixes up the answers to different requests. Ask their operators.`;
  return { hint, hasOtherCause: true };
}

/** Says what to do about a signature that another file has got too. */
function sameAs(path: string): Advice {
  const hint = `It is the same signature as that of ${show(path)}, a file with other bytes: the service takes both for the same file or mixes its answers up, or a cache or gateway in front of it gives the answer to one request again for another one. Ask the operators of the service first.`;
  return { hint };
}
