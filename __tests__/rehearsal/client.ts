import { createHash, createVerify, randomInt } from 'node:crypto';
import https from 'node:https';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import type { Service } from '../../src/rehearsal/service.ts';

const NONCE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A request as it will be sent. */
export interface SignRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

/** An answer as it was received. */
interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body, when it is JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** What of a service a client needs to know. */
export type Target = Pick<Service, 'url' | 'port' | 'signPath' | 'appKey' | 'appSecret' | 'credentials'>;

/** Percent-encodes all but unreserved characters, the slow and plain way. */
export function quote(text: string): string {
  return encodeURIComponent(text).replace(/[!*'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Returns a fresh nonce. */
export function makeNonce(): string {
  return Array.from({ length: 16 }, () => NONCE_CHARACTERS[randomInt(NONCE_CHARACTERS.length)]).join('');
}

/** What a test may choose about a request; the sign header fits all of it. */
export interface Choices {
  readonly body?: string;
  readonly nonce?: string;
  readonly timestamp?: string;
  readonly appKey?: string;
  readonly appSecret?: string;
}

/** Builds a request that is right for this service, except for what was chosen. */
export function buildRequest(service: Target, content: Uint8Array, choices: Choices = {}): SignRequest {
  const nonce = choices.nonce ?? makeNonce();
  const timestamp = choices.timestamp ?? String(Date.now());
  const appKey = choices.appKey ?? service.appKey;
  const appSecret = choices.appSecret ?? service.appSecret;
  const body = choices.body ?? `{"data":"${Buffer.from(content).toString('base64')}"}`;
  const head = `POST${service.signPath}es-auth-appkey:${appKey}es-auth-nonce:${nonce}es-auth-timestamp:${timestamp}`;
  const sign = createHash('sha256')
    .update(quote(`${head}json=${body}${appSecret}`))
    .digest('hex');
  return {
    method: 'POST',
    path: new URL(service.url).pathname.replace(/\/$/, '') + service.signPath,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'es-auth-appkey': appKey,
      'es-auth-nonce': nonce,
      'es-auth-timestamp': timestamp,
      'es-auth-sign': sign,
    },
    body,
  };
}

/** How to reach the service, when it is not the ordinary way. */
interface Way {
  readonly agent?: https.Agent;
  readonly tls?: https.RequestOptions;
  readonly onSocket?: (socket: Socket) => void;
  readonly onInformation?: (status: number) => void;
}

/** Sends a request over mutual TLS with `node:https` and reads the whole answer. */
export function send(service: Target, request: SignRequest, way: Way = {}): Promise<Received> {
  const { cert, key, chain } = service.credentials;
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      host: '127.0.0.1',
      port: service.port,
      method: request.method,
      path: request.path,
      headers: request.headers,
      ...(way.agent === undefined ? { agent: false, cert, key, ca: chain } : { agent: way.agent }),
      ...way.tls,
    };
    const sent = https.request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, ...readBody(Buffer.concat(chunks)) }),
      );
    });
    sent.on('error', reject);
    sent.on('socket', (socket) => way.onSocket?.(socket));
    sent.on('information', (information) => way.onInformation?.(information.statusCode));
    sent.end(request.body);
  });
}

function readBody(body: Buffer): { body: Buffer; json: Record<string, unknown> } {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return { body, json: typeof value === 'object' && value !== null ? { ...value } : {} };
  } catch {
    return { body, json: {} };
  }
}

/** Builds and sends one good request for this content. */
export function signContent(service: Target, content: Uint8Array, choices: Choices = {}): Promise<Received> {
  return send(service, buildRequest(service, content, choices));
}

/** Expects a signature of this service over the content. */
export function expectGenuine(
  { credentials: { verifyKeyPem } }: Service,
  { json }: { readonly json: Readonly<Record<string, unknown>> },
  content: Uint8Array,
): void {
  const verify = createVerify('sha256').update(content);
  expect(verify.verify(verifyKeyPem, String(json['signData']), 'base64')).toBe(true);
}
