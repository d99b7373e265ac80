import { bare, type Spelling } from './spellings.ts';

/** A text and a secret share so many letters and digits in a row only when the text repeats the secret. */
const PIECE_LENGTH = 16;
/** Encoded forms are long and many, so that only every eighth piece of them is noted: a whole form is found whole, a cut one nearly. */
const ENCODED_STEP = 8;

/** Letters and digits of secrets, for texts that have another case or other blanks, or that repeat only a part of a secret. */
export class Pieces {
  readonly #pieces = new Set<string>();
  /** Forms that are not divided yet: dividing takes milliseconds, and most runs quote no text of others. */
  readonly #undivided: (readonly [form: string, step: number])[] = [];

  /** Notes a secret and its forms in base64 and hex. */
  add(secret: string, encoded: readonly string[]): void {
    this.#undivided.push([secret, 1], ...encoded.map((form) => [form, ENCODED_STEP] as const));
  }

  /** Finds where pieces of secrets begin and end in the letters and digits of a text. */
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
