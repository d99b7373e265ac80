import { bare, bareOf, type Spelling } from './spellings.ts';

/** Number of consecutive letters and digits that a text shares with a secret only by repeating it. */
const PIECE_LENGTH = 16;
/** Only every eighth piece of the many long encoded forms is stored; a complete form is still found completely. */
const ENCODED_STEP = 8;

/** Finds parts of secrets by their letters and digits, in texts with other case or blanks, or with only a part. */
export class Pieces {
  readonly #pieces = new Set<string>();
  /** Pieces as they stand, of secrets that have few letters and digits. */
  readonly #exact = new Set<string>();
  /** Forms that are not split yet; splitting takes milliseconds, and most runs quote no foreign text. */
  readonly #undivided: (readonly [form: string, step: number])[] = [];

  /** Adds a secret and its forms in base64 and hex. */
  add(secret: string, encoded: readonly string[]): void {
    this.#undivided.push([secret, 1], ...encoded.map((form) => [form, ENCODED_STEP] as const));
  }

  /** Returns the ranges of pieces of secrets in a text, and in its letters and digits. */
  find(spelling: Spelling): Range[][] {
    this.#divide();
    return [findPieces(bareOf(spelling), this.#pieces), findPieces(spelling, this.#exact)];
  }

  #divide(): void {
    for (const [form, step] of this.#undivided.splice(0)) {
      const text = bare(form);
      // A part of a marker line of PEM is no secret.
      if (step === 1 && !/[\r\n]/.test(form))
        for (let at = 0; at + PIECE_LENGTH <= form.length; at++) this.#exact.add(form.slice(at, at + PIECE_LENGTH));
      const last = text.length - PIECE_LENGTH;
      for (let at = 0; at < last; at += step) this.#pieces.add(text.slice(at, at + PIECE_LENGTH));
      if (last >= 0) this.#pieces.add(text.slice(last));
    }
  }
}

type Range = readonly [start: number, end: number];

function findPieces({ text, starts, ends }: Spelling, pieces: ReadonlySet<string>): Range[] {
  const found: Range[] = [];
  for (let at = 0; at + PIECE_LENGTH <= text.length; at++) {
    if (pieces.has(text.slice(at, at + PIECE_LENGTH))) found.push([starts[at] ?? 0, ends[at + PIECE_LENGTH - 1] ?? 0]);
  }
  return found;
}
