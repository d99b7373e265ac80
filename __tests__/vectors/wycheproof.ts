import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { AlgorithmName } from '../../src/verifying/algorithm.ts';

/** One signature of the vectors, with its number in the original file. */
export interface VectorTest {
  readonly id: number;
  readonly comment: string;
  readonly message: Buffer;
  readonly signature: Buffer;
  /** `acceptable`: correct implementations may differ. */
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

/** Signatures of one key and one set of parameters. */
export interface VectorGroup {
  /** Name of the original file, without `_test.json`. */
  readonly file: string;
  readonly type: string;
  readonly hash: string;
  /** RSA-PSS only: the digest of the mask and the salt's length in bytes. */
  readonly pss: { readonly maskHash: string; readonly saltBytes: number } | undefined;
  readonly keyPem: string;
  readonly tests: readonly VectorTest[];
}

/** How a group is stored: hex and plain arrays, which compress well. */
export interface StoredGroup {
  readonly file: string;
  readonly type: string;
  readonly hash: string;
  readonly maskHash?: string;
  readonly saltBytes?: number;
  readonly keyPem: string;
  readonly tests: readonly StoredTest[];
}

/** Number, comment, message, signature, and the first letter of the result. */
export type StoredTest = readonly [number, string, string, string, 'v' | 'i' | 'a'];

const RESULTS = { v: 'valid', i: 'invalid', a: 'acceptable' } as const;

/** Reads the committed vectors. */
export function readVectors(): VectorGroup[] {
  const packed = readFileSync(join(import.meta.dirname, 'wycheproof.json.br'));
  const stored = JSON.parse(brotliDecompressSync(packed).toString()) as readonly StoredGroup[];
  return stored.map(({ file, type, hash, maskHash, saltBytes, keyPem, tests }) => ({
    file,
    type,
    hash,
    pss: maskHash === undefined || saltBytes === undefined ? undefined : { maskHash, saltBytes },
    keyPem,
    tests: tests.map(([id, comment, message, signature, result]) => ({
      id,
      comment,
      message: Buffer.from(message, 'hex'),
      signature: Buffer.from(signature, 'hex'),
      result: RESULTS[result],
    })),
  }));
}

const HASHES: ReadonlyMap<string, { name: 'sha256' | 'sha384' | 'sha512'; bytes: number }> = new Map([
  ['SHA-256', { name: 'sha256', bytes: 32 }],
  ['SHA-384', { name: 'sha384', bytes: 48 }],
  ['SHA-512', { name: 'sha512', bytes: 64 }],
]);

/** The algorithm of the contract that a group is about, or `undefined` when its parameters are not ours. */
export function algorithmOfGroup({ type, hash, pss }: VectorGroup): AlgorithmName | undefined {
  if (type === 'EddsaVerify') return 'ed25519';
  const known = HASHES.get(hash);
  if (known === undefined) return undefined;
  if (type.startsWith('Ecdsa')) return `ecdsa-${known.name}`;
  if (pss === undefined) return `rsa-pkcs1-${known.name}`;
  return pss.maskHash === hash && pss.saltBytes === known.bytes ? `rsa-pss-${known.name}` : undefined;
}
