import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Played } from './play-row.ts';
import { type Row, rowsOf, type World } from './rows.ts';

/** Describes a test for each row of a world; all of them are played ahead, in one process, which returns the path of the results. */
export function describeRows(
  world: World,
  play: () => Promise<{ readonly results: string; readonly log: string }>,
): void {
  const played = new Map<string, Played>();
  let log = '';

  beforeAll(async () => {
    const run = await play();
    log = run.log;
    const lines = (await readFile(run.results, 'utf8')).trim().split('\n');
    for (const line of lines) {
      const { title, ...rest } = JSON.parse(line);
      played.set(title, rest);
    }
  }, 180_000);

  test.each(rowsOf(world).map((row) => [row.title, row] as const))('%s', (title, row) => {
    const result = played.get(title);
    if (result === undefined) throw new Error(`The rows ended before this one: ${log}`);
    judge(row, result);
  });
}

function judge(row: Row, { signed, error, written, verified, log }: Played): void {
  if (row.says) {
    expect(error.replaceAll('\n', ' ')).toMatch(row.says);
    return;
  }
  expect(error, log).toBe('');
  expect(signed).toEqual(row.signed);
  if (row.written) expect(written).toEqual(row.written);
  if (row.logs) expect(log).toMatch(row.logs);
  // What a green run leaves is green in a verification with the same inputs, or the run has said so.
  if (row.refused) expect(verified).toMatch(row.refused);
  else expect(verified).toBe('');
}
