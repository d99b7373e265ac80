import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { AddressBook, attemptMs } from '../addresses.ts';
import { beginHandshake, openUnderlay, type Underlay } from '../connect.ts';
import { type Route, targetOf } from '../route.ts';

/** Longest wait for the first bytes, in milliseconds. */
const WAIT_MS = 1500;
/** More bytes than any protocol below needs to be recognised. */
const ENOUGH_BYTES = 256;

/**
 * Begins one more handshake and resolves with what the server sends first, before TLS reads it; empty when nothing came, or
 * no connection could be opened. Node hands such bytes to nobody once TLS has read them.
 */
export async function readFirstBytes(route: Route): Promise<Buffer> {
  const underlay = await openUnderlay(route, new AddressBook()).catch(() => undefined);
  if (underlay === undefined) return Buffer.alloc(0);
  const tcp = underlay.tunnel ?? connectTcp(route, underlay);
  const wire = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void tcp.write(chunk, () => done()),
  });
  const handshake = beginHandshake(
    route,
    { tunnel: wire, addresses: [] },
    { protocols: ['http/1.1'], trust: 'required' },
  );
  handshake.on('error', () => {});
  try {
    return await collect(tcp);
  } finally {
    handshake.destroy();
    tcp.destroy();
  }
}

function connectTcp(route: Route, { addresses }: Underlay): Socket {
  const { hostname, port } = targetOf(route.server);
  return connect({
    host: hostname,
    port,
    lookup: (_host, _options, done) => process.nextTick(done, null, [...addresses]),
    autoSelectFamilyAttemptTimeout: attemptMs(addresses.length, route),
  });
}

/** Collects bytes until they are enough, no more come, or the wait is over. */
function collect(tcp: Socket): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  let bytes = Buffer.alloc(0);
  const finish = (): void => {
    clearTimeout(timer);
    resolve(bytes);
  };
  const timer = setTimeout(finish, WAIT_MS);
  tcp.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    // A line or a record is whole with the first chunk, as a rule.
    if (bytes.length >= ENOUGH_BYTES || bytes.includes('\n')) finish();
  });
  tcp.once('error', finish);
  tcp.once('close', finish);
  return promise;
}

/** Protocols by what a server says first; the first one that fits counts. */
const PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/\d/, 'plain HTTP'],
  [/^\s*<(?:!doctype|html|head|title|h1)\b/i, 'plain HTTP'],
  [/^\0\0.[\x04\x07].\0{4}/s, 'HTTP/2 without TLS'],
  [/^SSH-/, 'SSH'],
  [/^[245]\d\d[ -][^\n]*FTP/i, 'FTP'],
  [/^[245]\d\d[ -][^\n]*\bE?SMTP\b/i, 'SMTP'],
  [/^\* (?:OK|BYE|PREAUTH)\b/, 'IMAP'],
  [/^\+OK\b/, 'POP3'],
  [/^RFB \d/, 'VNC'],
  [
    /^PROXY (?:TCP|UNKNOWN)|^\r\n\r\n\0\r\nQUIT\n/,
    'the PROXY protocol, which balancers speak to servers and not to clients',
  ],
  [/^AMQP/, 'AMQP'],
  [/^-ERR\b|^-NOAUTH\b/, 'Redis'],
  [/^.{3}\0(?:\x0A\d+\.\d+.*\0|\xFF)/s, 'MySQL'],
  [/^[NS]$|^E(?:\0\0|SFATAL)/, 'PostgreSQL'],
  [/^\xff[\xfb-\xfe]/, 'Telnet'],
];

/** Most characters of a greeting that a sentence shows. */
const MAX_SHOWN = 60;

/** Says what answered instead of TLS; `undefined` for bytes that begin a record of TLS, and for none. */
export function describeForeign(bytes: Buffer): string | undefined {
  // Records of TLS: alert or handshake, and version 3.
  if (bytes.length === 0 || ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03)) return undefined;
  const text = bytes.toString('latin1');
  const protocol = PROTOCOLS.find(([greeting]) => greeting.test(text))?.[1];
  const line = /^\s*([^\r\n]+)/.exec(text)?.[1] ?? '';
  const shown = /^[\x20-\x7E]+$/.test(line)
    ? ` (it sent “${line.slice(0, MAX_SHOWN)}${line.length > MAX_SHOWN ? '…' : ''}”)`
    : '';
  if (protocol) return `the server speaks ${protocol}${shown}`;
  return shown === '' ? undefined : `the server speaks another protocol${shown}`;
}
