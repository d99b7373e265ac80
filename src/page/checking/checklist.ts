import type { Tally } from '../judging/summary.ts';
import { type Court, judge, UNREADABLE, type Verdict, type VerdictKind } from '../judging/verdict.ts';
import type { Hashing } from '../worker/hashing.ts';
import { Checker, type Progress } from './checker.ts';
import { type Entry, type GivenFile, groupByPath } from './entry.ts';
import { Signatures } from './signatures.ts';
import { inSlices } from './slices.ts';

interface ChecklistEvents {
  /** Called when an entry gets a verdict, or loses it because it is replaced or checked again. */
  readonly onChanged: (entry: Entry) => void;
  readonly onProgress: () => void;
}

/** All files that were given, their signatures and the verdicts about them. */
export class Checklist {
  readonly #court: Omit<Court, 'isOtherKey'>;
  readonly #listed: number;
  readonly #events: ChecklistEvents;
  readonly #signatures: Signatures;
  readonly #checker: Checker;
  /** By the given path, because two spellings of a name are two files; several come from different folders. */
  readonly #entries = new Map<string, readonly Entry[]>();
  /** Number of files that were replaced by others with the same path. */
  #replaced = 0;
  readonly #kinds = new Map<VerdictKind, number>();
  /** Paths in the list for which a file was given. */
  readonly #seen = new Set<string>();
  #isOtherKey = false;
  /** Number of given files that are not queued yet. */
  #untaken = 0;
  /** Number of tasks over all files that are running or waiting. */
  #turns = 0;
  #last = Promise.resolve();

  /** `listed` is the number of files in the list. */
  constructor(
    court: Omit<Court, 'isOtherKey'>,
    hashing: Hashing,
    { listed, ...events }: ChecklistEvents & { readonly listed: number },
  ) {
    this.#court = court;
    this.#listed = listed;
    this.#events = events;
    this.#signatures = new Signatures(court.listing);
    this.#checker = new Checker(hashing, (path) => this.#signatures.of(path), {
      onChecked: (entry) => this.#settle(entry),
      onProgress: events.onProgress,
    });
  }

  /** Takes files and signatures in any order; works in slices, because the sizes of 10,000 files take a browser seconds. */
  add(given: readonly GivenFile[]): void {
    const { suffix } = this.#court;
    const files = given.filter(({ path }) => !path.endsWith(suffix));
    const signatures = given.filter(({ path }) => path.endsWith(suffix));
    this.#untaken += files.length;
    this.#inTurn(async () => {
      await inSlices(groupByPath(signatures), ([path, now]) =>
        this.#signatures.add(path.slice(0, -suffix.length), now),
      );
      await inSlices(groupByPath(files), ([path, now]) => {
        this.#replace(path, now);
        this.#untaken -= now.length;
        this.#events.onProgress();
      });
      await inSlices(this.#all(), (entry) => this.#recheck(entry));
    });
  }

  /** Queues a task over all files; the summary waits for the last task. */
  #inTurn(work: () => Promise<void>): void {
    this.#turns++;
    this.#events.onProgress();
    this.#last = this.#last.then(work).then(() => {
      this.#turns--;
      this.#events.onProgress();
    });
  }

  /** Checks the files of a path, and drops the earlier ones, because the reader may have corrected a file. */
  #replace(path: string, files: readonly File[]): void {
    for (const before of this.#entries.get(path) ?? []) {
      this.#withdraw(before);
      if (!files.some((file) => isSameFile(file, before.file))) this.#replaced++;
    }
    const entries = files.map(
      (file): Entry => ({ path, file, pass: undefined, signature: undefined, facts: undefined, verdict: undefined }),
    );
    this.#entries.set(path, entries);
    for (const entry of entries) this.#checker.enqueue(entry);
  }

  #all(): readonly Entry[] {
    return [...this.#entries.values()].flat();
  }

  /** Sets whether the reader expects another key than the page's, and updates the verdicts. */
  expectOtherKey(isOtherKey: boolean): void {
    if (isOtherKey === this.#isOtherKey) return;
    this.#isOtherKey = isOtherKey;
    this.#inTurn(() => inSlices(this.#all(), (entry) => entry.facts && this.#announce(entry)));
  }

  /** Returns the counts for the summary. */
  get tally(): Tally {
    const waiting = this.#checker.progress.waiting + this.#untaken;
    const isBusy = waiting > 0 || this.#turns > 0;
    // Counted only at the end: the result is not final before, and this getter is called often.
    const used = isBusy ? [] : this.#all().map(({ path }) => this.#signatures.of(path));
    const loneSignatures = isBusy ? 0 : this.#signatures.countOthers(new Set(used));
    const [listed, seen, replaced] = [this.#listed, this.#seen.size, this.#replaced];
    return { kinds: this.#kinds, waiting, isBusy, listed, seen, replaced, loneSignatures };
  }

  /** Returns the progress of the check. */
  get progress(): Progress & { readonly untaken: number } {
    return { ...this.#checker.progress, untaken: this.#untaken };
  }

  /** Announces a checked entry unless another file has replaced it, and checks it again for a new signature. */
  #settle(entry: Entry): void {
    if (!this.#entries.get(entry.path)?.includes(entry)) {
      this.#events.onProgress();
      return;
    }
    this.#noteSeen(entry);
    this.#announce(entry);
    this.#recheck(entry);
  }

  #announce(entry: Entry): void {
    const verdict = entry.facts ? judge(entry.facts, { ...this.#court, isOtherKey: this.#isOtherKey }) : UNREADABLE;
    // A verdict of the same kind has the same text, so its row can stay.
    if (verdict.kind === entry.verdict?.kind) return;
    this.#count(entry.verdict, -1);
    entry.verdict = verdict;
    this.#count(entry.verdict, 1);
    this.#events.onChanged(entry);
  }

  /** Checks a file again if its signature was given later. */
  #recheck(entry: Entry): void {
    if (entry.verdict === undefined || this.#signatures.of(entry.path) === entry.signature) return;
    this.#withdraw(entry);
    this.#checker.enqueue(entry);
  }

  #withdraw(entry: Entry): void {
    this.#count(entry.verdict, -1);
    entry.verdict = undefined;
    entry.facts = undefined;
    this.#events.onChanged(entry);
  }

  #noteSeen({ path, facts }: Entry): void {
    const { listing } = this.#court;
    const named = listing.byPath(path);
    const sha256 = facts?.sha256 ?? '';
    const meant =
      named.length === 0 ? listing.bySha256(sha256) : named.filter((file) => named.length === 1 || file[2] === sha256);
    for (const [listed] of meant) this.#seen.add(listed);
  }

  #count(verdict: Verdict | undefined, by: 1 | -1): void {
    if (verdict === undefined) return;
    const amount = (this.#kinds.get(verdict.kind) ?? 0) + by;
    if (amount === 0) this.#kinds.delete(verdict.kind);
    else this.#kinds.set(verdict.kind, amount);
  }
}

/** Tells whether a file was given twice; a changed file has another modification time. */
function isSameFile(one: File, other: File): boolean {
  return one.size === other.size && one.lastModified === other.lastModified;
}
