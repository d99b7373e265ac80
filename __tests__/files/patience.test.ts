import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { Patience } from '../../src/files/patience.ts';
import { unwritable } from '../../src/files/writing/write-errors.ts';
import { isHeldInOwnDirectory, repeatWhileHeld } from '../../src/held.ts';
import { asFailure } from '../../src/signing/policy/failure.ts';
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

/** An act that meets the listed codes, one after the other, and then succeeds; `wrapped` as the rooms that write and read wrap them. */
function meeting(codes: readonly string[], wrapped: 'wrapped' | 'raw' = 'wrapped'): () => string {
  const left = [...codes];
  return () => {
    const code = left.shift();
    if (code === undefined) return 'done';
    const error = Object.assign(new Error(code), { code });
    throw wrapped === 'raw' ? error : unwritable('a', error);
  };
}

const writing = (codes: readonly string[]) => {
  const act = meeting(codes);
  return (): void => void act();
};
const always = (code: string): string[] => Array.from({ length: 99 }, () => code);

describe('a write that was held up', () => {
  test.each(['EBUSY', 'ETXTBSY', 'EMFILE', 'ENFILE', 'EAGAIN'])(
    'by %s is repeated after 10 ms, then after twice as long',
    async (code) => {
      const clock = hurried();
      await new Patience(clock).write('a', writing([code, code, code]));
      expect(clock.delays).toEqual([10, 20, 40]);
    },
  );

  test.each(['EPERM', 'EACCES'])('by %s is repeated only where a write has succeeded before', async (code) => {
    const clock = hurried();
    const patience = new Patience(clock);
    await patience.write('d/a', writing([]));
    await patience.write('d/b', writing([code]));
    expect(clock.delays).toEqual([10]);
    await expect(patience.write('other/c', writing([code]))).rejects.toThrow(
      /the runner has no right to write there \(/,
    );
    expect(clock.delays).toEqual([10]);
  });

  test('for two seconds fails with the cause and a way out', async () => {
    const clock = hurried();
    const failure: unknown = await new Patience(clock).write('a', writing(always('EBUSY'))).catch((error) => error);
    expect(failure).toBeInstanceOf(ActionError);
    expect(failure).toMatchObject({ code: 'OUTPUT_UNWRITABLE', cause: { code: 'EBUSY' } });
    expect(String(failure)).toMatch(
      /a cannot be written: another program has it open, such as a virus scanner \(EBUSY\)/,
    );
    expect(clock.now()).toBeGreaterThan(1000);
    expect(clock.now()).toBeLessThanOrEqual(2000);
  });

  test('for two seconds by a full table of open files is repeated with a new request, and with fewer at once', async () => {
    const failure: unknown = await new Patience(hurried())
      .write('a', writing(always('EMFILE')))
      .catch((error) => asFailure(error));
    expect(failure).toMatchObject({ code: 'TOO_MANY_OPEN_FILES', kind: 'machine' });
  });

  test('ends after ten seconds in all for one cause, so that a run does not wait for each of many files', async () => {
    const clock = hurried();
    const patience = new Patience(clock);
    for (let at = 0; at < 100; at++) await patience.write(String(at), writing(always('EBUSY'))).catch(() => {});
    expect(clock.now()).toBeLessThan(12_500);
    // Another cause has its own time.
    await patience.write('a', writing(['ETXTBSY']));
  });

  test('does not hold up other files', async () => {
    const patience = new Patience(hurried());
    const order: string[] = [];
    await Promise.all([
      patience.write('a', writing(['EBUSY'])).then(() => order.push('a')),
      patience.write('b', writing([])).then(() => order.push('b')),
    ]);
    expect(order).toEqual(['b', 'a']);
  });

  test('by a full disk is not repeated', async () => {
    const clock = hurried();
    await expect(new Patience(clock).write('a', writing(['ENOSPC']))).rejects.toMatchObject({ code: 'OUTPUT_FULL' });
    expect(clock.delays).toEqual([]);
  });
});

describe('a removal that was held up', () => {
  test.each(['EBUSY', 'EPERM', 'EACCES'])('by %s is repeated', async (code) => {
    const clock = hurried();
    await new Patience(clock).remove('a', writing([code, code]));
    expect(clock.delays).toEqual([10, 20]);
  });

  test('to the end says that it may be a missing right', async () => {
    await expect(new Patience(hurried()).remove('a', writing(always('EPERM')))).rejects.toThrow(
      /a cannot be removed: another program has it open, such as a virus scanner, or a right is missing \(EPERM\)/,
    );
  });
});

describe('a file that cannot be read', () => {
  test('because another program has it open is read again', async () => {
    const clock = hurried();
    expect(await new Patience(clock).read('a', meeting(['EBUSY', 'EBUSY'], 'raw'))).toBe('done');
    expect(clock.delays).toEqual([10, 20]);
  });

  test.each(['EPERM', 'EACCES'])('because of %s is final, unless it was read before', async (code) => {
    const clock = hurried();
    await expect(new Patience(clock).read('a', meeting([code], 'raw'))).rejects.toMatchObject({ code });
    expect(clock.delays).toEqual([]);
    expect(await new Patience(clock).readAgain('a', meeting([code], 'raw'))).toBe('done');
  });

  test('for two seconds is reported as such', async () => {
    const reading = new Patience(hurried()).read('a', meeting(always('EBUSY')));
    await expect(reading).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(reading).rejects.toThrow(
      /a cannot be read: another program has it open, such as a virus scanner \(EBUSY\)/,
    );
  });
});

describe('an act during which nothing else may run', () => {
  test('is repeated after 10 ms, then after twice as long, and returns what it returns', () => {
    const waits: number[] = [];
    const options = { passes: isHeldInOwnDirectory, wait: (ms: number) => void waits.push(ms) };
    expect(repeatWhileHeld(meeting(['EBUSY', 'EPERM', 'EACCES'], 'raw'), options)).toBe('done');
    expect(waits).toEqual([10, 20, 40]);
  });

  test('is given up after two seconds, and at once for any other reason', () => {
    const waits: number[] = [];
    const wait = (ms: number): void => void waits.push(ms);
    expect(() => repeatWhileHeld(meeting(always('EBUSY'), 'raw'), { wait })).toThrow('EBUSY');
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(2000);
    const never = { wait: () => expect.unreachable() };
    expect(() => repeatWhileHeld(meeting(always('EBUSY'), 'raw'), { ...never, limitMs: -1 })).toThrow('EBUSY');
    expect(() => repeatWhileHeld(meeting(['EROFS'], 'raw'), never)).toThrow('EROFS');
    // Windows says so of a file that another program has open.
    if (process.platform !== 'win32')
      expect(() => repeatWhileHeld(meeting(['EACCES'], 'raw'), never)).toThrow('EACCES');
  });
});

test('operations that are each done at once leave timers and signals their turn', async () => {
  const patience = new Patience(hurried());
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  const until = performance.now() + 200;
  while (performance.now() < until) await patience.remove('dist/a', () => {});
  clearInterval(counting);
  expect(turns).toBeGreaterThan(1);
});
