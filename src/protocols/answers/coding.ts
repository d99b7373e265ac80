import type { WireResponse } from '../../connection/exchange.ts';
import type { Scrub } from './reason.ts';

/** What to do about an answer that is compressed. */
export const COMPRESSED_HINT =
  'The server, or a gateway in front of it, compresses although the request asked it not to: its operators must turn that off for this path. Check also that server-url leads to the signing service.';

/** Says how an answer is compressed, though no request allows that; `undefined` for a plain one. */
export function describeCompression({ headers }: WireResponse, scrub: Scrub): string | undefined {
  const header = headers['content-encoding'] ?? '';
  const names = scrub((Array.isArray(header) ? header.join(', ') : header).trim().toLowerCase(), MAX_SHOWN);
  if (names === '' || names === 'identity') return undefined;
  return `The answer is compressed (content-encoding: ${names}), though the request asked for a plain one.`;
}

/** Most characters of the header that a sentence shows. */
const MAX_SHOWN = 60;
