import type { Checklist } from '../checking/checklist.ts';
import type { Entry } from '../checking/entry.ts';
import type { Comparison } from '../judging/fingerprint.ts';
import { showName } from '../judging/names.ts';
import { count, type Summary, summarize } from '../judging/summary.ts';
import { find, make, throttle } from './elements.ts';
import { formatBytes } from './units.ts';

/** Time between two updates, in milliseconds. */
const FRAME_MS = 100;
/** Longest time for rows in one update, in milliseconds. */
const ROWS_MS = 25;
/** Time between two announcements for screen readers, in milliseconds. */
const SPEECH_MS = 5000;
/** Longer lists of genuine files are folded, and of longer lists the browser draws only the visible rows. */
const MOST_OPEN = 100;
const MARKS = { good: '\u2713', open: '!', bad: '\u2715' } as const;

/** Shows verdicts and progress. */
export class Results {
  readonly #checklist: () => Checklist;
  readonly #fingerprint: string;
  readonly #rows = new Map<Entry, HTMLElement>();
  readonly #dirty = new Set<Entry>();
  readonly #headline = find('headline', HTMLElement);
  readonly #details = find('summary', HTMLElement);
  readonly #spoken = find('spoken', HTMLElement);
  readonly #progress = find('progress', HTMLProgressElement);
  readonly #progressBox = find('progress-box', HTMLElement);
  readonly #progressText = find('progress-text', HTMLElement);
  readonly #problems = find('problems', HTMLElement);
  readonly #genuine = find('genuine', HTMLElement);
  readonly #genuineBox = find('genuine-box', HTMLDetailsElement);
  /** Updates the page soon; one update covers many changes. */
  readonly refresh = throttle(FRAME_MS, () => this.#show());
  #spokenAt = Number.NEGATIVE_INFINITY;
  #isFolded = false;
  #hasFailed = false;
  #compared: Comparison['state'] = 'empty';

  constructor(checklist: () => Checklist, fingerprint: string) {
    this.#checklist = checklist;
    this.#fingerprint = fingerprint;
  }

  /** Updates an entry whose verdict changed or was withdrawn. */
  change(entry: Entry): void {
    this.#dirty.add(entry);
    this.refresh();
  }

  /** Sets the result of comparing the key with an expected fingerprint. */
  compare(state: Comparison['state']): void {
    this.#compared = state;
    this.refresh();
  }

  /** Scrolls the results into view. */
  reveal(): void {
    find('verdict', HTMLElement).scrollIntoView({ block: 'nearest' });
  }

  /** Shows that no file can be checked in this browser. */
  fail(reason: string): void {
    this.#hasFailed = true;
    this.#headline.textContent = 'This browser cannot check the files: nothing more is said about them.';
    this.#details.replaceChildren(
      make('li', '', `The part of the page that checks the files was stopped (${reason}).`),
    );
    document.body.dataset['tone'] = 'bad';
    this.#progressBox.hidden = true;
    this.#spoken.textContent = this.#headline.textContent;
  }

  #show(): void {
    this.#placeRows();
    if (this.#hasFailed) return;
    const { tally, progress } = this.#checklist();
    // The headline changes after the last of the rows; a wrong key is shown at once.
    if (this.#dirty.size > 0 && !tally.isBusy && this.#compared !== 'other') return;
    const summary = summarize(tally, { fingerprint: this.#fingerprint, compared: this.#compared });
    this.#headline.textContent = summary.headline;
    this.#details.replaceChildren(...summary.details.map((text) => make('li', '', text)));
    document.body.dataset['tone'] = summary.tone;
    this.#showProgress(progress, tally.isBusy);
    this.#foldGenuine();
    this.#speak(summary);
  }

  #placeRows(): void {
    const start = performance.now();
    for (const entry of this.#dirty) {
      if (performance.now() - start >= ROWS_MS) {
        this.refresh();
        break;
      }
      this.#dirty.delete(entry);
      this.#place(entry);
    }
    for (const rows of [this.#problems, this.#genuine])
      rows.classList.toggle('long', rows.childElementCount > MOST_OPEN);
  }

  #place(entry: Entry): void {
    this.#rows.get(entry)?.remove();
    this.#rows.delete(entry);
    if (entry.verdict === undefined) return;
    const row = rowOf(entry);
    this.#rows.set(entry, row);
    (entry.verdict.tone === 'good' ? this.#genuine : this.#problems).append(row);
  }

  #showProgress({ bytesRead, bytesGiven, current, untaken }: Checklist['progress'], isBusy: boolean): void {
    this.#progressBox.hidden = !isBusy;
    // The total size is known only when every file is queued.
    if (untaken > 0 || bytesGiven === 0) this.#progress.removeAttribute('value');
    else this.#progress.value = bytesRead / bytesGiven;
    const amount =
      untaken > 0 ? `${count(untaken, 'file')} to look up` : `${formatBytes(bytesRead)} of ${formatBytes(bytesGiven)}`;
    this.#progressText.replaceChildren(amount, ...(current ? [' \u00B7 ', make('bdi', '', showName(current))] : []));
  }

  #foldGenuine(): void {
    const { childElementCount } = this.#genuine;
    this.#genuineBox.hidden = childElementCount === 0;
    find('genuine-title', HTMLElement).textContent = `As it should be: ${childElementCount}`;
    if (childElementCount <= MOST_OPEN || this.#isFolded) return;
    // Folded only once, because a reader who opens the list wants to read it.
    this.#isFolded = true;
    this.#genuineBox.open = false;
  }

  /** Announces the progress now and then, and the verdicts at the end, to screen readers. */
  #speak({ tone, headline, details }: Summary): void {
    const now = performance.now();
    if (tone === 'none' || (tone === 'busy' && now - this.#spokenAt < SPEECH_MS)) return;
    this.#spokenAt = now;
    const problems =
      tone === 'busy' ? [] : [...this.#problems.children].slice(0, 5).map(({ textContent }) => textContent);
    const text = [headline, ...details, ...problems].join(' ');
    if (text !== this.#spoken.textContent) this.#spoken.textContent = text;
  }
}

function rowOf({ path, file, verdict }: Entry): HTMLElement {
  if (verdict === undefined) return make('li', '');
  const { tone, title, detail } = verdict;
  const mark = make('span', 'mark', MARKS[tone]);
  mark.setAttribute('aria-hidden', 'true');
  const row = make(
    'li',
    `row ${tone}`,
    mark,
    make('strong', 'title', title),
    ' ',
    make('bdi', 'name', showName(path)),
    ' ',
    make('span', 'size', formatBytes(file.size)),
    ' ',
    make('span', 'detail', detail),
  );
  row.dataset['kind'] = verdict.kind;
  return row;
}
