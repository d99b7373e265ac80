/** Longest body of an answer that is read, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Most pieces in which a body may come: each one costs time, and keeps the buffer that it was received in alive. */
const MAX_PIECES = 4096;
/** Most bytes of an answer on its connection; the framing of a body may take more than the body. */
const MAX_WIRE_BYTES = 4 * 1024 * 1024;
/** A signature and what stands around it fit into this. */
const FIRST_BYTES = 4 * 1024;

const EMPTY = Buffer.alloc(0);

/** Collects the body of an answer in one buffer that grows, within limits on its bytes, its pieces and its framing. */
export class AnswerBody {
  #buffer: Buffer = EMPTY;
  #length = 0;
  #pieces = 0;

  /** Takes the next piece; `wireBytes` have come on the connection since the request. Returns why the answer is refused, if it is. */
  add(piece: Buffer, wireBytes: number): string | undefined {
    const length = this.#length + piece.length;
    this.#pieces++;
    if (length > MAX_BODY_BYTES) return 'is larger than 1 MiB';
    if (this.#pieces > MAX_PIECES) return `comes in more than ${MAX_PIECES} pieces`;
    if (wireBytes > MAX_WIRE_BYTES) return 'takes more than 4 MiB on the connection';
    if (this.#pieces === 1) this.#buffer = piece;
    else this.#append(piece, length);
    this.#length = length;
    return undefined;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Returns the whole body. */
  bytes(): Buffer {
    return this.#buffer.length === this.#length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  #append(piece: Buffer, length: number): void {
    if (this.#pieces === 2 || this.#buffer.length < length) {
      const grown = Buffer.allocUnsafe(Math.min(MAX_BODY_BYTES, Math.max(FIRST_BYTES, 2 * length)));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    piece.copy(this.#buffer, this.#length);
  }
}
