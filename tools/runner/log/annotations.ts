import type { Command } from './commands.ts';
import type { Masks } from './masks.ts';

/** How bad it is; also the name of the command that makes it. */
export type AnnotationType = 'error' | 'warning' | 'notice';

/** A message that GitHub shows on the page of the run. */
export interface Annotation {
  readonly type: AnnotationType;
  readonly title: string | undefined;
  readonly message: string;
  readonly file: string | undefined;
  readonly line: string | undefined;
}

/** GitHub shows this many annotations of each type and step, and drops the others without a word. */
const MOST_PER_TYPE = 10;
const MOST_CHARACTERS = 4096;

/** The annotations of one step as they reach the page: masked, shortened, and at most ten of each type. */
export class Annotations {
  readonly #shown: Annotation[] = [];
  readonly #masks: Masks;

  constructor(masks: Masks) {
    this.#masks = masks;
  }

  /** What the page of the run shows. */
  get shown(): readonly Annotation[] {
    return [...this.#shown];
  }

  /** Adds what an `error`, `warning` or `notice` command says. */
  add(type: AnnotationType, { data, properties }: Pick<Command, 'data' | 'properties'>): void {
    if (this.#shown.filter((annotation) => annotation.type === type).length >= MOST_PER_TYPE) return;
    const mask = (text: string | undefined) => (text === undefined ? undefined : this.#masks.mask(text));
    this.#shown.push({
      type,
      title: mask(properties['title']),
      message: this.#masks.mask(data).slice(0, MOST_CHARACTERS),
      file: mask(properties['file']),
      line: properties['line'],
    });
  }
}
