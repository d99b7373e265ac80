import { escapeHtml, percentEncode } from '../files/names.ts';

/** What stands in place of a secret. */
const STARS = '***';
/** An encoded form of a shorter secret is so short that it would hide innocent text. */
const MIN_ENCODED_LENGTH = 8;

/** The secrets of a run, in every form in which a text may repeat them. */
export class Masks {
  readonly #forms = new Set<string>();
  #longest = 0;

  /** Notes a secret; returns what the runner must be told to mask, which is nothing for a secret that is known already. */
  add(secret: string): readonly string[] {
    if (secret.trim() === '' || this.#forms.has(secret)) return [];
    const encoded = secret.length < MIN_ENCODED_LENGTH ? [] : encodedForms(secret);
    for (const form of [secret, ...escapedForms(secret), ...encoded]) {
      this.#forms.add(form);
      this.#longest = Math.max(this.#longest, form.length);
    }
    return [...new Set([secret, percentEncode(secret), ...encoded])];
  }

  /**
   * Replaces every form of every secret by `***` and cuts the text after `maxLength` characters of the original.
   *
   * The cut comes last: a secret that begins before it is replaced whole, so that no part of it is left.
   */
  scrub(text: string, maxLength = Number.POSITIVE_INFINITY): string {
    // What begins behind the cut need not be looked at.
    const searched = text.length > maxLength ? text.slice(0, maxLength + this.#longest) : text;
    return replaceForms(searched, this.#forms, maxLength);
  }

  /** Replaces the forms that are too long to stand in a count or a word by chance; meant for outputs. */
  scrubValue(text: string): string {
    const forms = [...this.#forms].filter((form) => form.length >= MIN_ENCODED_LENGTH);
    return replaceForms(text, forms, text.length);
  }
}

function replaceForms(text: string, forms: Iterable<string>, maxLength: number): string {
  let result = '';
  let end = 0;
  for (const [from, to] of findAll(text, forms)) {
    if (from >= maxLength) break;
    if (from >= end) result += text.slice(end, from) + STARS;
    end = Math.max(end, to);
  }
  return result + text.slice(end, Math.max(end, Math.min(maxLength, text.length)));
}

/** Where any of the forms begins and ends in a text, in the order of the beginnings. */
function findAll(text: string, forms: Iterable<string>): (readonly [start: number, end: number])[] {
  const found: (readonly [number, number])[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
  }
  return found.sort(([a], [b]) => a - b);
}

/** Forms that differ from the secret only in a few characters, or in none. */
function escapedForms(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const percent = [encodeURIComponent(secret.toWellFormed()), percentEncode(secret)];
  return [
    json,
    json.replace(/[^\x20-\x7E]/g, escapeUnit),
    ...percent,
    ...percent.map((form) => form.replace(/%../g, (code) => code.toLowerCase())),
    ...percent.map((form) => form.replaceAll('%20', '+')),
    escapeHtml(secret),
  ];
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Hex in both cases, and base64 in both alphabets at each of the three places where a secret may begin in a longer text. */
function encodedForms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters at either end also hold bits of what stands beside the secret.
    return text.slice(Math.ceil((shift * 4) / 3), (shift + bytes.length) % 3 === 0 ? undefined : -1);
  });
  const whole = bytes.toString('base64').replace(/=+$/, '');
  base64.push(whole);
  return [hex, hex.toUpperCase(), ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}
