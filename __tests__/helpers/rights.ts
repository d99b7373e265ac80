import { chmodSync } from 'node:fs';

const NOBODY = 65_534;

/**
 * Does something with the rights of an ordinary user, who may write to the `open` directories; the superuser would meet no refusal.
 *
 * Only what is done before it returns has these rights, and what it needs is loaded already: the user need not reach this repository.
 */
export function asOrdinaryUser<T>(open: readonly string[], act: () => T): T {
  const restore = dropRights(open);
  try {
    return act();
  } finally {
    restore();
  }
}

/** Does the same with something that ends later; nothing else may run meanwhile. */
export async function asOrdinaryUserUntil<T>(open: readonly string[], act: () => Promise<T>): Promise<T> {
  const restore = dropRights(open);
  try {
    return await act();
  } finally {
    restore();
  }
}

function dropRights(open: readonly string[]): () => void {
  for (const directory of open) chmodSync(directory, 0o777);
  const { seteuid, setegid, setgroups } = process;
  if (process.geteuid?.() !== 0 || !seteuid || !setegid || !setgroups) return () => {};
  const groups = process.getgroups?.() ?? [];
  setgroups([]);
  setegid(NOBODY);
  seteuid(NOBODY);
  return () => {
    seteuid(0);
    setegid(0);
    setgroups(groups);
  };
}
