import { createSign, generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult } from 'node:crypto';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { Hash } from '../../../src/verifying/algorithm.ts';
import { signDigest as signByAlgorithm } from '../../../tools/service/sign-digest.ts';
import { CA, CLIENT, Pki } from '../../identity/pki.ts';

/** A request as a stand-in sees it. */
interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What a stand-in answers. */
interface StandInAnswer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/** How a service of another make judges a request and answers it; throws to refuse the request. */
export type StandIn = (request: SeenRequest, key: KeyObject) => StandInAnswer;

/** Signs a ready digest by RSA PKCS#1 v1.5. */
export function signDigest(digest: Buffer, hash: Hash, key: KeyObject): Buffer {
  return signByAlgorithm(digest, { scheme: 'rsa-pkcs1', hash }, key);
}

/** Demands a value; members of an object may come in any order. */
function demand(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${what}: ${JSON.stringify(actual)}`);
}

function strictBase64(text: unknown): Buffer {
  const bytes = Buffer.from(String(text), 'base64');
  demand(text, bytes.toString('base64'), 'base64');
  return bytes;
}

function strictHex(text: unknown): Buffer {
  const bytes = Buffer.from(String(text), 'hex');
  demand(text, bytes.toString('hex'), 'hex');
  return bytes;
}

/** Reads a JSON body with exactly these members; the digest's own value is returned. */
function digestIn({ headers, body }: SeenRequest, member: string, others: object): unknown {
  demand(headers['content-type']?.replace(/; ?charset=utf-8$/i, ''), 'application/json', 'content type');
  const json: Record<string, unknown> = JSON.parse(body.toString());
  const { [member]: digest, ...rest } = json;
  demand(rest, others, 'members');
  return digest;
}

/** Builds an answer of JSON. */
export function json(value: object): StandInAnswer {
  return { type: 'application/json', body: JSON.stringify(value) };
}

/** Nine services of other makes, by the heading under which docs/protocols.md shows their message. */
export const STAND_INS: Readonly<Record<string, StandIn>> = {
  'OCM signing server'(request, key) {
    demand([request.method, request.path], ['POST', '/sign/rsassa-pkcs1-v1_5'], 'request line');
    demand(request.query.get('hashAlgorithm'), 'SHA-256', 'hash');
    demand(request.headers.accept, 'application/octet-stream', 'accept');
    return { type: 'application/octet-stream', body: signDigest(request.body, 'sha256', key) };
  },
  'Keyfactor SignServer'(request, key) {
    demand(request.path, '/signserver/rest/v1/workers/PlainSigner/process', 'path');
    demand(typeof request.headers['x-keyfactor-requested-with'], 'string', 'X-Keyfactor-Requested-With');
    const digest = digestIn(request, 'data', {
      encoding: 'BASE64',
      metaData: { USING_CLIENTSUPPLIED_HASH: 'true', CLIENTSIDE_HASHDIGESTALGORITHM: 'SHA-256' },
    });
    const data = signDigest(strictBase64(digest), 'sha256', key).toString('base64');
    return json({ data, requestId: '1', signerCertificate: '' });
  },
  'A signing server behind CGI'(request, key) {
    demand([request.method, request.path], ['POST', '/cgi-bin/signing_server.cgi'], 'request line');
    demand(request.query.get('key'), 'firmware', 'key');
    const [, boundary] =
      /^multipart\/form-data; boundary=(signing\w{20})$/.exec(request.headers['content-type'] ?? '') ?? [];
    const [head, tail] = [
      `--${boundary}\r\nContent-Disposition: form-data; name="digest"; filename="digest"\r\n\r\n`,
      `\r\n--${boundary}--`,
    ];
    const digest = request.body.subarray(head.length, request.body.length - tail.length);
    demand(request.body.toString('latin1'), head + digest.toString('latin1') + tail, 'multipart');
    return { type: 'application/octet-stream', body: signDigest(digest, 'sha512', key) };
  },
  'Firmware signing with a password'(request, key) {
    demand(request.path, '/sign-firmware-production', 'path');
    demand(request.headers.authorization, `Basic ${TOKEN}`, 'credential');
    const digest = digestIn(request, 'hashOfFirmwareImage', { productModelName: 'gateway-2' });
    return json({ signature: signDigest(strictHex(digest), 'sha256', key).toString('base64') });
  },
  'An API key in a header'(request, key) {
    demand(request.path, '/digest/sign', 'path');
    demand(request.headers['api-key'], TOKEN, 'credential');
    const digest = strictBase64(digestIn(request, 'hash', {}));
    return { ...json({ signatureValue: signDigest(digest, 'sha256', key).toString('base64') }), status: 201 };
  },
  'EU DSS'(request, key) {
    demand(request.path, '/services/rest/server-signing/sign-digest/release', 'path');
    const digest = strictBase64(digestIn(request, 'value', { algorithm: 'SHA256' }));
    return json({ algorithm: 'RSA_SHA256', value: signDigest(digest, 'sha256', key).toString('base64') });
  },
  'CodeSign Secure'(request, key) {
    demand(request.path, '/api/signing/sign/', 'path');
    demand(request.headers.authorization, `Bearer ${TOKEN}`, 'credential');
    const digest = strictHex(digestIn(request, 'hash', { certificate_name: 'release' }));
    return json({ result: signDigest(digest, 'sha256', key).toString('hex') });
  },
  'DigiCert ONE'(request, key) {
    demand(request.path, '/signingmanager/api/v1/keypairs/2a91a9d5-8a4c-4a5e-b0c1-5f6b2e1f0c11/sign', 'path');
    demand(request.headers['x-api-key'], TOKEN, 'credential');
    const others = { account: { id: '7d2f6a3e-0d5b-4a7e-9a51-3a0c2f1b9e77' }, sig_alg: 'SHA256withRSA' };
    const digest = strictBase64(digestIn(request, 'hash', others));
    return json({ id: '1', signature: signDigest(digest, 'sha256', key).toString('base64') });
  },
  'NXP SPSDK'(request, key) {
    demand([request.method, request.path, request.body.length], ['GET', '/signer/release', 0], 'request line');
    const file = strictBase64(request.query.get('data'));
    return json({ signature: createSign('sha256').update(file).sign(key, 'base64') });
  },
};

/** The value of `token` in the tests; it needs no escaping anywhere. */
export const TOKEN = 'dXNlcjpwYXNzd29yZC1vZi10aGUtc2VydmljZQ==';

/** The API of a platform team that examples/in-house-api.yml calls. */
export const IN_HOUSE_API: StandIn = ({ method, path, headers, body }, key) => {
  const { algorithm, digest, file, ...others } = JSON.parse(body.toString());
  const seen = [method, path, headers.authorization, algorithm, typeof file, Object.keys(others).length];
  demand(seen, ['POST', '/v2/keys/release/sign', `Bearer ${TOKEN}`, 'SHA256', 'string', 0], 'request');
  const signature = signDigest(strictBase64(digest), 'sha256', key).toString('base64');
  return json({ result: { signature } });
};

/** What all servers of a process share: to make it takes longer than most tests. */
let shared: { readonly pki: Pki; readonly keys: KeyPairKeyObjectResult } | undefined;

function share(): NonNullable<typeof shared> {
  const pki = new Pki();
  process.once('exit', () => pki.remove());
  pki.issue('ca', { extensions: CA });
  pki.issue('server', { issuer: 'ca', extensions: 'subjectAltName=DNS:localhost\n' });
  pki.issue('client', { issuer: 'ca', extensions: CLIENT });
  return { pki, keys: generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

/** A server on loopback that demands a client certificate and hands requests to a stand-in. */
export class StandInServer {
  /** A copy of its own, for tests that add to it. */
  readonly pki = new Pki();
  readonly refusals: string[] = [];
  readonly exchanges: { readonly request: SeenRequest; readonly answer: StandInAnswer }[] = [];
  readonly keys: KeyPairKeyObjectResult;
  readonly #server: Server;

  /** `authorities` issue client certificates besides the server's own PKI. */
  constructor(standIn: StandIn, authorities: readonly string[] = []) {
    shared ??= share();
    this.keys = shared.keys;
    cpSync(shared.pki.directory, this.pki.directory, { recursive: true });
    const tls = { cert: this.pki.text('server.pem'), key: this.pki.text('server.key') };
    const ca = [this.pki.text('ca.pem'), ...authorities];
    this.#server = createServer({ ...tls, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'https://localhost');
        const seen = {
          method: request.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          headers: request.headers,
          body: Buffer.concat(chunks),
        };
        const answer = this.#judge(standIn, seen);
        this.exchanges.push({ request: seen, answer });
        const { status = 200, type, body } = answer;
        response.writeHead(status, { 'content-type': type }).end(body);
      });
    });
  }

  #judge(standIn: StandIn, request: SeenRequest): StandInAnswer {
    try {
      return standIn(request, this.keys.privateKey);
    } catch (error) {
      this.refusals.push(String(error));
      return { status: 400, type: 'text/plain', body: String(error) };
    }
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Inputs that reach this server and check its signatures. */
  get inputs(): Readonly<Record<string, string>> {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return {
      'server-url': `https://localhost:${port}`,
      cert: this.pki.text('client.pem'),
      key: this.pki.text('client.key'),
      chain: this.pki.text('ca.pem'),
      'verify-key': this.publicKey,
    };
  }

  get publicKey(): string {
    return this.keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    this.pki.remove();
  }
}
