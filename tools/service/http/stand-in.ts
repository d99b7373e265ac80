import { generateKeyPair, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { AnswerPlace } from '../../../src/protocols/http/answer.ts';
import { createPki, type Pki } from '../../../src/rehearsal/pki.ts';
import { Connections } from '../../../src/rehearsal/requests/connections.ts';
import { createServer, type ServerTls } from '../../../src/rehearsal/server.ts';
import type { Algorithm } from '../../../src/verifying/algorithm.ts';
import type { SignatureEncoding } from '../../../src/verifying/encoding.ts';
import { ToolError } from '../../tool-error.ts';
import { judge, type Received, type Wish } from './judge.ts';
import { Mistake } from './mistake.ts';
import type { Settings } from './settings.ts';
import { signBytes, signDigest } from './sign-digest.ts';

/** A running service that answers by one message. */
export interface StandInService {
  readonly url: string;
  readonly port: number;
  readonly pki: Pki;
  /** PEM of the public key that signatures are checked with. */
  readonly publicKeyPem: string;
  close(): Promise<void>;
}

/** How a stand-in runs. */
export interface StandInOptions {
  readonly settings: Settings;
  /** 0 for a free one. */
  readonly port: number;
  readonly delayMs: number;
  readonly http2: boolean;
  readonly tls: Partial<ServerTls>;
  /** Gets what became of each request. */
  readonly onRequest: (told: Told) => void;
}

/** What became of one request. */
export type Told = Pick<Received, 'method' | 'target'> &
  ({ readonly wish: Wish; readonly mistake?: undefined } | { readonly mistake: string });

/** Starts a service on 127.0.0.1 that takes the requests of one message, demands a client certificate, and refuses any other. */
export async function startStandIn(options: StandInOptions): Promise<StandInService> {
  const { settings, tls, http2 } = options;
  const pki = await createPki();
  const keys = await createSigningKeys(settings.algorithm);
  const connections = new Connections();
  const own = { cert: pki.server.cert, key: pki.server.key, clientAuthority: pki.root.cert };
  const server = createServer({ tls: { ...own, ...tls }, http2, keepAliveTimeoutMs: 0 }, (request, response) => {
    void answer(options, keys.privateKey, { request, response });
  });
  server.on('connection', (socket) => connections.add(socket));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening').catch((cause: unknown) => {
    throw new ToolError('SERVICE_NOT_STARTED', `The service cannot listen on 127.0.0.1:${options.port}.`, { cause });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    pki,
    publicKeyPem: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      connections.destroy();
      await closed;
    },
  };
}

const CURVES = { sha256: 'P-256', sha384: 'P-384', sha512: 'P-521' } as const;

function createSigningKeys(
  algorithm: Algorithm,
): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  const generate = promisify(generateKeyPair);
  switch (algorithm.scheme) {
    case 'ecdsa':
      return generate('ec', { namedCurve: CURVES[algorithm.hash] });
    case 'ed25519':
      return generate('ed25519');
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return generate('rsa', { modulusLength: 2048 });
  }
}

interface Exchange {
  readonly request: IncomingMessage | Http2ServerRequest;
  readonly response: ServerResponse | Http2ServerResponse;
}

async function answer(options: StandInOptions, key: KeyObject, { request, response }: Exchange): Promise<void> {
  const { settings, onRequest, delayMs } = options;
  const { method = '', url: target = '' } = request;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (delayMs > 0) await delay(delayMs);
    const wish = judge(settings, { method, target, headers: request.rawHeaders, body: Buffer.concat(chunks) });
    onRequest({ method, target, wish });
    const { type, body } = shape(sign(wish, settings.algorithm, key), settings);
    respond(response, 200, { type, body });
  } catch (error) {
    // A client that went away needs no answer.
    if (response.destroyed || !request.complete) return;
    const mistake = error instanceof Mistake ? error : new Mistake(String(error), 500);
    onRequest({ method, target, mistake: mistake.message });
    respond(response, mistake.status, { type: 'application/json', body: JSON.stringify({ error: mistake.message }) });
  }
}

interface Content {
  readonly type: string;
  readonly body: string | Buffer;
}

function respond(response: Exchange['response'], status: number, { type, body }: Content): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.end(body);
}

function sign({ kind, bytes }: Wish, algorithm: Algorithm, key: KeyObject): Buffer {
  return kind === 'file' || algorithm.scheme === 'ed25519'
    ? signBytes(bytes, algorithm, key)
    : signDigest(bytes, algorithm, key);
}

/** Puts a signature where the message expects it. */
function shape(
  signature: Buffer,
  { answer: place, encoding }: { readonly answer: AnswerPlace; readonly encoding: SignatureEncoding },
): Content {
  switch (place.in) {
    case 'raw':
      return { type: 'application/octet-stream', body: signature };
    case 'body':
      return { type: 'text/plain', body: `${signature.toString(encoding)}\n` };
    case 'json': {
      const json = place.steps.reduceRight<unknown>(around, signature.toString(encoding));
      return { type: 'application/json', body: JSON.stringify(json) };
    }
  }
}

/** A step that is a small number leads into a list, any other into an object. */
function around(value: unknown, step: string): unknown {
  return /^\d$/.test(step) ? [...Array.from({ length: Number(step) }, () => null), value] : { [step]: value };
}
