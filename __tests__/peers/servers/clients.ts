import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDiagnosis } from '../../../src/connection/diagnosis/diagnosis.ts';
import { AddressBook } from '../../../src/connection/dialling/addresses.ts';
import { chooseProxy } from '../../../src/connection/proxy/proxy.ts';
import { createTlsContext, type Route } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import type { FileOutcome } from '../../../src/files/release-file.ts';
import { usableAnchors } from '../../../src/identity/material/anchors.ts';
import { Failure } from '../../../src/signing/policy/failure.ts';
import { plantMany, signTree } from '../../signing/signing-run.ts';
import { ANSWER, type Started, type World } from './world.ts';

/** Longer than the first few attempts at a service that is in trouble, for which a run waits. */
const WAITING_MS = 2500;
/** Longer than any other run takes on a busy machine. */
const DEADLINE_MS = 30_000;
/** What a run waits for. */
const WAITS: readonly string[] = ['CONNECT_REFUSED', 'CONNECTION_LOST', 'PROXY_REFUSED', 'PROXY_UNREACHABLE'];

/** What became of two files. */
interface Outcome {
  readonly signs: boolean;
  /** Whether the run ends at once or waits for the service. */
  readonly state: string;
  readonly failure: FileOutcome['error'];
}

/** Signs two files as the action does, at a server of which the table expects this code. */
export async function sign(world: World, started: Started, expected: string): Promise<Outcome> {
  const { chain = world.pem('root'), client = 'client', size = 0 } = started;
  const server = new URL(started.url);
  const anchors = chain
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter(Boolean)
    .map((pem) => new X509Certificate(pem));
  const [cert, key] = [world.pem(client), world.pki.text(`${client}.key`)];
  const ca = usableAnchors(anchors, new Date()).map(String);
  const route: Route = {
    server,
    secureContext: createTlsContext({ cert, key, ca }),
    tls12Context: () => createTlsContext({ cert, key, ca, maxVersion: 'TLSv1.2' }),
    proxy: proxyOf(world, started, server),
    timeoutMs: 10_000,
    ...(started.addresses && { addressBook: bookOf(started.addresses) }),
  };
  const transport = openTransport(route, { diagnosis: createDiagnosis(route, { anchors, now: Date.now }) });
  const credentials = { appKey: 'app', appSecret: 'secret', cert, key, chain, verifyKeyPem: '' };
  const target = { url: started.url, signPath: '/sign', appKey: 'app', appSecret: 'secret', credentials };
  const run = await signTree(target, plantMany(2, size), {
    transport,
    algorithm: 'none',
    deadlineMs: WAITS.includes(expected) ? WAITING_MS : DEADLINE_MS,
  });
  transport.close();
  const signs = run.outcomes.every(({ status }) => status === 'signed');
  const waited = run.events.findLast((event) => 'failure' in event);
  const isCut = run.ending?.code === 'DEADLINE';
  const lost = run.outcomes.find(({ error }) => error)?.error;
  const failure = isCut && waited && 'failure' in waited ? waited.failure : (run.ending ?? lost);
  return { signs, failure, state: signs ? '' : stateOf(failure) };
}

function stateOf(failure: Outcome['failure']): string {
  if (!(failure instanceof Failure)) return '';
  const { kind, facts } = failure;
  if (kind === 'config' || facts.endsRun === 'not-found') return 'ends the run';
  if (facts.endsRun === 'first-four-files') return 'ends the run after 4 files';
  if (facts.endsRun === 'canary-twice' || facts.endsRun === 'unauthorised') return 'ends the run after 2 attempts';
  return kind === 'service' ? 'waits up to 60 s' : 'loses the file';
}

/** The root is what a machine of a company would know. */
function proxyOf(world: World, started: Started, server: URL): Route['proxy'] {
  const proxy = chooseProxy(
    { httpsProxy: started.proxy === undefined ? undefined : { name: 'https_proxy', value: started.proxy } },
    server,
  );
  return proxy?.secureContext ? { ...proxy, secureContext: createTlsContext({ ca: [world.pem('root')] }) } : proxy;
}

function bookOf(addresses: readonly string[]): AddressBook {
  return new AddressBook(async () => addresses.map((address) => ({ address, family: isIP(address) })));
}

/** Sends the same request with curl; returns `signs`, an HTTP status, curl's exit code, or `lost`. */
export async function curl(world: World, started: Started): Promise<string> {
  const { url, chain, client = 'client', proxy, addresses, size = 0 } = started;
  const at = (name: string): string => join(world.pki.directory, name);
  const run = `curl${calls++}`;
  writeFileSync(at(`${run}.chain`), chain ?? world.pem('root'));
  writeFileSync(at(`${run}.body`), JSON.stringify({ data: Buffer.alloc(size).toString('base64') }));
  const identity = ['--cacert', at(`${run}.chain`), '--cert', at(`${client}.pem`), '--key', at(`${client}.key`)];
  const { hostname, port } = new URL(url);
  const resolved = addresses ? ['--resolve', `${hostname}:${port}:${addresses.join()}`] : [];
  const way = [...(proxy ? ['--proxy', proxy, '--proxy-cacert', at('root.pem')] : []), ...resolved, '--http1.1'];
  const message = ['--data-binary', `@${at(`${run}.body`)}`, '-o', at(`${run}.answer`), '-w', '%{http_code}'];
  try {
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-m', '9', ...identity, ...way, ...message, url]);
    if (stdout !== '200') return stdout;
    const answer = readFileSync(at(`${run}.answer`), 'utf8')
      .replace(/^\uFEFF/, '')
      .trim();
    return answer === ANSWER ? 'signs' : '200 without a signature';
  } catch (error) {
    const { code } = Object(error);
    return LOST.includes(code) ? 'lost' : `error ${code}`;
  }
}

/** Exit codes of curl for a connection that ended early; which one it is depends on the moment. */
const LOST = [52, 55, 56];
let calls = 0;
