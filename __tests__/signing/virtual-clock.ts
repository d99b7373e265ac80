import type { Clock } from '../../src/signing/schedule/clock.ts';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock whose time passes only when everything that could happen at the present moment has happened. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  /** A binary heap by time, then by order of setting. */
  readonly #alarms: Alarm[] = [];
  readonly #cancelled = new Set<Alarm>();
  #workDoneMs = 0;
  #workEndsAt = 0;
  #lastLook = { atMs: 0, workDoneMs: 0 };

  now(): number {
    return this.#nowMs;
  }

  idleShare(): number {
    const look = { atMs: this.#nowMs, workDoneMs: this.#workDoneMs };
    const elapsedMs = look.atMs - this.#lastLook.atMs;
    const share = elapsedMs > 0 ? 1 - (look.workDoneMs - this.#lastLook.workDoneMs) / elapsedMs : 1;
    this.#lastLook = look;
    return Math.max(0, share);
  }

  /** Resolves when this process, which does one thing at a time, has done some work. */
  async work(ms: number): Promise<void> {
    this.#workEndsAt = Math.max(this.#workEndsAt, this.#nowMs) + ms;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.after(this.#workEndsAt - this.#nowMs, resolve);
    await promise;
    this.#workDoneMs += ms;
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#push(alarm);
    return () => void this.#cancelled.add(alarm);
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  /** When the last alarm that is set will go off; 0 when there is none. */
  get latestAlarmMs(): number {
    return Math.max(0, ...this.#alarms.filter((alarm) => !this.#cancelled.has(alarm)).map(({ atMs }) => atMs));
  }

  /** Lets time pass until the promise settles; rejects when nothing is left that could happen. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return promise;
      if (!this.#step()) throw new Error(`Nothing happens any more at ${this.#nowMs} ms.`);
    }
  }

  /** Goes to the next moment at which something happens, and does all of it. */
  #step(): boolean {
    let alarm = this.#pop();
    while (alarm && this.#cancelled.delete(alarm)) alarm = this.#pop();
    if (!alarm) return false;
    this.#nowMs = alarm.atMs;
    alarm.callback();
    return true;
  }

  #push(alarm: Alarm): void {
    const heap = this.#alarms;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, alarm)) break;
      heap[at] = above;
      heap[parent] = alarm;
      at = parent;
    }
  }

  #pop(): Alarm | undefined {
    const heap = this.#alarms;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const child = right && left && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      const below = heap[child];
      if (!below || isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
