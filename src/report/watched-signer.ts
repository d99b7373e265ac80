import type { Signer, Source } from '../signing/signer.ts';
import type { Flight, Progress } from './progress.ts';

/** Shows the tries of a signer as progress, those of large files while their bytes are on the way. */
export function watchSigner(signer: Signer, progress: Progress): Signer {
  return {
    async sign(source, signal) {
      const flight = progress.start();
      try {
        return await signer.sign(watchSource(source, flight), signal);
      } finally {
        flight.end();
      }
    },
  };
}

/** The first pass over a file hashes it, the second sends it. What is in memory is sent at once, and is not worth counting. */
function watchSource(source: Source, flight: Flight): Source {
  let passes = 0;
  return {
    ...source,
    read() {
      const chunks = source.read();
      if (Array.isArray(chunks)) return chunks;
      return countChunks(chunks, passes++ === 0 ? flight.hashed : flight.sent);
    },
  };
}

async function* countChunks(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    count(chunk.length);
  }
}
