import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { createSHA256, createSHA384, createSHA512 } from 'hash-wasm';

/** The hash functions of the algorithms. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** Computes one digest after the other. */
interface Hasher {
  /** Discards everything so far. */
  readonly start: () => void;
  /** Takes the next bytes; the caller may reuse the array. */
  readonly update: (bytes: Uint8Array) => void;
  /** Returns the digest of all bytes since {@link start}. */
  readonly digest: () => Uint8Array;
}

const COMPILED = { sha256: createSHA256, sha384: createSHA384, sha512: createSHA512 } as const;
const PLAIN = { sha256, sha384, sha512 } as const;

/** Creates a hasher in WebAssembly, or in JavaScript, at a third of the speed, if the browser refuses WebAssembly. */
export async function createHasher(name: HashName): Promise<Hasher> {
  try {
    const hasher = await COMPILED[name]();
    return {
      start: () => void hasher.init(),
      update: (bytes) => void hasher.update(bytes),
      digest: () => hasher.digest('binary'),
    };
  } catch {
    return createPlainHasher(name);
  }
}

/** Computes the digest of a short array. */
export function hashOf(name: HashName, bytes: Uint8Array): Uint8Array {
  return PLAIN[name](bytes);
}

/** Creates a hasher in JavaScript. */
export function createPlainHasher(name: HashName): Hasher {
  let hash = PLAIN[name].create();
  return {
    start: () => {
      hash = PLAIN[name].create();
    },
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest(),
  };
}
