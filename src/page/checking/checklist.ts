import type { Tally } from '../judging/summary.ts';
import { type Court, judge, UNREADABLE, type Verdict, type VerdictKind } from '../judging/verdict.ts';
import type { Hashing } from '../worker/hashing.ts';
import { Checker, type Progress } from './checker.ts';
import { type Entry, type GivenFile, groupByPath } from './entry.ts';
import { Signatures } from './signatures.ts';
import { inSlices } from './slices.ts';

interface ChecklistEvents {
  readonly onVerdict: (entry: Entry) => void;
  /** The entry gives way to another file of its path, or is checked again. */
  readonly onWithdrawn: (entry: Entry) => void;
  readonly onProgress: () => void;
}

/** All files that were given, their signatures and the verdicts about them. */
export class Checklist {
  readonly #court: Omit<Court, 'isOtherKey'>;
  readonly #listed: number;
  readonly #events: ChecklistEvents;
  readonly #signatures: Signatures;
  readonly #checker: Checker;
  /**
   * By path as it was given, because two spellings of one name are two files; several of one path when they were
   * given at once, from different folders.
   */
  readonly #entries = new Map<string, readonly Entry[]>();
  /** Files that gave way to others of their path. */
  #replaced = 0;
  readonly #kinds = new Map<VerdictKind, number>();
  /** Paths of the list that a given file was meant for. */
  readonly #seen = new Set<string>();
  #isOtherKey = false;
  /** Files that were given and are not queued yet. */
  #untaken = 0;
  /** Works on all files that have begun or wait for their turn, and the end of the last of them. */
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

  /**
   * Takes files and signatures, in any order, and checks what can be checked now.
   *
   * It goes on in slices: browsers look up the size of a file when they are asked for it, which takes seconds for
   * 10,000 files. What is given later waits for its turn.
   */
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
      await this.#forEach((entry) => this.#recheck(entry));
    });
  }

  /** Works on all files after everything else that does; until then nothing is summed up. */
  #inTurn(work: () => Promise<void>): void {
    this.#turns++;
    this.#events.onProgress();
    this.#last = this.#last.then(work).then(() => {
      this.#turns--;
      this.#events.onProgress();
    });
  }

  #forEach(step: (entry: Entry) => void): Promise<void> {
    return inSlices(this.#all(), step);
  }

  /** Checks the files of a path; those that were given under it before give way, because one may have been mended. */
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

  /** Says whether the reader expects another key than that of the page; its verdicts follow. */
  expectOtherKey(isOtherKey: boolean): void {
    if (isOtherKey === this.#isOtherKey) return;
    this.#isOtherKey = isOtherKey;
    this.#inTurn(() => this.#forEach((entry) => entry.facts && this.#announce(entry)));
  }

  /** Counts what was found. */
  get tally(): Tally {
    const waiting = this.#checker.progress.waiting + this.#untaken;
    const isBusy = waiting > 0 || this.#turns > 0;
    // Many times while files wait, and only then known for sure.
    const loneSignatures = isBusy ? 0 : this.#countLoneSignatures();
    const [listed, seen, replaced] = [this.#listed, this.#seen.size, this.#replaced];
    return { kinds: this.#kinds, waiting, isBusy, listed, seen, replaced, loneSignatures };
  }

  #countLoneSignatures(): number {
    return this.#signatures.countOthers(new Set(this.#all().map(({ path }) => this.#signatures.of(path))));
  }

  /** How far the check has come. */
  get progress(): Progress & { readonly untaken: number } {
    return { ...this.#checker.progress, untaken: this.#untaken };
  }

  /** An entry was checked: announces it, unless another file took its place or its signature came meanwhile. */
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
    // Of the same facts there is one verdict of a kind: its row need not be made anew.
    if (verdict.kind === entry.verdict?.kind) return;
    this.#count(entry.verdict, -1);
    entry.verdict = verdict;
    this.#count(entry.verdict, 1);
    this.#events.onVerdict(entry);
  }

  /** Checks a file again whose signature was given after it. */
  #recheck(entry: Entry): void {
    if (entry.verdict === undefined || this.#signatures.of(entry.path) === entry.signature) return;
    this.#withdraw(entry);
    this.#checker.enqueue(entry);
  }

  #withdraw(entry: Entry): void {
    this.#count(entry.verdict, -1);
    entry.verdict = undefined;
    entry.facts = undefined;
    this.#events.onWithdrawn(entry);
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

/** The same file may be given twice; a file that was changed meanwhile has another time. */
function isSameFile(one: File, other: File): boolean {
  return one.size === other.size && one.lastModified === other.lastModified;
}
