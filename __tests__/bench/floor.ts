import { createCipheriv, createHash, type Hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Workload } from './workloads.ts';

/** Speeds of this machine on one core, in bytes per second. */
export interface Speeds {
  readonly hash: number;
  readonly cipher: number;
}

const PIECE = Buffer.alloc(64 * 1024, 'bench');
const MEASURED_MS = 300;
/** Base64, which makes four bytes of three. */
const BODY_PER_BYTE = 4 / 3;
/** Base64 again, with two of its 64 characters as three bytes each. */
const QUOTED_PER_BYTE = BODY_PER_BYTE * (1 + 4 / 64);

/** Measures how fast this machine hashes and encrypts. */
export function measureSpeeds(): Speeds {
  const hash: Hash = createHash('sha256');
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12));
  return { hash: speedOf(() => hash.update(PIECE)), cipher: speedOf(() => cipher.update(PIECE)) };
}

function speedOf(work: () => unknown): number {
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < MEASURED_MS; count++) work();
  return (count * PIECE.length) / ((performance.now() - startedAt) / 1000);
}

/**
 * Seconds that no client can go below with a service on the same machine: the waiting of the service in as many waves as
 * 100 connections need, or hashing every file and its quoted form once and encrypting and decrypting every body, spread over all cores.
 */
export function floorSeconds({ files, bytesPerFile, delayMs }: Workload, speeds: Speeds): number {
  const waiting = (Math.ceil(files / 100) * delayMs) / 1000;
  const bytes = files * bytesPerFile;
  const computing = (bytes * (1 + QUOTED_PER_BYTE)) / speeds.hash + (2 * bytes * BODY_PER_BYTE) / speeds.cipher;
  return Math.max(waiting, computing / availableParallelism());
}
