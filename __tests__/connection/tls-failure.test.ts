import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectionFailure } from '../../src/connection/connection-failure.ts';
import { dialFailure } from '../../src/connection/dialling/dial-failure.ts';
import { isDoubtful } from '../../src/connection/tls/failure.ts';
import { CLIENT_REJECTIONS, DEFINITE_REASONS, OUTAGES, REFUSALS, ROWS } from '../../src/connection/tls/reasons.ts';
import type { Failure } from '../../src/signing/policy/failure.ts';

/** Every reason that OpenSSL in this Node can give in a handshake, by its name; alerts have numbers from 1000 on. */
const REASONS = readReasons();

function readReasons(): ReadonlyMap<string, number> {
  const include = join(dirname(process.execPath), '..', 'include', 'node', 'openssl', 'sslerr.h');
  const header = readFileSync(include, 'latin1').replaceAll('\\\n', '');
  return new Map([...header.matchAll(/# *define SSL_R_(\w+)\s+(\d+)/g)].map(([, name = '', at]) => [name, Number(at)]));
}

/** An error as Node makes one of a reason. */
function reasonError(name: string, prefix = 'ERR_SSL_'): Error {
  return Object.assign(new Error(`error:0A000000:SSL routines::${name}`), { code: `${prefix}${name}` });
}

/** An error as Node makes one of a failed verification: it has a code for few of them, and OpenSSL's words for all. */
function verificationError(code: string, words: string): Error {
  return Object.assign(new Error(words), { code });
}

const told = (error: Error): Failure => dialFailure(error, 'https://signer.example');

describe('the reasons of OpenSSL in this Node', () => {
  test('are read from its own header', () => {
    expect(REASONS.size).toBeGreaterThan(300);
    expect(REASONS.get('SSLV3_ALERT_HANDSHAKE_FAILURE')).toBe(1040);
  });

  test('all end the run with the reason itself, but for those of a server in trouble', () => {
    for (const name of REASONS.keys()) {
      const failure = told(reasonError(name));
      const isOutage = OUTAGES.has(name.replace(/^TLSV1_ALERT_/, ''));
      expect([name, failure.kind, failure.code === 'CONNECTION_LOST']).toEqual([
        name,
        isOutage ? 'service' : 'config',
        isOutage,
      ]);
      expect(failure.hint).toMatch(/^[A-Z].{15,}\.$/);
      if (failure.code === 'TLS_HANDSHAKE_FAILED' || failure.code === 'TLS_HANDSHAKE_REFUSED') {
        const alert = name.replace(/^(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?/, '');
        expect(failure.message).toContain(alert.toLowerCase().replaceAll('_', ' '));
      }
    }
  });

  test('hold the tables: no entry is misspelt', () => {
    const known = new Set([...REASONS.keys()].map((name) => name.replace(/^(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?/, '')));
    const verification = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_PURPOSE|TLS_)/;
    const entries = [ROWS, REFUSALS, CLIENT_REJECTIONS].flatMap((table) => Object.keys(table));
    const own = [...entries, ...DEFINITE_REASONS, ...OUTAGES].filter((name) => !verification.test(name));
    // OpenSSL has the reason of its own internal error in a list for all of its libraries.
    expect(own.filter((name) => !known.has(name))).toEqual([]);
  });

  test('are confirmed by one more dial when damaged bytes or a server that starts can cause them', () => {
    const doubtful = [...REASONS.keys()].filter((name) => isDoubtful(reasonError(name)));
    for (const name of [
      'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
      'LENGTH_MISMATCH',
      'UNEXPECTED_MESSAGE',
      'WRONG_VERSION_NUMBER',
    ])
      expect(doubtful).toContain(name);
    for (const name of [
      'SSLV3_ALERT_BAD_RECORD_MAC',
      'TLSV1_ALERT_DECODE_ERROR',
      'TLSV1_ALERT_DECRYPT_ERROR',
      'SSLV3_ALERT_UNEXPECTED_MESSAGE',
    ])
      expect(doubtful).toContain(name);
    for (const name of [
      'UNSAFE_LEGACY_RENEGOTIATION_DISABLED',
      'EE_KEY_TOO_SMALL',
      'DH_KEY_TOO_SMALL',
      'UNSUPPORTED_PROTOCOL',
    ])
      expect(doubtful).not.toContain(name);
    for (const name of [
      'TLSV1_UNRECOGNIZED_NAME',
      'SSLV3_ALERT_HANDSHAKE_FAILURE',
      'TLSV1_ALERT_UNKNOWN_CA',
      'TLSV1_ALERT_INTERNAL_ERROR',
    ])
      expect(doubtful).not.toContain(name);
  });
});

test.each([
  ['ERR_SSL_A_REASON_OF_TOMORROW', 'TLS_HANDSHAKE_FAILED', 'a reason of tomorrow', true],
  ['ERR_SSL_TLSV1_ALERT_A_REASON_OF_TOMORROW', 'TLS_HANDSHAKE_REFUSED', 'alert a reason of tomorrow', true],
  ['ERR_OSSL_EVP_UNSUPPORTED', 'TLS_HANDSHAKE_FAILED', 'evp unsupported', true],
  ['ERR_TLS_DH_PARAM_SIZE', 'TLS_HANDSHAKE_FAILED', 'tls dh param size', false],
])('a reason that is in no table is the cause all the same: %s', (code, name, words, doubtful) => {
  const error = reasonError(code, '');
  expect([told(error).kind, told(error).code, isDoubtful(error)]).toEqual(['config', name, doubtful]);
  expect(told(error).message).toContain(words);
});

test('a reason that comes while bytes wait to be written is read from the words', () => {
  const words = (reason: string): string =>
    `write EPROTO 40:error:0A:SSL routines:ssl3_read_bytes:${reason}:rec.c:918:\n`;
  const at = (reason: string): Error => Object.assign(new Error(words(reason)), { code: 'EPROTO' });
  expect(told(at('wrong version number')).code).toBe('TLS_NOT_SPOKEN');
  expect(isDoubtful(at('wrong version number'))).toBe(true);
  const rejected = connectionFailure(at('tlsv13 alert certificate required'), { origin: 'https://signer.example' });
  expect([rejected.kind, rejected.code]).toEqual(['config', 'TLS_CLIENT_REJECTED']);
  const other = Object.assign(new Error('write EPROTO'), { code: 'EPROTO' });
  expect(told(other).code).toBe('CONNECTION_LOST');
});

test.each([
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'TLS_SERVER_EXPIRED'],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid', 'TLS_SERVER_NOT_YET_VALID'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'TLS_SERVER_NAME'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'TLS_SERVER_UNTRUSTED'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'unable to get issuer certificate', 'TLS_SERVER_UNTRUSTED'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate', 'TLS_SERVER_UNTRUSTED'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'TLS_SERVER_UNTRUSTED'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'TLS_SERVER_UNTRUSTED'],
  ['CERT_UNTRUSTED', 'certificate not trusted', 'TLS_SERVER_UNTRUSTED'],
  ['CERT_SIGNATURE_FAILURE', 'certificate signature failure', 'TLS_SERVER_UNTRUSTED'],
  ['INVALID_PURPOSE', 'unsuitable certificate purpose', 'TLS_SERVER_PURPOSE'],
  ['INVALID_CA', 'invalid CA certificate', 'TLS_SERVER_INVALID'],
  ['PATH_LENGTH_EXCEEDED', 'path length constraint exceeded', 'TLS_SERVER_INVALID'],
  ['UNSPECIFIED', 'key usage does not include certificate signing', 'TLS_SERVER_INVALID'],
  ['UNSPECIFIED', 'permitted subtree violation', 'TLS_SERVER_INVALID'],
  ['UNSPECIFIED', 'CA signature digest algorithm too weak', 'TLS_SERVER_INVALID'],
  ['UNSPECIFIED', 'EE certificate key too weak', 'TLS_SERVER_INVALID'],
  ['UNSPECIFIED', 'a rule of tomorrow', 'TLS_SERVER_INVALID'],
  ['A_RULE_OF_TOMORROW', '', 'TLS_SERVER_INVALID'],
])('a verification that fails is told at once: %s, %s', (code, words, name) => {
  const error = verificationError(code, words);
  const failure = told(error);
  expect([failure.kind, failure.code, failure.facts.endsRun]).toEqual(['config', name, 'bad-node']);
  expect(isDoubtful(error)).toBe(false);
  expect(failure.message).toMatch(/^https:\/\/signer\.example: [a-z].{15,}[^.]\.$/);
  if (words.includes('tomorrow')) expect(failure.message).toContain(words);
});
