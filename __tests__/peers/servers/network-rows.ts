import { gzipSync } from 'node:zlib';
import { makeDead } from '../../helpers/dead-address.ts';
import { fault, type Row, row } from './row.ts';
import type { Started, World } from './world.ts';

const GOOD = '127.0.0.1';

/** Starts a good service whose name leads to these addresses. */
async function at(world: World, ...addresses: readonly string[]): Promise<Started> {
  return { ...(await world.node(['server'])), addresses };
}

const NETWORKS: readonly Row[] = [
  row('a proxy over https:// with a certificate for its own name', (w) =>
    w.proxied(() => 200, { certificate: 'server' }),
  ),
  fault('PROXY_TLS', 'a proxy over https:// with a certificate for the service only', (w) => {
    const certificate = w.server({ extensions: 'subjectAltName=DNS:sign.example.test\n' });
    return w.proxied(() => 200, { certificate });
  }),
  fault('PROXY_REFUSED', 'a proxy that does not find the host, as squid says it', (w) =>
    w.proxied(() => 'HTTP/1.1 503 No\r\nx-squid-error: ERR_DNS_FAIL 0\r\ncontent-length: 0\r\n\r\n'),
  ),
  row('a host whose first address refuses', (w) => at(w, '127.0.0.3', GOOD)),
  row('a host whose first address drops packets', async (w) => {
    const started = await at(w, '127.0.0.2', GOOD);
    await makeDead('127.0.0.2', Number(new URL(started.url).port));
    return started;
  }),
  row('a host with seven addresses, of which the last is good', (w) =>
    at(w, ...[11, 12, 13, 14, 15, 16].map((last) => `127.0.0.${last}`), GOOD),
  ),
  fault('CONNECT_REFUSED', 'a host of which every address refuses', (w) => at(w, '127.0.0.3', '127.0.0.5')),
];

/** Answers 403 with these headers and this body. */
function forbids(headers: string, body: string | Buffer, phrase = 'Forbidden'): Row['start'] {
  const head = `HTTP/1.1 403 ${phrase}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return (w) => w.raw((socket) => void socket.write(Buffer.concat([Buffer.from(head), Buffer.from(body)])));
}

const json = 'content-type: application/json\r\n';
const REASONS: readonly Row[] = [
  fault('FORBIDDEN', 'text that is labelled as JSON', forbids(json, 'no right to sign')),
  fault(
    'FORBIDDEN',
    'JSON that is labelled as HTML',
    forbids('content-type: text/html\r\n', '{"msg":"no right to sign"}'),
  ),
  fault(
    'FORBIDDEN',
    'JSON in gzip',
    forbids(`${json}content-encoding: gzip\r\n`, gzipSync('{"msg":"no right to sign"}')),
  ),
  fault('FORBIDDEN', 'JSON in UTF-16', forbids(json, Buffer.from('\uFEFF{"msg":"no right to sign"}', 'utf16le'))),
  fault(
    'FORBIDDEN',
    'a text in Latin-1',
    forbids('content-type: text/plain\r\n', Buffer.from('Schlüssel gesperrt', 'latin1')),
  ),
  fault(
    'FORBIDDEN',
    'a fault of SOAP 1.2',
    forbids(
      'content-type: application/soap+xml\r\n',
      '<e:Envelope xmlns:e="x"><e:Body><e:Fault><e:Reason><e:Text>no right to sign</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>',
    ),
  ),
  fault('FORBIDDEN', 'no body, and a header', forbids('x-error-message: no right to sign\r\n', '')),
  fault('FORBIDDEN', 'no body, and a reason phrase of its own', forbids('', '', 'No right to sign')),
];

/** Networks with several addresses or a proxy, and the forms in which an answer gives its reason. */
export const NETWORK: readonly Row[] = [
  ...NETWORKS,
  ...REASONS.map((each) => ({ ...each, name: `answer: 403, ${each.name}` })),
];
