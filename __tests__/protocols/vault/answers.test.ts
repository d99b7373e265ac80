import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  publicKeyOf,
  readBatch,
  readKey,
  readLogin,
  readWrapping,
  warningsIn,
} from '../../../src/protocols/vault/answers.ts';
import { algorithmOfKey } from '../../../src/protocols/vault/key-type.ts';
import { loginMount, parseKeyName, parseMount } from '../../../src/protocols/vault/paths.ts';
import { isTokenRefused } from '../../../src/protocols/vault/refusals.ts';
import { signRequest } from '../../../src/protocols/vault/vault.ts';
import { Failure } from '../../../src/signing/policy/failure.ts';
import { type AlgorithmName, algorithmOf } from '../../../src/verifying/algorithm.ts';

const key = { mount: 'transit', name: 'release', version: undefined };
const scrub = (text: string, maxLength?: number): string => text.replaceAll('s3cr3t', '***').slice(0, maxLength);
const batch = { key, encoding: 'base64', scrub } as const;

function answer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}) {
  return { status, headers, body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) };
}

/** What is thrown, as `kind CODE message`. */
function thrown(act: () => unknown): string {
  try {
    return `nothing: ${JSON.stringify(act())}`;
  } catch (error) {
    const { kind, code, message } = Object(error);
    return `${kind} ${code} ${message}`;
  }
}

const errors = (...texts: string[]): object => ({ errors: texts });

test.each([
  [400, errors('signing key not found'), 'config KEY_NOT_FOUND There is no key “release” at transit.'],
  [404, errors(), 'config KEY_NOT_FOUND There is no key'],
  [404, errors('no handler for route "nope/sign/x". route entry not found.'), 'config NOT_FOUND No transit engine'],
  [
    404,
    '<html><title>Not here</title></html>',
    'NOT_FOUND A web server or gateway answered 404 with its own page titled “Not here”',
  ],
  [403, errors('1 error occurred:\n\t* permission denied\n\n'), 'config PERMISSION_DENIED'],
  [403, errors('permission denied'), 'config LOGIN_REFUSED'],
  [503, errors('Vault is sealed'), 'service SERVICE_SEALED'],
  [503, errors('something else'), 'service UNAVAILABLE'],
  [412, errors('required index state not present'), 'service UNAVAILABLE The service answered 412: this node'],
  [472, errors(), 'service UNAVAILABLE'],
  [473, '', 'service UNAVAILABLE'],
  [429, errors('request path "transit/sign": rate limit quota exceeded'), 'service THROTTLED'],
  [413, '', 'file FILE_TOO_LARGE_FOR_SERVER The service answered 413 to a request.'],
  [403, errors('2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'), 'config LOGIN_REFUSED'],
  [
    400,
    errors('refused JSON input due to high complexity: exceeded maximum number of strings'),
    'file REQUEST_REFUSED',
  ],
  [400, errors('requested version for signing is higher than the latest key version'), 'config KEY_NOT_FOUND'],
  [307, '', 'config HTTP_REDIRECT'],
  [200, { data: {} }, 'request RESP_BAD_SIGNATURE'],
  [200, { data: { batch_results: [] } }, 'request RESP_BAD_SIGNATURE'],
  [200, 'rubbish', 'request RESP_BAD_SIGNATURE'],
])('a signing request that is answered with %d %j', (status, value, expected) => {
  expect(thrown(() => readBatch(answer(status, value), 1, batch))).toContain(expected);
});

test('a signature of another version than the pinned one is refused', () => {
  const results = [
    { signature: 'vault:v1:AQID', key_version: 1 },
    { signature: 'vault:v3:AQID', key_version: 3 },
  ];
  const pinned = { ...batch, key: { ...key, version: 3 } };
  const [other, wanted] = readBatch(answer(200, { data: { batch_results: results } }), 2, pinned);
  expect(other instanceof Failure && other.message).toContain('version 1 of the key, and release@3 was asked for');
  expect(wanted).toMatchObject({ keyVersion: 3 });
});

test('a batch has a result for each item, in order, and items fail alone', () => {
  const results = [
    { signature: 'vault:v3:AQID', key_version: 3 },
    { key_version: 0, error: 'missing input' },
    { signature: 'vault:v1:!!', key_version: 1 },
    { signature: 'AQID', key_version: 1 },
    { signature: 'vault:v1:AQID', key_version: 2 },
    null,
    { signature: 'vault:v0:AQID' },
    { signature: 'vault:v99999999999999999999:AQID' },
    { signature: 'vault:v1:' },
    { error: { text: 'no' } },
  ];
  const read = readBatch(answer(200, { data: { batch_results: results } }), results.length, {
    ...batch,
    encoding: 'hex',
  });
  expect(read[0]).toEqual({ text: '010203', keyVersion: 3 });
  expect(read.slice(1).map((each) => ('kind' in each ? each.kind : 'no failure'))).toEqual([
    'file',
    ...Array<string>(8).fill('request'),
  ]);
});

test.each([
  [400, errors('no client certificate found'), 'LOGIN_REFUSED'],
  [
    500,
    errors("failed to verify client's certificate: x509: certificate has expired or is not yet valid"),
    'LOGIN_REFUSED',
  ],
  [500, errors('internal error'), 'SERVER_ERROR'],
  [503, errors('Vault is sealed'), 'SERVICE_SEALED'],
  [429, errors('rate limit quota exceeded'), 'THROTTLED'],
  [405, errors('unsupported operation'), 'config LOGIN_REFUSED'],
  [418, '<html>no</html>', 'config LOGIN_REFUSED'],
  [412, errors('required index state not present'), 'service UNAVAILABLE'],
  [473, errors(), 'service UNAVAILABLE'],
  [200, '<html><title>Sign in</title></html>', 'request RESP_BAD_SIGNATURE'],
  [200, { auth: { client_token: 's.x\r\nX-Other: 1' } }, 'RESP_BAD_SIGNATURE'],
  [200, { auth: { client_token: 'x'.repeat(9000) } }, 'RESP_BAD_SIGNATURE'],
  [200, { auth: null }, 'RESP_BAD_SIGNATURE'],
  [200, { auth: { client_token: '', mfa_requirement: { mfa_request_id: 'x' } } }, 'LOGIN_REFUSED'],
])('a login that is answered with %d %j', (status, value, code) => {
  expect(thrown(() => readLogin(answer(status, value), { method: 'cert', scrub }))).toContain(code);
});

test('a policy that forbids a request is told with that request, and without the decoration of the service', () => {
  const request = 'POST https://bao.example.com/v1/transit/sign/release/sha2-256';
  const denied = { ...answer(403, errors('1 error occurred:\n\t* permission denied\n\n')), request };
  expect(thrown(() => readBatch(denied, 1, batch))).toBe(
    `config PERMISSION_DENIED The login worked, but its policy does not permit ${request}. The service answered 403: “permission denied”.`,
  );
});

test('a mistyped mount or key is looked for before a policy, unless the key was read', () => {
  const hintOf = (request: string): unknown => {
    try {
      return readBatch({ ...answer(403, errors('1 error occurred:\n\t* permission denied\n\n')), request }, 1, batch);
    } catch (error) {
      return Object(error).hint;
    }
  };
  expect(hintOf('GET https://bao.example.com/v1/transit/keys/release')).toMatch(
    /^Check mount and signing-key for typing/,
  );
  expect(hintOf('POST https://bao.example.com/v1/transit/sign/release')).toMatch(
    /^Ask the operators .* for a policy with/,
  );
});

test('a login without a certificate tells whether the server asked for one', () => {
  const hintOf = (method: 'cert' | 'oidc', asksForCertificate?: boolean, role?: string): unknown => {
    try {
      const response = answer(400, errors('invalid certificate or no client certificate supplied'));
      return readLogin(response, { method, role, scrub, asksForCertificate });
    } catch (error) {
      return Object(error).hint;
    }
  };
  expect(hintOf('cert', false)).toMatch(/^The server did not ask for a client certificate.* in front .* ends TLS/);
  for (const asks of [true, undefined])
    expect(hintOf('cert', asks)).toMatch(
      /^No role of the cert login trusts .* or cert lacks an intermediate .* If the role fits, a balancer or gateway/,
    );
  expect(hintOf('cert', true, 'release')).toMatch(/^The role in the input role does not trust the issuer/);
  expect(hintOf('oidc', false)).toMatch(/^Check the inputs role and oidc-audience/);
});

test('a login gives the token, its lease and whether it can be revoked', () => {
  const auth = { client_token: 's.x', lease_duration: 600, token_type: 'service' };
  expect(readLogin(answer(200, { auth }), { method: 'cert', scrub })).toEqual({
    value: 's.x',
    leaseMs: 600_000,
    isRevocable: true,
  });
  const batchToken = { client_token: 'b.x', lease_duration: 60, token_type: 'batch' };
  expect(readLogin(answer(200, { auth: batchToken }), { method: 'oidc', scrub }).isRevocable).toBe(false);
  // An infinite lease would mark a token that was given, which no login replaces.
  const endless = answer(200, '{"auth":{"client_token":"s.x","lease_duration":1e999}}');
  expect(readLogin(endless, { method: 'cert', scrub }).leaseMs).toBe(Number.MAX_SAFE_INTEGER);
});

test('only the exact text says that a token is unknown', () => {
  expect(isTokenRefused(answer(403, errors('permission denied')))).toBe(true);
  expect(isTokenRefused(answer(403, errors('1 error occurred:\n\t* permission denied\n\n')))).toBe(false);
  expect(isTokenRefused(answer(400, errors('permission denied')))).toBe(false);
  // Newer versions of Vault.
  expect(isTokenRefused(answer(403, errors('2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n')))).toBe(
    true,
  );
});

test('warnings count only in an answer that succeeded, and only as texts', () => {
  expect(warningsIn(answer(200, { warnings: ['a s3cr3t', { text: 'b' }, null] }), scrub)).toEqual(['a ***']);
  expect(warningsIn(answer(502, 'bad gateway "warnings":["'), scrub)).toEqual([]);
  expect(warningsIn(answer(200, { warnings: Array(100_000).fill('w') }), scrub)).toHaveLength(8);
});

test.each(['', 'HVS.A-TOKEN', 'rsa-2048 of\nsomebody', 'x'.repeat(40)])(
  '“%s” is no type of a key, and is not shown',
  (type) => {
    const read = (): unknown => readKey(answer(200, { data: { type, latest_version: 1 } }), batch);
    expect(read).toThrow(
      /^The service answered 200 to the question about the key, but not with its type and version\.$/,
    );
  },
);

test('public keys come as PEM for every type', () => {
  const keys = { 1: { public_key: Buffer.alloc(32, 1).toString('base64') } };
  const { publicKeys } = readKey(answer(200, { data: { type: 'ed25519', latest_version: 1, keys } }), batch);
  expect(publicKeys.get(1)).toContain('-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA');
});

test.each([
  ['ecdsa-sha256', { prehashed: true, marshaling_algorithm: 'asn1' }],
  ['rsa-pkcs1-sha512', { prehashed: true, signature_algorithm: 'pkcs1v15' }],
  ['rsa-pss-sha384', { prehashed: true, signature_algorithm: 'pss', salt_length: 'hash' }],
  ['ed25519', {}],
] as const)('a request for %s names every choice of the engine', (name, choices) => {
  const items = { batch_input: [{ input: 'AQ==' }] };
  expect(signRequest(['AQ=='], algorithmOf(name), key)).toEqual({ ...items, ...choices });
  expect(signRequest(['AQ=='], algorithmOf(name), { ...key, version: 3 })).toMatchObject({ key_version: 3 });
});

test('the type of a key decides its algorithm', () => {
  const usual = (type: string) => algorithmOfKey(type, key, undefined);
  expect(usual('ecdsa-p521').name).toBe('ecdsa-sha512');
  expect(usual('rsa-3072').name).toBe('rsa-pkcs1-sha256');
  expect(thrown(() => usual('aes256-gcm96'))).toContain('config KEY_NOT_FOUND');
  expect(thrown(() => usual('hmac'))).toContain('which cannot sign files');
  // A managed key of Vault can sign, by an algorithm of its own.
  expect(thrown(() => usual('managed_key'))).toContain('which does not say how it signs');
});

test.each([
  ["error deriving key: missing 'context' for key derivation", 'is a derived key'],
  ['refusing to use soft-deleted key', 'is soft-deleted'],
  ['no such key version', 'has no usable version 3'],
  ['requested version for signing is higher than the latest key version', 'has no usable version 3'],
  ['key type hmac does not support signing', 'is of a type that cannot sign'],
])('“%s” ends the run, because every file would be refused for it', (error, sentence) => {
  const asked = { key: { ...key, version: 3 }, scrub, encoding: 'base64' } as const;
  const [item] = readBatch(answer(200, { data: { batch_results: [{ error }] } }), 1, asked);
  const whole = thrown(() => readBatch(answer(400, { errors: [error] }), 1, asked));
  for (const told of [item instanceof Failure ? `${item.kind} ${item.code} ${item.message}` : '', whole]) {
    expect(told).toContain('config KEY_NOT_FOUND');
    expect(told).toContain(sentence);
  }
});

test('a token is taken for a wrapping one only when the service says so', () => {
  expect(readWrapping(answer(200, { data: { creation_path: 'auth/token/create' } }))).toBe('auth/token/create');
  for (const other of [answer(400, { errors: ['no'] }), answer(200, { data: {} }), answer(200, 'x'), answer(404, {})])
    expect(readWrapping(other)).toBeUndefined();
});

test('an algorithm that the key cannot sign by is refused, because the engine would sign by another one without an error', () => {
  const wanted = (type: string, name: AlgorithmName) => algorithmOfKey(type, key, algorithmOf(name));
  expect(wanted('rsa-2048', 'rsa-pss-sha512').name).toBe('rsa-pss-sha512');
  expect(wanted('ecdsa-p256', 'ecdsa-sha384').name).toBe('ecdsa-sha384');
  for (const [type, name] of [
    ['ed25519', 'ecdsa-sha256'],
    ['ecdsa-p256', 'ed25519'],
    ['ecdsa-p256', 'rsa-pss-sha256'],
    ['rsa-2048', 'ecdsa-sha256'],
  ] as const)
    expect(thrown(() => wanted(type, name))).toContain(`does not sign by signature-algorithm: ${name}`);
});

test('warnings of an answer are read, without secrets', () => {
  const warnings = ['Endpoint ignored these unrecognized parameters: [salt_length]', 's3cr3t'];
  const read = (value: unknown) => warningsIn(answer(200, value), scrub);
  expect(read({ data: {}, warnings })).toEqual([warnings[0], '***']);
  expect(read({ data: {}, warnings: null })).toEqual([]);
  expect(read({ data: {} })).toEqual([]);
});

test.each([
  ['release', { name: 'release', version: undefined }],
  ['release@12', { name: 'release', version: 12 }],
  ['release@0', undefined],
  ['a/b', undefined],
  ['a b', undefined],
])('the key %s', (text, expected) => expect(parseKeyName(text)).toEqual(expected));

test.each([
  ['transit', 'transit'],
  ['/team/transit/', 'team/transit'],
  ['a/../b', undefined],
  ['a?b', undefined],
])('the mount %s', (text, expected) => expect(parseMount(text)).toBe(expected));

test.each([
  [undefined, { path: 'auth/jwt', namespace: '' }],
  ['github', { path: 'auth/github', namespace: '' }],
  ['auth/github', { path: 'auth/github', namespace: '' }],
  ['team/auth/github', { path: 'team/auth/github', namespace: 'team/' }],
])('the login mount %s', (at, expected) => expect(loginMount('jwt', at)).toEqual(expected));

test('a secret in the words of the service is removed before the words are cut', () => {
  const long = `${'x'.repeat(196)}s3cr3t`;
  const refusals = [
    thrown(() => readBatch(answer(400, errors(`key not found ${long}`)), 1, batch)),
    thrown(() => readLogin(answer(400, errors(long)), { method: 'cert', scrub })),
    JSON.stringify(readBatch(answer(200, { data: { batch_results: [{ error: long }] } }), 1, batch)),
  ];
  for (const refusal of refusals) expect(refusal).not.toMatch(/s3c/);
});

test('the public key of a version is written anew, and what is none is not repeated', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const keyOf = (text: string): string =>
    thrown(() => publicKeyOf({ type: 'ecdsa-p256', latestVersion: 1, publicKeys: new Map([[1, text]]) }, 1));
  expect(keyOf(`${pem}s3cr3t`)).toBe(`nothing: ${JSON.stringify(pem)}`);
  const refused =
    'request RESP_BAD_SIGNATURE The service answered 200 to the question about the key, but its public key cannot be read.';
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const text of ['s3cr3t', secret, pem.replace(/A/g, 's3cr3t'), ` ${secret}${pem}`, '-----BEGIN PUBLIC KEY-----'])
    expect(keyOf(text)).toBe(refused);
});
