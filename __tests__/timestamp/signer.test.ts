import 'reflect-metadata';
import { type webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { beforeAll, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { checkSigner } from '../../src/timestamp/signer.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const AT = new Date('2026-06-01T12:00:00Z');
const TIME_STAMPING = x509.ExtendedKeyUsage.timeStamping;

interface Made {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** What differs from a sound certificate. */
interface Change {
  readonly uses?: readonly string[];
  readonly isCritical?: boolean;
  readonly keyUsage?: number;
  readonly authority?: { readonly pathLength?: number };
  readonly days?: readonly [from: number, to: number];
  readonly more?: readonly x509.Extension[];
  readonly keys?: webcrypto.CryptoKeyPair;
}

async function make(name: string, issuer: Made | undefined, change: Change): Promise<Made> {
  const keys = change.keys ?? (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']));
  const { uses, isCritical = true, keyUsage, authority, days: [from, to] = [-10, 10], more = [] } = change;
  const subject = `CN=${name}`;
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(AT.getTime() + from * DAY_MS),
    notAfter: new Date(AT.getTime() + to * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(authority !== undefined, authority?.pathLength, true),
      ...(keyUsage === undefined ? [] : [new x509.KeyUsagesExtension(keyUsage, true)]),
      ...(uses === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...uses], isCritical)]),
      ...more,
    ],
  });
  return { certificate, keys };
}

const plain = ({ certificate }: Made): X509Certificate => new X509Certificate(certificate.toString('pem'));
const STAMPS: Change = { uses: [TIME_STAMPING] };

let root: Made;
beforeAll(async () => {
  root = await make('root', undefined, { authority: {} });
});

/** Judges a signer below the root, or below an intermediate that came with the stamp. */
async function judge(signer: Change, below?: Change, anchor: Made = root): Promise<string> {
  const intermediate = below && (await make('intermediate', root, below));
  const leaf = await make('signer', intermediate ?? root, signer);
  const certificates = [plain(leaf), ...(intermediate ? [plain(intermediate)] : [])];
  try {
    checkSigner(plain(leaf), { anchors: [plain(anchor)], certificates, at: AT });
    return 'trusted';
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return `${error.code}: ${error.message} ${error.hint}`;
  }
}

test.each<[string, Change, Change?]>([
  ['below the root', STAMPS],
  ['with the key usage of signing', { ...STAMPS, keyUsage: x509.KeyUsageFlags.digitalSignature }],
  ['below an intermediate that came with it', STAMPS, { authority: { pathLength: 0 } }],
  ['below an intermediate for stamps', STAMPS, { authority: {}, uses: [TIME_STAMPING], isCritical: false }],
  ['which has ended since', { ...STAMPS, days: [-10, 0.01] }],
])('a signer %s is trusted', async (_, signer, below) => {
  expect(await judge(signer, below)).toBe('trusted');
});

const WEB = [x509.ExtendedKeyUsage.serverAuth];

test.each<[string, Change, string, Change?]>([
  ['without an extended key usage', {}, 'is not for time stamps alone .*not fit for time stamps: ask its'],
  ['for web servers', { uses: WEB }, 'is not for time stamps alone'],
  ['for stamps and web servers', { uses: [TIME_STAMPING, ...WEB] }, 'is not for time stamps alone'],
  ['whose use is not critical', { ...STAMPS, isCritical: false }, 'not critical'],
  ['that may issue certificates', { ...STAMPS, keyUsage: x509.KeyUsageFlags.keyCertSign }, 'other than signing'],
  [
    'that had ended',
    { ...STAMPS, days: [-10, -1] },
    'not at the time of the stamp, .*That certificate of the authority has expired or',
  ],
  [
    'that had not begun',
    { ...STAMPS, days: [1, 10] },
    'not at the time of the stamp, .*That certificate of the authority has expired or',
  ],
  [
    'with an unknown critical extension',
    { ...STAMPS, more: [new x509.Extension('1.2.3.4', true, new Uint8Array([5, 0]))] },
    'not understood, 1.2.3.4',
  ],
  [
    'below an intermediate that is no authority',
    STAMPS,
    'does not chain .*: an issuer in its chain may not issue .*The authority signs',
    {},
  ],
  ['below an intermediate for web servers', STAMPS, 'does not chain', { authority: {}, uses: WEB }],
  [
    'below an intermediate that had ended',
    STAMPS,
    'does not chain .*: the issuer CN=intermediate is valid from .*That certificate of the authority has expired',
    { authority: {}, days: [-10, -1] },
  ],
])('a signer %s is not trusted', async (_, signer, sentence, below) => {
  expect(await judge(signer, below)).toMatch(new RegExp(`^TIMESTAMP_UNTRUSTED: .*${sentence}`));
});

test('a chain that leads elsewhere, or is longer than an authority allows, is not trusted', async () => {
  // The same name, another key.
  const other = await judge(STAMPS, undefined, await make('root', undefined, { authority: {} }));
  expect(other).toContain('does not chain to a trusted certificate: the chain ends at the issuer CN=root, and trusted');
  const moved = await judge(STAMPS, undefined, await make('former root', undefined, { authority: {} }));
  expect(moved).toContain(
    'the chain ends at the issuer CN=root, and trusted are CN=former root. The authority may have',
  );
  const ended = await make('root', undefined, { authority: {}, days: [-10, -1], keys: root.keys });
  expect(await judge(STAMPS, undefined, ended)).toMatch(/issuer CN=root is valid .*Put the renewed certificate/);
  const narrow = await make('narrow', undefined, { authority: { pathLength: 0 } });
  const intermediate = await make('intermediate', narrow, { authority: {} });
  const leaf = await make('signer', intermediate, STAMPS);
  const chain = { anchors: [plain(narrow)], certificates: [plain(leaf), plain(intermediate)], at: AT };
  expect(() => checkSigner(plain(leaf), chain)).toThrow('does not chain');
  // Each certificate that is given is an anchor.
  expect(() => checkSigner(plain(leaf), { ...chain, anchors: [plain(intermediate)] })).not.toThrow();
});

test('of many authorities with one name and key, each is examined once, whether its chain ends in an anchor or not', async () => {
  const twin = await make('twin', undefined, { authority: {} });
  const twins = await Promise.all(
    Array.from({ length: 100 }, () => make('twin', twin, { authority: {}, keys: twin.keys })),
  );
  const below = await make('twin', root, { authority: {}, keys: twin.keys });
  const leaf = await make('signer', twin, STAMPS);
  const certificates = [leaf, ...twins].map(plain);
  const startedAt = process.cpuUsage();
  const judging = { anchors: [plain(root)], certificates, at: AT };
  expect(() => checkSigner(plain(leaf), judging)).toThrow('does not chain');
  expect(() => checkSigner(plain(leaf), { ...judging, certificates: [...certificates, plain(below)] })).not.toThrow();
  expect(process.cpuUsage(startedAt).user / 1e6).toBeLessThan(5);
});
