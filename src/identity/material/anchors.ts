import type { X509Certificate } from 'node:crypto';
import { readBlocks, separate } from '../text/blocks.ts';
import { isValidAt, readCertificate } from './certificate.ts';

/** The inputs that hold trust anchors. */
export type AnchorsInput = 'chain' | 'certificate-chain' | 'timestamp-chain';

/**
 * Reads the certificates that a peer must chain to, each once; never throws.
 *
 * Checks every block, because Node silently skips broken ones, and takes an empty bundle for the system's roots.
 */
export function readAnchors(text: string | undefined, input: AnchorsInput = 'chain') {
  const { blocks, problems, tidied } = readBlocks(input, text);
  const read = separate(blocks.map(readCertificate));
  return {
    certificates: [...new Map(read.values.map((one) => [one.x509.fingerprint256, one])).values()],
    problems: [...problems, ...read.problems],
    tidied,
  };
}

/**
 * Returns the anchors for the TLS context, newest first: the ones that are valid now, or all when none is.
 *
 * OpenSSL stops at the first anchor of the right name. An expired one would hide a valid path through a certificate
 * that the server sends, and an old one of the same name would hide the newer one.
 */
export function usableAnchors(anchors: readonly X509Certificate[], now: Date): readonly X509Certificate[] {
  const valid = anchors.filter((anchor) => isValidAt(anchor, now));
  const usable = valid.length > 0 ? valid : anchors;
  return usable.toSorted((a, b) => b.validFromDate.getTime() - a.validFromDate.getTime());
}
