import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { beginHandshake, openUnderlay } from '../connect.ts';
import { type AddressBook, tryEach } from '../dialling/addresses.ts';
import { type Route, targetOf } from '../route.ts';

/** Longest wait for the first bytes, in milliseconds. */
const WAIT_MS = 1500;
/** Number of bytes that is enough to recognise every protocol. */
const ENOUGH_BYTES = 256;

/** Resolves with the first bytes of another handshake, which Node keeps back once TLS has read them; empty for none. */
export async function readFirstBytes(route: Route, addressBook: AddressBook): Promise<Buffer> {
  const underlay = await openUnderlay(route, addressBook).catch(() => undefined);
  if (underlay === undefined) return Buffer.alloc(0);
  const { hostname: host, port } = targetOf(route.server);
  const tcp = underlay.tunnel ?? connect({ host, port, ...(underlay.addresses && tryEach(underlay.addresses)) });
  const wire = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void tcp.write(chunk, () => done()),
  });
  const handshake = beginHandshake(
    route,
    { tunnel: wire, addresses: undefined },
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

/** Collects bytes until there are enough, the stream ends, or the wait is over. */
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
    // The first chunk usually contains a whole line or record.
    if (bytes.length >= ENOUGH_BYTES || bytes.includes('\n')) finish();
  });
  tcp.once('error', finish);
  tcp.once('close', finish);
  return promise;
}
