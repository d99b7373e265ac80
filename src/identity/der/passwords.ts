import { createDecipheriv, getCipherInfo, getCiphers, hash, pbkdf2Sync } from 'node:crypto';
import { childrenOf, type Element, integerOf, octetsOf, oidOf } from './der.ts';

/** A password-based encryption scheme as an algorithm identifier describes it. */
export interface PasswordScheme {
  /** Decrypts; `null` is the absent password of Windows, .NET and key vaults. Throws Node's error for a wrong one. */
  decrypt(data: Buffer, passphrase: string | null): Buffer;
}

/** Most iterations that are tried, which take some seconds; exporters use a few thousand to a million. */
export const MAX_ITERATIONS = 5_000_000;

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const PBMAC1 = '1.2.840.113549.1.5.14';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
/** PKCS#12's own schemes that OpenSSL 3 still accepts: 3DES with three keys, and with two. */
const PKCS12_CIPHERS: Readonly<Record<string, Cipher>> = {
  '1.2.840.113549.1.12.1.3': { name: 'des-ede3-cbc', keyLength: 24 },
  '1.2.840.113549.1.12.1.4': { name: 'des-ede-cbc', keyLength: 16 },
};

interface Cipher {
  /** Name in OpenSSL. */
  readonly name: string;
  /** In bytes. */
  readonly keyLength: number;
}

const HMACS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
  '1.2.840.113549.2.12': 'sha512-224',
  '1.2.840.113549.2.13': 'sha512-256',
};

/** Modes that need only a key and an initial vector, which is all that PBES2 provides. */
const PLAIN_MODES: readonly (string | undefined)[] = ['cbc', 'cfb', 'ofb', 'ctr'];

/** Tells whether an algorithm identifier names one of the early schemes (DES, RC2, RC4, MD5), or PBES2 with a cipher, that OpenSSL 3 refuses. */
export function isRetiredScheme(algorithm: Element | undefined): boolean {
  const [scheme, parameters] = childrenOf(algorithm);
  const oid = oidOf(scheme) ?? '';
  const cipher = oid === PBES2 ? oidOf(childrenOf(childrenOf(parameters)[1])[0]) : undefined;
  if (cipher !== undefined) return !getCiphers().includes(getCipherInfo(cipher)?.name ?? '');
  return /^1\.2\.840\.113549\.1\.(?:5\.(?:1|3|4|6|10|11)|12\.1\.[1256])$/.test(oid);
}

/** Returns the iterations of a key derivation, or 0; for scrypt the product of its parameters, which takes as long. */
export function iterationsOf(algorithm: Element | undefined): number {
  const [oid, parameters] = childrenOf(algorithm);
  const [first, second] = childrenOf(parameters);
  if (![PBES2, PBMAC1].includes(oidOf(oid) ?? '')) return integerOf(second) ?? 0;
  const [derivation, details] = childrenOf(first);
  const [, ...costs] = childrenOf(details);
  const counted = oidOf(derivation) === SCRYPT ? costs.slice(0, 3) : costs.slice(0, 1);
  return counted.reduce((product, cost) => product * (integerOf(cost) ?? 0), 1);
}

/** Reads an algorithm identifier: PBES2 with PBKDF2, or 3DES as Windows exports it; `undefined` for any other scheme. */
export function readPasswordScheme(algorithm: Element | undefined): PasswordScheme | undefined {
  const [oid, parameters] = childrenOf(algorithm);
  const name = oidOf(oid) ?? '';
  if (name === PBES2) return readPbes2(childrenOf(parameters));
  const cipher = PKCS12_CIPHERS[name];
  return cipher && readPkcs12Scheme(childrenOf(parameters), cipher);
}

function readPbes2([derivation, encryption]: readonly Element[]): PasswordScheme | undefined {
  const [function_, parameters] = childrenOf(derivation);
  const [cipherOid, ivElement] = childrenOf(encryption);
  const [saltElement, rounds, ...rest] = childrenOf(parameters);
  const salt = octetsOf(saltElement);
  const iv = octetsOf(ivElement);
  const iterations = integerOf(rounds);
  const cipher = getCipherInfo(oidOf(cipherOid) ?? '');
  if (oidOf(function_) !== PBKDF2 || !salt || !iv || !iterations || !cipher?.keyLength) return undefined;
  if (!PLAIN_MODES.includes(cipher.mode)) return undefined;
  const { name, keyLength } = cipher;
  const hmacOid = oidOf(childrenOf(rest.find((one) => oidOf(childrenOf(one)[0]) !== undefined))[0]);
  const digest = hmacOid === undefined ? 'sha1' : HMACS[hmacOid];
  if (digest === undefined) return undefined;
  return {
    decrypt: (data, passphrase) => {
      const key = pbkdf2Sync(passphrase ?? '', salt, iterations, keyLength, digest);
      const decipher = createDecipheriv(name, key, iv);
      return Buffer.concat([decipher.update(data), decipher.final()]);
    },
  };
}

function readPkcs12Scheme([saltElement, rounds]: readonly Element[], cipher: Cipher): PasswordScheme | undefined {
  const salt = octetsOf(saltElement);
  const iterations = integerOf(rounds);
  if (!salt || salt.length === 0 || !iterations) return undefined;
  return {
    decrypt: (data, passphrase) => {
      // An empty password still ends in two zero bytes; an absent one has no bytes.
      const password = passphrase === null ? Buffer.alloc(0) : Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
      const input = Buffer.concat([fillBlocks(salt), fillBlocks(password)]);
      const derive = (id: 1 | 2, length: number) => derivePkcs12(id, length, Buffer.from(input), iterations);
      const decipher = createDecipheriv(cipher.name, derive(1, cipher.keyLength), derive(2, 8));
      return Buffer.concat([decipher.update(data), decipher.final()]);
    },
  };
}

const SHA1_BLOCK = 64;

/** Derives a key (1) or an initial vector (2) by RFC 7292, appendix B.2, with SHA-1; overwrites the input. */
function derivePkcs12(id: 1 | 2, length: number, input: Buffer, iterations: number): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0; size < length; size += 20) {
    let digest = hash('sha1', Buffer.concat([Buffer.alloc(SHA1_BLOCK, id), input]), 'buffer');
    for (let round = 1; round < iterations; round += 1) digest = hash('sha1', digest, 'buffer');
    parts.push(digest);
    const addend = fillBlocks(digest);
    for (let block = 0; block < input.length; block += SHA1_BLOCK) {
      addOnePlus(input.subarray(block, block + SHA1_BLOCK), addend);
    }
  }
  return Buffer.concat(parts).subarray(0, length);
}

function fillBlocks(bytes: Buffer): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / SHA1_BLOCK) * SHA1_BLOCK, bytes);
}

// target = target + addend + 1, as big-endian numbers of one block.
function addOnePlus(target: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let index = target.length - 1; index >= 0; index -= 1) {
    carry += (target[index] ?? 0) + (addend[index] ?? 0);
    target[index] = carry & 0xff;
    carry >>= 8;
  }
}
