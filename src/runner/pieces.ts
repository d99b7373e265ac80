import { bare, type Spelling } from './spellings.ts';

/** Number of consecutive letters and digits that a text shares with a secret only by repeating it. */
const PIECE_LENGTH = 16;
/** Only every eighth piece of the many long encoded forms is stored; a complete form is still found completely. */
const ENCODED_STEP = 8;

/** Finds parts of secrets by their letters and digits, in texts with other case or blanks, or with only a part. */
export class Pieces {
  readonly #pieces = new Set<string>();
  /** Forms that are not split yet; splitting takes milliseconds, and most runs quote no foreign text. */
  readonly #undivided: (readonly [form: string, step: number])[] = [];

  /** Adds a secret and its forms in base64 and hex. */
  add(secret: string, encoded: readonly string[]): void {
    this.#undivided.push([secret, 1], ...encoded.map((form) => [form, ENCODED_STEP] as const));
  }

  /** Returns the ranges of pieces of secrets in the letters and digits of a text. */
  find({ text, starts, ends }: Spelling): (readonly [start: number, end: number])[] {
    this.#divide();
    const found: (readonly [number, number])[] = [];
    for (let at = 0; at + PIECE_LENGTH <= text.length; at++) {
      if (this.#pieces.has(text.slice(at, at + PIECE_LENGTH)))
        found.push([starts[at] ?? 0, ends[at + PIECE_LENGTH - 1] ?? 0]);
    }
    return found;
  }

  #divide(): void {
    for (const [form, step] of this.#undivided.splice(0)) {
      const text = bare(form);
      const last = text.length - PIECE_LENGTH;
      for (let at = 0; at < last; at += step) this.#pieces.add(text.slice(at, at + PIECE_LENGTH));
      if (last >= 0) this.#pieces.add(text.slice(last));
    }
  }
}
