import { createDecipheriv, createHmac } from 'node:crypto';

/** The bytes of one TLS connection below encryption, and the secrets that open its handshake. */
export interface HandshakeRecord {
  readonly received: readonly Uint8Array[];
  readonly sent: readonly Uint8Array[];
  /** Lines in the format of a key log file; only those of the handshake are used. */
  readonly keyLog: readonly string[];
}

/** What both sides said in a handshake, as far as it went. */
export interface HandshakeFacts {
  readonly version: 'TLSv1.3' | 'TLSv1.2' | undefined;
  /** The server's certificates in DER, in the order it sent them. */
  readonly serverChain: readonly Uint8Array[];
  /** Whether the server asked for a client certificate; `undefined` when it cannot be told. */
  readonly isClientAsked: boolean | undefined;
  /** How many certificates we presented; `undefined` when we had not come to that yet. */
  readonly presented: number | undefined;
}

const CONTENT = { changeCipherSpec: 20, handshake: 22, applicationData: 23 } as const;
const MESSAGE = { serverHello: 2, certificate: 11, certificateRequest: 13, serverHelloDone: 14, finished: 20 } as const;

interface Suite {
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly hash: 'sha256' | 'sha384';
  readonly keyBytes: number;
}

const SUITES: Readonly<Record<number, Suite>> = {
  4865: { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  4866: { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  4867: { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
};

interface Message {
  readonly type: number;
  readonly body: Buffer;
}

/**
 * Reads a handshake back from its bytes (RFC 5246, RFC 8446); never throws.
 *
 * Node does not tell a client whether it was asked for its certificate, nor which certificates an unverified server sent.
 */
export function readHandshake({ received, sent, keyLog }: HandshakeRecord): HandshakeFacts {
  const theirs = Buffer.concat(received);
  const hello = messagesOf(theirs, undefined).findLast(({ type }) => type === MESSAGE.serverHello);
  const isNew = keyLog.some((line) => line.startsWith('SERVER_HANDSHAKE_TRAFFIC_SECRET'));
  const opener = (label: string): Opener | undefined => {
    const secret = keyLog.find((line) => line.startsWith(`${label} `))?.split(' ')[2];
    const suite = hello && SUITES[suiteOf(hello.body)];
    return secret !== undefined && suite ? createOpener(suite, Buffer.from(secret, 'hex')) : undefined;
  };
  const fromServer = messagesOf(theirs, opener('SERVER_HANDSHAKE_TRAFFIC_SECRET'));
  const fromClient = messagesOf(Buffer.concat(sent), opener('CLIENT_HANDSHAKE_TRAFFIC_SECRET'));
  const certificate = fromServer.find(({ type }) => type === MESSAGE.certificate);
  const answer = fromClient.find(({ type }) => type === MESSAGE.certificate);
  const isAsked = fromServer.some(({ type }) => type === MESSAGE.certificateRequest);
  const isHeard = fromServer.some(({ type }) => type === (isNew ? MESSAGE.finished : MESSAGE.serverHelloDone));
  return {
    version: hello && (isNew ? 'TLSv1.3' : 'TLSv1.2'),
    serverChain: certificate ? certificatesOf(certificate.body, isNew) : [],
    isClientAsked: isAsked || (isHeard ? false : undefined),
    presented: answer && certificatesOf(answer.body, isNew).length,
  };
}

/** Opens one protected record, or answers `undefined`. */
type Opener = (header: Buffer, content: Buffer) => { readonly type: number; readonly data: Buffer } | undefined;

function messagesOf(bytes: Buffer, open: Opener | undefined): Message[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const header = bytes.subarray(at, at + 5);
    const content = bytes.subarray(at + 5, at + 5 + header.readUInt16BE(3));
    at += 5 + header.readUInt16BE(3);
    if (header[0] === CONTENT.handshake) parts.push(content);
    if (header[0] === CONTENT.changeCipherSpec && open === undefined) break;
    if (header[0] !== CONTENT.applicationData) continue;
    const opened = open?.(header, content);
    // From the first record under other keys on, the handshake is over.
    if (opened === undefined) break;
    if (opened.type === CONTENT.handshake) parts.push(opened.data);
  }
  return splitMessages(Buffer.concat(parts));
}

function splitMessages(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUIntBE(at + 1, 3);
    if (at + 4 + length > bytes.length) break;
    messages.push({ type: bytes.readUInt8(at), body: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return messages;
}

/** A server hello is version (2), random (32), session id (1 + n), cipher suite (2) and more. */
function suiteOf(hello: Buffer): number {
  const at = 35 + (hello[34] ?? 0);
  return at + 2 <= hello.length ? hello.readUInt16BE(at) : 0;
}

function certificatesOf(body: Buffer, isNew: boolean): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  let at = (isNew ? 1 + (body[0] ?? 0) : 0) + 3;
  while (at + 3 <= body.length) {
    const end = at + 3 + body.readUIntBE(at, 3);
    if (end > body.length) break;
    certificates.push(body.subarray(at + 3, end));
    // TLS 1.3 puts extensions behind each certificate.
    at = isNew && end + 2 <= body.length ? end + 2 + body.readUInt16BE(end) : end;
  }
  return certificates;
}

function createOpener({ cipher, hash, keyBytes }: Suite, secret: Buffer): Opener {
  const expand = (label: string, length: number): Buffer => {
    const name = Buffer.from(`tls13 ${label}`);
    const info = Buffer.from([0, length, name.length, ...name, 0, 1]);
    return createHmac(hash, secret).update(info).digest().subarray(0, length);
  };
  const [key, iv] = [expand('key', keyBytes), expand('iv', 12)];
  let sequence = 0;
  return (header, content) => {
    const nonce = Buffer.from(iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence++) >>> 0, 8);
    const split = Math.max(0, content.length - 16);
    try {
      const decipher = createDecipheriv(cipher as 'aes-128-gcm', key, nonce, { authTagLength: 16 });
      decipher.setAAD(header).setAuthTag(content.subarray(split));
      const padded = Buffer.concat([decipher.update(content.subarray(0, split)), decipher.final()]);
      const end = padded.findLastIndex((byte) => byte !== 0);
      return { type: padded[end] ?? 0, data: padded.subarray(0, Math.max(0, end)) };
    } catch {
      return undefined;
    }
  };
}
