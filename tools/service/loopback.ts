import { generateKeyPair, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { Connections } from '../../src/rehearsal/requests/connections.ts';
import { createServer, type ServerTls } from '../../src/rehearsal/server.ts';
import type { Algorithm } from '../../src/verifying/algorithm.ts';
import { ToolError } from '../tool-error.ts';

/** Options of a server on loopback. */
export interface LoopbackOptions {
  /** Port; 0 for a free one. */
  readonly port: number;
  readonly delayMs: number;
  readonly http2: boolean;
  /** Replaces single options of the generated TLS material. */
  readonly tls: Partial<ServerTls>;
}

/** A received request. */
export interface Received {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Alternating names and values of the headers. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/** A running server, and the PKI that was generated for it. */
export interface Loopback {
  readonly port: number;
  readonly pki: Pki;
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that requires a client certificate, and answers each request with `reply`. */
export async function serveOnLoopback(
  { port: wanted, delayMs, http2, tls }: LoopbackOptions,
  reply: (request: Received) => Reply,
): Promise<Loopback> {
  const pki = await createPki();
  const connections = new Connections();
  const own = { cert: pki.server.cert, key: pki.server.key, clientAuthority: pki.root.cert };
  const server = createServer({ tls: { ...own, ...tls }, http2, keepAliveTimeoutMs: 0 }, (request, response) => {
    void answer({ request, response }, reply, delayMs);
  });
  server.on('connection', (socket) => connections.add(socket));
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening').catch((cause: unknown) => {
    throw new ToolError('SERVICE_NOT_STARTED', `The service cannot listen on 127.0.0.1:${wanted}.`, {
      hint: 'Choose another port, or leave the choice to the system.',
      cause,
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : wanted,
    pki,
    async close() {
      const closed = once(server, 'close');
      server.close();
      connections.destroy();
      await closed;
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage | Http2ServerRequest;
  readonly response: ServerResponse | Http2ServerResponse;
}

async function answer(
  { request, response }: Exchange,
  reply: (request: Received) => Reply,
  delayMs: number,
): Promise<void> {
  const { method = '', url: target = '' } = request;
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    // The client went away in the middle of its request.
    return;
  }
  if (delayMs > 0) await delay(delayMs);
  const { status, type, body } = reply({ method, target, headers: request.rawHeaders, body: Buffer.concat(chunks) });
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.end(body);
}

const CURVES = { sha256: 'P-256', sha384: 'P-384', sha512: 'P-521' } as const;

/** Generates a key pair for an algorithm. */
export function createSigningKeys(
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

/** Returns a public key as PEM. */
export function toPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
