import type { Started, World } from './world.ts';

/** One server or network, and what the action makes of it. */
export interface Row {
  readonly name: string;
  /** The code of the error, or `signs`. */
  readonly expected: string;
  readonly start: (world: World) => Promise<Started>;
}

/** A server that curl signs with. */
export function row(name: string, start: Row['start']): Row {
  return { name, expected: 'signs', start };
}

/** A server or network with a fault. */
export function fault(expected: string, name: string, start: Row['start']): Row {
  return { name, expected, start };
}
