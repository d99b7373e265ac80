/** Replaces secrets in foreign text and cuts the text after `maxLength` characters. */
export type Scrub = (text: string, maxLength?: number) => string;

/** Cuts a text as {@link Scrub} does; for a client that has no secret. */
export function cutOnly(text: string, maxLength?: number): string {
  return text.slice(0, maxLength);
}
