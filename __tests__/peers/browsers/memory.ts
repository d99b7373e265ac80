import { readdirSync, readFileSync } from 'node:fs';

/** Adds up what a process and everything that it started hold in memory, in bytes; shared pages count once. */
export function memoryOf(processId: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const stat = readOrNothing(`/proc/${name}/stat`);
    parents.set(Number(name), Number(/\) \S (\d+)/.exec(stat)?.[1]));
  }
  const isInside = (id: number | undefined): boolean =>
    id === processId || (id !== undefined && id > 1 && isInside(parents.get(id)));
  let bytes = 0;
  for (const id of parents.keys()) {
    if (isInside(id))
      bytes += 1024 * Number(/^Pss:\s+(\d+)/m.exec(readOrNothing(`/proc/${id}/smaps_rollup`))?.[1] ?? 0);
  }
  return bytes;
}

/** A process may end at any moment. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
