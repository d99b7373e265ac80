/** A system call for every line would be slow, and everything as one string would be large. */
const BLOCK_CHARACTERS = 64 * 1024;

/** Joins short pieces of text into longer ones. */
export function* inBlocks(pieces: Iterable<string>): Generator<string> {
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < BLOCK_CHARACTERS) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}
