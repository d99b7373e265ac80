import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type CertificateOptions, issueCertificate, type KeyedCertificate } from './certificate.ts';

/** The names under which a service on this machine is reached. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1'] as const;

/** Options of a throw-away PKI. */
export interface PkiOptions {
  /** Names of the server in addition to the loopback names. */
  readonly extraHosts?: readonly string[];
  /** True puts an intermediate authority between the root and both certificates. */
  readonly intermediate?: boolean;
  /** Replaces single options of the server's certificate, for tests of broken servers. */
  readonly server?: Partial<CertificateOptions>;
  /** Replaces single options of the client's certificate, for tests of broken clients. */
  readonly client?: Partial<CertificateOptions>;
}

/** A throw-away PKI and signing key, held in memory only. */
export interface Pki {
  /** The self-signed root, whose `cert` is the client's `chain`. */
  readonly root: KeyedCertificate;
  /** The issuer of both certificates: the root or the intermediate. */
  readonly issuer: KeyedCertificate;
  readonly server: KeyedCertificate;
  readonly client: KeyedCertificate;
  readonly signingKey: KeyObject;
  /** PEM, `PUBLIC KEY`. */
  readonly signingPublicKeyPem: string;
}

async function createIssuer(root: Promise<KeyedCertificate>, intermediate: boolean): Promise<KeyedCertificate> {
  if (!intermediate) return root;
  return issueCertificate(await root, { commonName: 'Rehearsal Intermediate CA', authority: true });
}

/** Creates an authority, a server and a client certificate and a signing key (all EC P-256), valid for one day. */
export async function createPki(options: PkiOptions = {}): Promise<Pki> {
  const root = issueCertificate(undefined, { commonName: 'Rehearsal Root CA', authority: true });
  const issuer = createIssuer(root, options.intermediate ?? false);
  const server = issuer.then((by) =>
    issueCertificate(by, {
      commonName: 'rehearsal-service',
      hosts: [...LOOPBACK_HOSTS, ...(options.extraHosts ?? [])],
      usages: ['server'],
      ...options.server,
    }),
  );
  const client = issuer.then((by) =>
    issueCertificate(by, { commonName: 'rehearsal-client', usages: ['client'], ...options.client }),
  );
  const signing = promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const [made, madeBy, served, presented, pair] = await Promise.all([root, issuer, server, client, signing]);
  return {
    root: made,
    issuer: madeBy,
    server: served,
    client: presented,
    signingKey: pair.privateKey,
    signingPublicKeyPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
