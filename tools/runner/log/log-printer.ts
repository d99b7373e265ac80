import type { Masks } from './masks.ts';

/** A foldable part of the log. */
export interface Group {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Prints the log that a user reads: masked, with the lines of a group below its title; `onLine` gets each new line. */
export class LogPrinter {
  readonly #masks: Masks;
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  readonly #groups: Array<{ title: string; lines: string[] }> = [];
  #group: { title: string; lines: string[] } | undefined;

  constructor(masks: Masks, onLine: (line: string) => void = () => {}) {
    this.#masks = masks;
    this.#onLine = onLine;
  }

  /** Everything printed so far; each line ends in LF. */
  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** The groups opened so far; lines of a group are also in {@link text}, indented by two columns. */
  get groups(): Group[] {
    return this.#groups.map((group) => ({ title: group.title, lines: [...group.lines] }));
  }

  /** Prints a message, which may have several lines. */
  print(text: string): void {
    for (const line of this.#masks.mask(text).split(/\r\n|\r|\n/)) {
      this.#group?.lines.push(line);
      const shown = this.#group === undefined ? line : `  ${line}`;
      this.#lines.push(shown);
      this.#onLine(shown);
    }
  }

  /** Opens a group and closes the previous one, because GitHub has no nested groups. */
  openGroup(title: string): void {
    this.closeGroup();
    this.print(`▼ ${title}`);
    this.#group = { title: this.#masks.mask(title), lines: [] };
    this.#groups.push(this.#group);
  }

  /** Closes the open group, if there is one. */
  closeGroup(): void {
    this.#group = undefined;
  }
}
