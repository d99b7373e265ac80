import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { containsPrivateKey } from '../../src/identity/secrets.ts';
import { refusal } from './refusal.ts';

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256Pem = p256.publicKey.export({ format: 'pem', type: 'spki' }).toString();

function pkcs8(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

describe('a private key', () => {
  const encrypted = p256.privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  test.each([
    ['PKCS#8', pkcs8(p256.privateKey)],
    ['SEC1', p256.privateKey.export({ format: 'pem', type: 'sec1' }).toString()],
    ['PKCS#1', rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()],
    ['encrypted', encrypted],
    ['beside a public key', p256Pem + pkcs8(p256.privateKey)],
    ['cut off', pkcs8(p256.privateKey).slice(0, 120)],
    ['with \\n as two characters', pkcs8(p256.privateKey).replaceAll('\n', '\\n')],
    ['with a hyphen lost', pkcs8(p256.privateKey).slice(1)],
    ['behind blanks, as base64 of PEM', ` \n${Buffer.from(pkcs8(p256.privateKey)).toString('base64')}`],
    ['as base64 of UTF-16', Buffer.from(pkcs8(p256.privateKey), 'utf16le').toString('base64')],
    ['as base64 of PEM', Buffer.from(pkcs8(p256.privateKey)).toString('base64')],
    ['of OpenSSH', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----'],
  ])('is recognised and refused without showing it: %s', (_, text) => {
    expect(containsPrivateKey(text)).toBe(true);
    const error = refusal(text);
    const sentences = { message: expect.stringContaining('private key'), hint: expect.stringMatching(/./) };
    expect(error).toMatchObject({ code: 'VERIFY_KEY_PRIVATE', ...sentences });
    const lines = text.split(/\n|\\n/).filter((line) => line.length >= 16 && !line.startsWith('-----'));
    for (const line of lines) expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain(line);
  });

  test('is not found in a text without one', () => {
    for (const text of [p256Pem, 'keys/PRIVATE KEY.pem', 'release.pem', '- BEGIN PRIVATE KEY']) {
      expect(containsPrivateKey(text)).toBe(false);
    }
  });
});
