import type { Signer, Source } from '../signing/signer.ts';
import type { Flight, Progress } from './progress.ts';

/** Shows the attempts of a signer as progress, those of large files while their bytes are being sent. */
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

/** A file is hashed before it is sent. A file in memory is sent at once, so its bytes are not counted on their way. */
function watchSource(source: Source, flight: Flight): Source {
  return {
    size: source.size,
    async digest(begin) {
      const digested = await source.digest(begin);
      flight.hashed(source.size);
      return digested;
    },
    read() {
      const chunks = source.read();
      return Array.isArray(chunks) ? chunks : countChunks(chunks, flight.sent);
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
