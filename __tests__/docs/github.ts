import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A stand-in for `gh` that stores what it is given, as the real one does: from standard input, without the line ends at the end.
 *
 * `calls` lists the arguments of every call, which is what other users of a machine can see.
 */
export function ghScript(store: string): string {
  return `#!/bin/sh
set -eu
printf '%s\\n' "$*" >> '${store}/calls'
if [ "$1" = api ]; then cat "${store}/variable.\${2##*/}" && echo && exit; fi
kind=$1 verb=$2
shift 2
case "$verb" in
  set)
    name=$1
    shift
    if [ "$#" -gt 1 ] && [ "$1" = --body ]; then value=$2; else value=$(cat); fi
    printf '%s' "$value" > "${store}/$kind.$name"
    ;;
  get) cat "${store}/variable.$1" && echo ;;
  list) (cd '${store}' && ls) | sed -n "s/^$kind\\.//p" ;;
  *) echo "unknown: $kind $verb" >&2 && exit 1 ;;
esac
`;
}

/** What is stored on GitHub, as far as workflows and tests see it. */
export interface Store {
  readonly directory: string;
  calls(): Promise<string>;
  value(kind: 'secret' | 'variable', name: string): Promise<string>;
  /** Puts stored values into the expressions of a `with:`. */
  resolve(inputs: Readonly<Record<string, string>>): Promise<Record<string, string>>;
}

/** Makes an empty store. */
export async function createStore(directory: string): Promise<Store> {
  await mkdir(directory, { recursive: true });
  const value = (kind: string, name: string): Promise<string> => readFile(join(directory, `${kind}.${name}`), 'utf8');
  return {
    directory,
    calls: () => readFile(join(directory, 'calls'), 'utf8'),
    value,
    async resolve(inputs) {
      const entries = Object.entries(inputs).map(async ([input, text]) => {
        const [, context, name] = /^\$\{\{ (vars|secrets)\.(\w+) \}\}$/.exec(text) ?? [];
        if (context === undefined || name === undefined) return [input, text] as const;
        return [input, await value(context === 'vars' ? 'variable' : 'secret', name)] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}
