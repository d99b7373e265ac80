import { constants, createHash, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { renderPage } from '../../../src/kit/page.ts';
import type { ListedFile, ReleaseData } from '../../../src/page/data.ts';
import { type AlgorithmName, algorithmOf } from '../../../src/verifying/algorithm.ts';
import type { Signer } from '../../verifying/signers.ts';

const TEMPLATE = join(import.meta.dirname, '..', '..', '..', 'dist', 'page', 'verify.html');

/** How a test release is signed. */
export interface HowSigned {
  readonly signer: Signer;
  readonly algorithm: AlgorithmName;
  readonly encoding: 'base64' | 'hex';
  readonly dsaEncoding?: 'der' | 'ieee-p1363';
}

/** Signs bytes and writes the signature as text. */
export function signText(bytes: Uint8Array, how: HowSigned): string {
  return signBytes(bytes, how.signer.privateKey, how).toString(how.encoding);
}

function signBytes(bytes: Uint8Array, key: KeyObject, { algorithm, dsaEncoding = 'der' }: HowSigned): Buffer {
  const known = algorithmOf(algorithm);
  switch (known.scheme) {
    case 'ed25519':
      return sign(null, bytes, key);
    case 'ecdsa':
      return sign(known.hash, bytes, { key, dsaEncoding });
    case 'rsa-pkcs1':
      return sign(known.hash, bytes, { key, padding: constants.RSA_PKCS1_PADDING });
    case 'rsa-pss':
      return sign(known.hash, bytes, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
  }
}

/** A directory of files of a release, beside its page. */
export interface TestRelease {
  /** The files are in here, and nothing else. */
  readonly root: string;
  readonly page: string;
  readonly fingerprint: string;
}

/** Writes files with their signatures, and the page that lists them. */
export function makeRelease(
  files: Readonly<Record<string, string | Uint8Array>>,
  how: HowSigned,
  extra: Partial<ReleaseData> = {},
): TestRelease {
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  const root = join(directory, 'release');
  const listed = Object.entries(files).map(([path, content]): ListedFile => {
    const bytes = Buffer.from(content);
    write(join(root, path), bytes);
    write(join(root, `${path}.sign`), signText(bytes, how));
    return [path, bytes.length, sha256(bytes)];
  });
  const page = join(directory, 'verify.html');
  const data = dataOf(how, { files: listed, ...extra });
  writeFileSync(page, renderPage(readFileSync(TEMPLATE, 'utf8'), data));
  return { root, page, fingerprint: how.signer.key.spkiSha256 };
}

/** Writes a page without files, and returns its path. */
export function makePage(how: HowSigned, extra: Partial<ReleaseData>): string {
  const page = join(mkdtempSync(join(tmpdir(), 'page-')), 'verify.html');
  writeFileSync(page, renderPage(readFileSync(TEMPLATE, 'utf8'), dataOf(how, extra)));
  return page;
}

/** The data of a page; whatever is not given is like that of a small project. */
function dataOf({ signer, algorithm, encoding }: HowSigned, extra: Partial<ReleaseData> = {}): ReleaseData {
  return {
    project: 'octo/road-roller',
    ref: 'v2.4.0',
    commit: '5f1d0a7c3b9e4d2f8a6c1e0b7d4f3a2c9e8b7d6a',
    createdAt: '2026-03-14T09:26:53.000Z',
    rehearsal: false,
    key: signer.key.keyObject.export({ format: 'der', type: 'spki' }).toString('base64'),
    keyName: signer.key.name,
    algorithm,
    encoding,
    suffix: '.sign',
    files: [],
    companions: ['SHA256SUMS', 'verify.html', 'VERIFY.md'],
    ...extra,
  };
}

/** Writes a file and the directories above it. */
export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** SHA-256 as lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
