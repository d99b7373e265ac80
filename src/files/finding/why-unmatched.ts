import { show } from '../names.ts';
import type { ReleaseFile } from '../release-file.ts';
import { discover } from './discover.ts';
import type { DiscoverOptions } from './places.ts';

/** No name ends in this, so that nothing passes for a signature. */
const NO_SUFFIX = '\0';

/** Says why a pattern matched no file, in the middle of a sentence; `undefined` when nothing stands out. */
export async function whyUnmatched(text: string, options: DiscoverOptions): Promise<string | undefined> {
  if (/^(['"]).*\1$/.test(text)) return 'the quotes are part of the pattern: leave them out';
  if (/^-\s/.test(text))
    return 'the dash is part of the pattern: files is a text with one pattern per line, not a list';
  const found = await findAnyway(text, options);
  const [signature] = found.filter(({ path }) => path.endsWith(options.suffix));
  if (found.some(({ path }) => !path.endsWith(options.suffix)))
    return 'the patterns that begin with ! exclude all it means';
  if (signature === undefined) return undefined;
  return `what it means ends in ${options.suffix}, as ${show(signature.path)} does, and is taken for signatures because of suffix`;
}

/** Lists what the pattern alone means, were there no excludes and no signatures. */
async function findAnyway(text: string, options: DiscoverOptions): Promise<readonly ReleaseFile[]> {
  const patterns = options.patterns.filter((pattern) => pattern.text === text && !pattern.excludes);
  try {
    return (await discover({ ...options, patterns, suffix: NO_SUFFIX })).files;
  } catch {
    options.signal.throwIfAborted();
    // What an exclude kept from being looked at may be unreadable; the run has its error already.
    return [];
  }
}
