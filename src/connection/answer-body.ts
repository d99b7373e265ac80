/** Largest body that is read of an answer, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Most pieces of a body; each one costs time and keeps its receive buffer alive. */
const MAX_PIECES = 4096;
/** Most bytes of an answer on the wire; the framing of a body may be larger than the body. */
const MAX_WIRE_BYTES = 4 * 1024 * 1024;
/** Initial size of the buffer in bytes; enough for a signature with its surroundings. */
const FIRST_BYTES = 4 * 1024;

const EMPTY = Buffer.alloc(0);

/** Collects the body of an answer in one buffer that grows, within limits on its bytes, its pieces and its framing. */
export class AnswerBody {
  #buffer: Buffer = EMPTY;
  #length = 0;
  #pieces = 0;

  /** Takes the next piece; `wireBytes` counts since the request. Returns the reason if the answer is refused. */
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

  /** Number of bytes so far. */
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
