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

/** The first pass over a file, here or in another thread, hashes it; the next one sends it. What is in memory is not worth counting. */
function watchSource(source: Source, flight: Flight): Source {
  const { lend } = source;
  let isHashed = false;
  return {
    size: source.size,
    lend:
      lend &&
      (async (reader) => {
        const result = await lend(reader);
        if (result) {
          isHashed = true;
          flight.hashed(source.size);
        }
        return result;
      }),
    read() {
      const chunks = source.read();
      if (Array.isArray(chunks)) return chunks;
      const count = isHashed ? flight.sent : flight.hashed;
      isHashed = true;
      return countChunks(chunks, count);
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
