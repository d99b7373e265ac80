import type { Command } from './commands.ts';
import type { Masks } from './masks.ts';

/** Severity of an annotation, and name of its command. */
export type AnnotationType = 'error' | 'warning' | 'notice';

/** A message that GitHub shows on the page of the run. */
export interface Annotation {
  readonly type: AnnotationType;
  readonly title: string | undefined;
  readonly message: string;
  readonly file: string | undefined;
  readonly line: string | undefined;
}

/** Most annotations that GitHub shows for each type and step; others are dropped silently. */
const MOST_PER_TYPE = 10;
const MOST_CHARACTERS = 4096;

/** Shortens a masked message as the runner does, for the page and the log. */
export function shortenMessage(text: string): string {
  return text.slice(0, MOST_CHARACTERS);
}

/**
 * The annotations of one step as they reach the page: at most ten of each type, the message masked and shortened.
 *
 * The runner masks only the message: a secret in a title or a file name is shown.
 */
export class Annotations {
  readonly #shown: Annotation[] = [];
  readonly #masks: Masks;

  constructor(masks: Masks) {
    this.#masks = masks;
  }

  /** The annotations that the page of the run shows. */
  get shown(): readonly Annotation[] {
    return [...this.#shown];
  }

  /** Adds the annotation of an `error`, `warning` or `notice` command. */
  add(type: AnnotationType, { data, properties }: Pick<Command, 'data' | 'properties'>): void {
    if (this.#shown.filter((annotation) => annotation.type === type).length >= MOST_PER_TYPE) return;
    this.#shown.push({
      type,
      title: properties['title'],
      message: shortenMessage(this.#masks.mask(data)),
      file: properties['file'],
      line: properties['line'],
    });
  }
}
