import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { nameOnOneLine } from '../../identity/material/certificate.ts';

/** Returns the server's certificate, the issuers that it sent, then those that are trusted; empty before they came. */
export function readServerChain(socket: TLSSocket): readonly X509Certificate[] {
  const chain = new Map<string, X509Certificate>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // Without a certificate, Node returns an empty object; a self-signed certificate is its own issuer.
  while (next?.raw && !chain.has(next.fingerprint256)) {
    chain.set(next.fingerprint256, new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return [...chain.values()];
}

/** Describes a certificate's expiry or start with our clock: `CN=a ended at …; this machine's clock says …`. */
export function describeDates({ subject, validFromDate, validToDate }: X509Certificate, now: Date): string {
  const state =
    validToDate < now ? `ended at ${validToDate.toISOString()}` : `begins at ${validFromDate.toISOString()}`;
  return `${nameOnOneLine(subject)} ${state}; this machine's clock says ${now.toISOString()}`;
}
