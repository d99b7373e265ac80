import { createSign, type KeyObject } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Answer, jsonAnswer } from '../../src/rehearsal/requests/call.ts';
import type { Fault } from './faulty-service.ts';

/** Answers 200 with any value in place of the signature; `undefined` leaves it out. */
export function wrongSignData(signData: unknown): Fault {
  return { kind: 'answer', answer: jsonAnswer(200, { signData }) };
}

/** Answers with a valid signature over bytes that were not sent. */
export function signatureOver(bytes: Uint8Array, signingKey: KeyObject): Fault {
  return wrongSignData(createSign('sha256').update(bytes).sign(signingKey, 'base64'));
}

/** Answers with this status, and the given headers such as `retry-after`. */
export function status(code: number, headers: Answer['headers'] = {}): Fault {
  return { kind: 'answer', answer: jsonAnswer(code, { code: `STATUS_${code}`, message: 'As scripted.' }, headers) };
}

/** Redirects to another place. */
export function redirect(code: 301 | 302 | 303 | 307 | 308, location: string): Fault {
  return { kind: 'answer', answer: { status: code, headers: { location } } };
}

/** Answers 200 with a web page, as a proxy's login does. */
export function webPage(title: string): Fault {
  const body = `<!doctype html><html><head><title>${title}</title></head><body></body></html>`;
  return { kind: 'answer', answer: { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body } };
}

/** Answers 413 in the middle of the upload and resets the connection. */
export function earlyTooLarge(limitBytes: number): Fault {
  const answer = jsonAnswer(413, { code: 'TOO_LARGE', message: `At most ${limitBytes} bytes.` });
  return { kind: 'answer', answer, when: 'during-body', by: 'reset' };
}

/** Answers 200 with compressed JSON although the request did not allow it. */
export function compressed(json: string, coding = 'gzip'): Fault {
  const headers = { 'content-type': 'application/json', 'content-encoding': coding };
  return { kind: 'answer', answer: { status: 200, headers, body: gzipSync(json) } };
}

/** Answers 200 with a body of this size. */
export function hugeBody(sizeBytes: number): Fault {
  return { kind: 'answer', answer: jsonAnswer(200, { signData: 'A'.repeat(sizeBytes) }) };
}

/** Answers 200 with one header of this size. */
export function hugeHeader(sizeBytes: number): Fault {
  return { kind: 'answer', answer: jsonAnswer(200, { signData: 'AAAA' }, { 'x-huge': 'A'.repeat(sizeBytes) }) };
}

const BODY = '{"signData":"AAAA"}';

/** Answers that are not HTTP/1.1, or not quite. */
export const RAW_ANSWERS = {
  banner: 'SSH-2.0-OpenSSH_9.6\r\n',
  switchingProtocols: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
  bareLineFeeds: `HTTP/1.1 200 OK\ncontent-length: ${BODY.length}\n\n${BODY}`,
  chunkGarbage: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n0\r\n\r\n`,
  twoLengths: `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\ncontent-length: 5\r\n\r\n${BODY}`,
  lengthAndChunked: `HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n13\r\n${BODY}\r\n0\r\n\r\n`,
} as const;
