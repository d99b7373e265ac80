import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';

/** Length of a P-256 private key, in bytes. */
const KEY_BYTES = 32;

/** Tells whether bytes hold the private key of a P-256 public key: raw, or in base64 or hex of any alignment, with or without line ends. */
export function holdsPrivateKey(bytes: Buffer, publicKey: KeyObject): boolean {
  const jwk = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), ...[jwk.x, jwk.y].map((each) => Buffer.from(each ?? '', 'base64url'))]);
  return readings(bytes).some((each) => holdsRaw(each, point));
}

function readings(bytes: Buffer): readonly Buffer[] {
  const text = bytes.toString('latin1');
  const joined = [text, text.replace(/\\n|\s/g, '')];
  const runs = joined.flatMap((each) => each.match(/[A-Za-z0-9+/_-]{40,}/g) ?? []);
  const hex = joined.flatMap((each) => each.match(/[0-9a-fA-F]{64,}/g) ?? []);
  return [
    bytes,
    ...runs.flatMap((run) => [0, 1, 2, 3].map((at) => Buffer.from(run.slice(at), 'base64'))),
    ...hex.flatMap((run) => [0, 1].map((at) => Buffer.from(run.slice(at), 'hex'))),
  ];
}

function holdsRaw(bytes: Buffer, point: Buffer): boolean {
  const curve = createECDH('prime256v1');
  for (let at = 0; at + KEY_BYTES <= bytes.length; at++) {
    const window = bytes.subarray(at, at + KEY_BYTES);
    // Thirty-two random bytes are never all letters and digits.
    if (window.every((byte) => byte < 0x80)) continue;
    try {
      curve.setPrivateKey(window);
    } catch {
      continue;
    }
    if (curve.getPublicKey().equals(point)) return true;
  }
  return false;
}

/** Returns a private key's bytes in the forms in which a program may write it. */
export function formsOf(pem: string): readonly Buffer[] {
  const key = createPrivateKey(pem);
  const raw = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const texts = [
    pem,
    JSON.stringify(pem),
    raw.toString('hex'),
    raw.toString('base64'),
    `x${raw.toString('base64url')}`,
  ];
  return [raw, key.export({ format: 'der', type: 'sec1' }), ...texts.map((text) => Buffer.from(text))];
}
