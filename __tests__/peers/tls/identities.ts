import 'reflect-metadata';
import { X509CrlGenerator, X509CrlReason } from '@peculiar/x509';
import { issueCertificate, type KeyedCertificate } from '../../../src/rehearsal/certificate.ts';
import { createPki, type Pki } from '../../../src/rehearsal/pki.ts';

/** Why a server refuses a client's certificate. */
export const REASONS = ['none', 'other CA', 'expired', 'revoked', 'wrong use'] as const;
export type Reason = (typeof REASONS)[number];

/** Certificates of clients that a server must refuse, each for one reason, and what the server needs to see it. */
export interface Rejects {
  readonly pki: Pki;
  /** PEM of the list of revoked certificates. */
  readonly revocations: string;
  /** `undefined` for no certificate at all. */
  readonly clients: Readonly<Record<Reason, KeyedCertificate | undefined>>;
}

const HOUR_MS = 3_600_000;

/** Makes them, under one throw-away root. */
export async function createRejects(): Promise<Rejects> {
  const pki = await createPki();
  const stranger = await issueCertificate(undefined, { commonName: 'Another Root CA', authority: true });
  const expired = { notBefore: new Date(Date.now() - 3 * HOUR_MS), notAfter: new Date(Date.now() - HOUR_MS) };
  const clients = {
    none: undefined,
    'other CA': await issueCertificate(stranger, { commonName: 'stranger', usages: ['client'] }),
    expired: await issueCertificate(pki.root, { commonName: 'expired-client', usages: ['client'], ...expired }),
    revoked: await issueCertificate(pki.root, { commonName: 'revoked-client', usages: ['client'] }),
    'wrong use': await issueCertificate(pki.root, { commonName: 'not-a-client', usages: ['server'] }),
  };
  return { pki, clients, revocations: await revoke(pki.root, clients.revoked) };
}

async function revoke(issuer: KeyedCertificate, client: KeyedCertificate): Promise<string> {
  const list = await X509CrlGenerator.create({
    issuer: issuer.certificate.subject,
    thisUpdate: new Date(Date.now() - HOUR_MS),
    nextUpdate: new Date(Date.now() + HOUR_MS),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    signingKey: issuer.privateKey,
    entries: [
      {
        serialNumber: client.certificate.serialNumber,
        revocationDate: new Date(Date.now() - HOUR_MS),
        reason: X509CrlReason.keyCompromise,
      },
    ],
  });
  // OpenSSL knows this kind of PEM by another label than the library.
  return list.toString('pem').replaceAll(/(BEGIN|END) (X509 )?CRL/g, '$1 X509 CRL');
}
