import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { retryWrites } from '../../src/files/writing/retry-writes.ts';
import { unwritable } from '../../src/files/writing/write-errors.ts';
import type { Clock } from '../../src/signing/schedule/clock.ts';

/** A clock whose timers run at once and move it on; what it was asked for is kept. */
function hurried(): Clock & { readonly delays: number[] } {
  let now = 0;
  const delays: number[] = [];
  return {
    delays,
    now: () => now,
    after(delayMs, callback) {
      delays.push(delayMs);
      queueMicrotask(() => {
        now += delayMs;
        callback();
      });
      return () => {};
    },
    soon: queueMicrotask,
    idleShare: () => 1,
  };
}

/** A writer that refuses each path with the listed codes, one after the other, and then writes it. */
function refusing(codes: Readonly<Record<string, readonly string[]>>) {
  const left = new Map(Object.entries(codes).map(([path, list]) => [path, [...list]]));
  const written: string[] = [];
  const write = (path: string): void => {
    const code = left.get(path)?.shift();
    if (code !== undefined) throw unwritable(path, Object.assign(new Error(code), { code }));
    written.push(path);
  };
  return { write, written };
}

describe('a write that was held up', () => {
  test.each(['EBUSY', 'ETXTBSY', 'EMFILE', 'ENFILE', 'EAGAIN'])(
    'by %s is repeated after 10 ms, then after twice as long',
    async (code) => {
      const clock = hurried();
      const output = refusing({ a: [code, code, code] });
      await retryWrites(output, clock).write('a', 'x');
      expect(output.written).toEqual(['a']);
      expect(clock.delays).toEqual([10, 20, 40]);
    },
  );

  test.each(['EPERM', 'EACCES'])('by %s is repeated only where a write has succeeded before', async (code) => {
    const clock = hurried();
    const output = refusing({ 'd/b': [code], 'other/c': [code] });
    const writer = retryWrites(output, clock);
    await writer.write('d/a', 'x');
    await writer.write('d/b', 'x');
    expect(output.written).toEqual(['d/a', 'd/b']);
    await expect(writer.write('other/c', 'x')).rejects.toThrow(
      /other\/c cannot be written: (?:no right to write there|the system refuses it) \(/,
    );
  });

  test('for two seconds fails with the cause and a way out', async () => {
    const clock = hurried();
    const writer = retryWrites(refusing({ a: Array.from({ length: 99 }, () => 'EBUSY') }), clock);
    const failure: unknown = await Promise.resolve(writer.write('a', 'x')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ActionError);
    expect(failure).toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(String(failure)).toMatch(/a cannot be written: another program has it open.*\(EBUSY\)/);
    expect(clock.now()).toBeGreaterThan(1000);
    expect(clock.now()).toBeLessThanOrEqual(2000);
  });

  test('ends after ten seconds in all for one cause, so that a run does not wait for each of many files', async () => {
    const clock = hurried();
    const paths = Array.from({ length: 100 }, (_, at) => String(at));
    const codes = Object.fromEntries(paths.map((path) => [path, Array.from({ length: 99 }, () => 'EBUSY')]));
    const writer = retryWrites(refusing(codes), clock);
    for (const path of paths) await Promise.resolve(writer.write(path, 'x')).catch(() => {});
    expect(clock.now()).toBeLessThan(12_500);
  });

  test('does not hold up other files', async () => {
    const output = refusing({ a: ['EBUSY'] });
    const writer = retryWrites(output, hurried());
    await Promise.all([writer.write('a', 'x'), writer.write('b', 'x')]);
    expect(output.written).toEqual(['b', 'a']);
  });

  test('by a full disk is not repeated', async () => {
    const clock = hurried();
    await expect(retryWrites(refusing({ a: ['ENOSPC'] }), clock).write('a', 'x')).rejects.toMatchObject({
      code: 'OUTPUT_FULL',
    });
    expect(clock.delays).toEqual([]);
  });
});
