import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createDiagnosis } from '../../../src/connection/diagnosis/diagnosis.ts';
import { chooseProxy } from '../../../src/connection/proxy.ts';
import { createTlsContext, type Route } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import { usableAnchors } from '../../../src/identity/material/anchors.ts';
import type { Failure } from '../../../src/signing/policy/failure.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { plantMany, signTree } from '../../signing/signing-run.ts';
import { ROWS } from './rows.ts';
import { type Started, World } from './world.ts';

const DOCUMENT = join(ACTION_DIRECTORY, 'docs/servers.md');
/** Longer than the first few attempts at a service that is in trouble. */
const DEADLINE_MS = 1500;

/** What became of two files. */
interface Outcome {
  readonly signs: boolean;
  /** Whether the run ends at once or waits for the service. */
  readonly state: string;
  readonly failure: Failure | undefined;
}

/** Signs two files as the action does. */
async function sign(world: World, started: Started): Promise<Outcome> {
  const { chain = world.pem('root'), client = 'client' } = started;
  const server = new URL(started.url);
  const anchors = chain
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter(Boolean)
    .map((pem) => new X509Certificate(pem));
  const [cert, key] = [world.pem(client), world.pki.text(`${client}.key`)];
  const route: Route = {
    server,
    secureContext: createTlsContext({ cert, key, ca: usableAnchors(anchors, new Date()).map(String) }),
    proxy: chooseProxy({ httpsProxy: started.proxy }, server),
    timeoutMs: 10_000,
  };
  const transport = openTransport(route, { diagnosis: createDiagnosis(route, { anchors, now: Date.now }) });
  const credentials = { appKey: 'app', appSecret: 'secret', cert, key, chain, verifyKeyPem: '' };
  const target = { url: started.url, signPath: '/sign', appKey: 'app', appSecret: 'secret', credentials };
  const run = await signTree(target, plantMany(2), { transport, algorithm: 'none', deadlineMs: DEADLINE_MS });
  transport.close();
  const signs = run.outcomes.every(({ status }) => status === 'signed');
  const waited = run.events.findLast((event) => 'failure' in event);
  const isCut = run.ending?.code === 'DEADLINE';
  const failure = isCut && waited && 'failure' in waited ? waited.failure : run.ending;
  const isOver = failure?.kind === 'config' || failure?.code === 'DNS_NOT_FOUND';
  return { signs, failure, state: signs ? '' : isOver ? 'ends the run' : 'waits up to 60 s' };
}

/** Sends the same request with curl; returns its HTTP status or its exit code. */
async function curl(world: World, { url, chain, client = 'client', proxy }: Started): Promise<string> {
  writeFileSync(join(world.pki.directory, 'curl-chain.pem'), chain ?? world.pem('root'));
  const at = (name: string): string => join(world.pki.directory, name);
  const identity = ['--cacert', at('curl-chain.pem'), '--cert', at(`${client}.pem`), '--key', at(`${client}.key`)];
  const args = [
    '-sS',
    '-m',
    '9',
    ...identity,
    ...(proxy ? ['--proxy', proxy] : []),
    '--http1.1',
    '--data',
    '{"data":""}',
  ];
  try {
    const { stdout } = await promisify(execFile)('curl', [...args, '-o', '/dev/null', '-w', '%{http_code}', url]);
    return stdout === '200' ? 'signs' : stdout;
  } catch (error) {
    return `error ${Object(error).code}`;
  }
}

/** Takes ports, times and the like out of a sentence. */
function settle(text: string): string {
  return text
    .replace(/(localhost\.?|127\.0\.0\.1|sign\.example\.test|::1):\d{4,5}/g, '$1')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…')
    .replace(/::1 \(\w+\), /g, '')
    .replaceAll('|', '\\|');
}

test('where curl signs, the action signs; everything else is told by its cause', { timeout: 600_000 }, async () => {
  const world = new World();
  const lines: string[] = [];
  const wrong: string[] = [];
  for (const row of ROWS) {
    const started = await row.start(world);
    const [theirs, ours] = [await curl(world, started), await sign(world, started)];
    await started.close();
    const told = ours.signs ? 'signs' : (ours.failure?.code ?? 'nothing');
    if (told !== row.expected || (theirs === 'signs' && !ours.signs))
      wrong.push(`${row.name}: curl ${theirs}, we ${told} ${ours.failure?.message}`);
    const cells = [
      row.name,
      theirs,
      ours.signs ? 'signs' : `\`${told}\`, ${ours.state}`,
      settle(ours.failure?.message ?? ''),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  expect(wrong).toEqual([]);
  const text = readFileSync(DOCUMENT, 'utf8');
  const table = ['| server or network | curl | the action | what it says |', '|---|---|---|---|', ...lines].join('\n');
  const written = text.replace(/(<!-- table -->\n)[\s\S]*(\n<!-- end of the table -->)/, `$1${table}$2`);
  if (process.env['WRITE_SERVERS']) writeFileSync(DOCUMENT, written);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(written);
});
