import { Refusal } from './call.ts';

const PREFIX = Buffer.from('{"data":"', 'latin1');
const SUFFIX = Buffer.from('"}', 'latin1');
const PIECE_CHARACTERS = 64 * 1024;

/** Length of the shortest body, which is that of an empty file. */
export const SHORTEST_BODY_BYTES = PREFIX.length + SUFFIX.length;

// Shared by all bodies: filled and read within one synchronous step.
const decoded = Buffer.alloc(PIECE_CHARACTERS);

/** Checks for exactly `{"data":"<canonical standard base64>"}` and passes the bytes on, or counts the rest. */
export class BodyReader {
  readonly #lengthBytes: number;
  readonly #sink: (bytes: Uint8Array) => void;
  #position = 0;
  #carry = '';
  #problem: Refusal | undefined;
  #decodedBytes = 0;

  /** `sink` gets views of a shared buffer, valid during the call only. */
  constructor(lengthBytes: number, sink: (bytes: Uint8Array) => void) {
    this.#lengthBytes = lengthBytes;
    this.#sink = sink;
  }

  /** Takes the next chunk of the body. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#problem === undefined) {
      const from = this.#position;
      const left = this.#lengthBytes - SUFFIX.length - from;
      if (from < PREFIX.length) this.#matchFrame(chunk[at], PREFIX[from]);
      else if (left % 4 !== 0 && from === PREFIX.length) this.#refuseLength();
      else if (left <= 0) this.#matchFrame(chunk[at], SUFFIX[-left]);
      else this.#decode(chunk.subarray(at, at + Math.min(left, PIECE_CHARACTERS - 4)));
      at += this.#position - from;
    }
    this.#position += chunk.length - at;
  }

  /** Ends the body and returns the number of decoded bytes; throws a {@link Refusal} after a problem. */
  finish(): number {
    if (this.#position !== this.#lengthBytes) {
      throw new Refusal(400, 'LENGTH_MISMATCH', 'The body is not as long as Content-Length says.');
    }
    if (this.#problem !== undefined) throw this.#problem;
    return this.#decodedBytes;
  }

  #matchFrame(actual: number | undefined, expected: number | undefined): void {
    this.#position += 1;
    if (actual !== expected) {
      this.#problem = new Refusal(
        400,
        'BODY_INVALID',
        `The body is not exactly {"data":"<base64>"}: it differs at byte ${this.#position - 1}.`,
      );
    }
  }

  #refuseLength(): void {
    this.#problem = new Refusal(
      400,
      'BASE64_INVALID',
      'The length of the base64 text in "data" is not a multiple of 4.',
    );
  }

  #decode(slice: Buffer): void {
    this.#position += slice.length;
    const text = this.#carry + slice.toString('latin1');
    const whole = text.length - (text.length % 4);
    this.#carry = text.slice(whole);
    const groups = text.slice(0, whole);
    const size = decoded.write(groups, 'base64');
    // Node decodes leniently, so the text must encode back to itself, with padding only at the very end.
    const last = this.#position === this.#lengthBytes - SUFFIX.length;
    if (decoded.toString('base64', 0, size) !== groups || (!last && groups.endsWith('='))) {
      this.#problem = new Refusal(400, 'BASE64_INVALID', '"data" is not canonical standard base64.');
      return;
    }
    this.#decodedBytes += size;
    this.#sink(decoded.subarray(0, size));
  }
}
