import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Discovery, discover } from '../../src/files/finding/discover.ts';
import { readPatterns } from '../../src/files/finding/patterns.ts';
import type { DiscoverOptions } from '../../src/files/finding/places.ts';

/** What to make: the content of a file, where a link leads, or a directory. */
export type Node = string | { readonly link: string } | { readonly directory: true };

/** Makes a directory that is removed when the test ends. */
export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'files-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** Makes files and links below a directory, and the directories they need. */
export function plant(directory: string, tree: Readonly<Record<string, Node>>): string {
  for (const [path, node] of Object.entries(tree)) {
    const location = join(directory, path);
    mkdirSync(dirname(location), { recursive: true });
    if (typeof node === 'string') writeFileSync(location, node);
    else if ('link' in node) symlinkSync(node.link, location);
    else mkdirSync(location, { recursive: true });
  }
  return directory;
}

/** Lists what patterns mean, one per line, with the defaults of the action. */
export function find(root: string, patterns: string, options: Partial<DiscoverOptions> = {}): Promise<Discovery> {
  return discover(searchOf(root, patterns, options));
}

/** A search for patterns, one per line, with the defaults of the action. */
export function searchOf(root: string, patterns: string, options: Partial<DiscoverOptions> = {}): DiscoverOptions {
  return {
    root,
    workspace: root,
    patterns: readPatterns(patterns, root),
    followSymbolicLinks: false,
    includeHiddenFiles: true,
    suffix: '.sign',
    temporaryDirectory: '',
    outputDirectory: undefined,
    written: [],
    signal: new AbortController().signal,
    ...options,
  };
}

/** The paths found, or refused with their code. */
export function tell({ files, refused, unmatched }: Discovery): {
  readonly files: readonly string[];
  readonly refused: readonly string[];
  readonly unmatched: readonly string[];
} {
  return {
    files: files.map(({ path }) => path),
    refused: refused.map(({ path, error }) => `${path} ${error.code}`),
    unmatched,
  };
}
