import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate } from '../../src/rehearsal/certificate.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { type Fault, type Service, startService } from '../rehearsal/faulty-service.ts';

/** A service, its credentials, and material that a newcomer takes for them by mistake. */
export interface World {
  readonly service: Service;
  readonly pki: Pki;
  /** A service of somebody else. */
  readonly other: Pki;
  /** A service whose certificate is for another name. */
  readonly named: Service;
  /** A CA that issued none of the certificates. */
  readonly clientAuthority: string;
  /** The key of the client, encrypted with the passphrase `right`. */
  readonly sealedKey: string;
  readonly expired: { readonly cert: string; readonly key: string };
  readonly request: string;
  readonly rsaPublicKey: string;
  /** Inputs that sign `dist/**`. */
  readonly inputs: Readonly<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a service with the answers that newcomers meet, each below a prefix of its own. */
export async function createWorld(): Promise<World> {
  const [pki, other] = await Promise.all([createPki({ intermediate: true }), createPki()]);
  const service = await startService({ pki, script: ({ path }) => ANSWERS[path] });
  const elsewhere = await issueCertificate(pki.issuer, {
    commonName: 'sign.example.com',
    hosts: ['sign.example.com'],
    usages: ['server'],
  });
  const named = await startService({ pki: { ...pki, server: elsewhere } });
  const clientAuthority = await issueCertificate(undefined, { commonName: 'Client CA', authority: true });
  const expired = await issueCertificate(pki.issuer, {
    commonName: 'build-server',
    usages: ['client'],
    notBefore: new Date(Date.now() - 400 * DAY_MS),
    notAfter: new Date(Date.now() - 35 * DAY_MS),
  });
  const { credentials } = service;
  return {
    service,
    pki,
    other,
    named,
    clientAuthority: clientAuthority.cert,
    ...opensslMaterial(credentials.key),
    expired,
    rsaPublicKey: String(
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }),
    ),
    inputs: {
      files: 'dist/**',
      'server-url': service.url,
      'app-key': credentials.appKey,
      'app-secret': credentials.appSecret,
      cert: credentials.cert,
      key: credentials.key,
      chain: credentials.chain,
      'verify-key': credentials.verifyKeyPem,
      'cert-expiry-warning-days': '0',
      // A slow machine must not be taken for a slow service by the hurried clock.
      timeout: '3600',
      upload: 'false',
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([service.close(), named.close()]);
    },
  };
}

/** What gateways and other pages of a service answer. */
const ANSWERS: Readonly<Record<string, Fault>> = {
  '/login': answer(302, { location: 'https://sso.example.com/login?next=sign' }),
  '/forbidden': answer(403, { 'content-type': 'application/json' }, '{"message":"client is not enabled for signing"}'),
  '/filtered': answer(
    403,
    { 'content-type': 'text/html', server: 'nginx' },
    '<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center></body></html>',
  ),
  '/compressed': answer(200, { 'content-encoding': 'gzip' }, 'zipped'),
  '/disabled': answer(200, {}, '{"code":4003,"message":"application disabled"}'),
  '/read-only': answer(405, { allow: 'GET' }),
  '/page': answer(200, { 'content-type': 'text/html' }, '<html><title>Sign in</title></html>'),
};

function answer(status: number, headers: Record<string, string>, body = ''): Fault {
  return { kind: 'answer', answer: { status, headers, body } };
}

const DAY_MS = 24 * 3_600_000;

function opensslMaterial(key: string): Pick<World, 'sealedKey' | 'request'> {
  const directory = mkdtempSync(join(tmpdir(), 'mistakes-'));
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' }).toString();
  try {
    writeFileSync(join(directory, 'client.key'), key);
    return {
      sealedKey: openssl('pkcs8', '-topk8', '-in', 'client.key', '-passout', 'pass:right'),
      request: openssl('req', '-new', '-key', 'client.key', '-subj', '/CN=build-server'),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
