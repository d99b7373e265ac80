import type { WireResponse } from '../../connection/exchange.ts';
import type { Scrub } from './scrub.ts';

/** What to do about an answer that is compressed. */
export const COMPRESSED_HINT =
  'The server, or a gateway in front of it, compresses although the request asked it not to: its operators must turn that off for this path. Check also that server-url leads to the signing service.';

/** Names of compressions; servers also write `utf-8`, `none` and the like here, which change nothing in a body. */
const COMPRESSION = /(?:^|[\s,-])(?:gzip|compress|deflate|br|zstd|dcb|dcz|bzip2|lzma|xz)(?:$|[\s,])/i;

/** Says how an answer is compressed, though no request allows that; `undefined` for a plain one. */
export function describeCompression({ headers }: WireResponse, scrub: Scrub): string | undefined {
  for (const name of ['content-encoding', 'transfer-encoding']) {
    const found = headers[name];
    if (found === undefined) continue;
    const value = [found].flat().join(', ').trim();
    if (COMPRESSION.test(value)) {
      const shown = scrub(value, MAX_SHOWN).toLowerCase();
      return `The answer is compressed (${name}: ${shown}), though the request asked for a plain one.`;
    }
  }
  return undefined;
}

/** Most characters of the header that a sentence shows. */
const MAX_SHOWN = 60;
