import { randomInt, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDiagnosis } from '../../../src/connection/diagnosis/diagnosis.ts';
import { createTlsContext } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import { Patience } from '../../../src/files/patience.ts';
import type { ReleaseFile } from '../../../src/files/release-file.ts';
import { OutputTree } from '../../../src/files/writing/output-tree.ts';
import { createSignFileSigner } from '../../../src/protocols/es-auth/sign-file.ts';
import { createClock } from '../../../src/signing/schedule/clock.ts';
import { type SignResult, signFiles } from '../../../src/signing/sign.ts';
import { createRejects, REASONS, type Reason, type Rejects } from './identities.ts';
import { openRelay } from './relay.ts';
import { MAKES, type Make, type Peer, startPeer } from './servers.ts';

/** More than a handshake sends, less than a request. */
const REQUEST_BYTES = 12_000;
const FILE_BYTES = 20_000;

let rejects: Rejects;
let root: string;
let files: readonly ReleaseFile[];

beforeAll(async () => {
  rejects = await createRejects();
  root = mkdtempSync(join(tmpdir(), 'rejected-'));
  mkdirSync(join(root, 'dist'));
  files = Array.from({ length: 20 }, (_, index) => {
    const path = `dist/${index}`;
    writeFileSync(join(root, path), Buffer.alloc(FILE_BYTES, index));
    return { path, location: join(root, path), size: FILE_BYTES };
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Attempt {
  readonly result: SignResult;
  /** Requests that reached the wire. */
  readonly left: number;
  /** Requests as the transport counts them. */
  readonly counted: number;
}

/** Signs the files with one of the certificates, through a wire of this latency. */
async function signAs(reason: Reason, peer: Peer, delayMs: number): Promise<Attempt> {
  const client = rejects.clients[reason];
  const relay = await openRelay(peer.port, delayMs);
  const server = new URL(`https://127.0.0.1:${relay.port}`);
  const anchors = [new X509Certificate(rejects.pki.root.cert)];
  const secureContext = createTlsContext({ cert: client?.cert, key: client?.key, ca: anchors.map(String) });
  const route = { server, secureContext, timeoutMs: 5000 };
  const transport = openTransport(route, { diagnosis: createDiagnosis(route, { anchors, now: Date.now }) });
  const signer = createSignFileSigner(
    transport,
    { requestPath: '/sign', signPath: '/sign', appKey: 'app', appSecret: 'secret' },
    { now: Date.now, randomInt, scrub: (text) => text, warn: () => {} },
  );
  try {
    const result = await signFiles({
      files,
      signer,
      output: new OutputTree(root, process.pid),
      patience: new Patience(createClock()),
      suffix: '.sign',
      concurrency: 100,
      attempts: 8,
      timeoutMs: 20_000,
      onFailure: 'collect',
      firstConnection: transport.firstConnection,
      signal: new AbortController().signal,
      clock: createClock(),
      random: Math.random,
      onOutcome: () => {},
      onEvent: () => {},
    });
    const left = relay.sent.filter((bytes) => bytes > REQUEST_BYTES).length;
    return { result, left, counted: transport.requests() };
  } finally {
    transport.close();
    await relay.close();
  }
}

const ALERTS: Readonly<Record<Reason, RegExp>> = {
  none: /alert (handshake failure|certificate required)/,
  'other CA': /alert unknown ca/,
  expired: /alert certificate expired/,
  revoked: /alert certificate revoked/,
  'wrong use': /alert unsupported certificate/,
};

/** What each make can be made to say. */
function expectedSentence(make: Make, reason: Reason): RegExp {
  if (make === 'nginx')
    return reason === 'none' ? /400 “No required SSL certificate was sent”/ : /400 “The SSL certificate error”/;
  // Node sends an alert only for a certificate that is not there.
  if (make === 'node:https' && reason !== 'none') return /after our client certificate, without an alert that says why/;
  return ALERTS[reason];
}

function expectNamed({ result, left, counted }: Attempt, make: Make, reason: Reason): void {
  const { ending } = result;
  expect(ending?.code).toBe('TLS_CLIENT_REJECTED');
  expect(ending?.kind).toBe('config');
  expect(ending?.message).toMatch(expectedSentence(make, reason));
  expect(ending?.hint).not.toBe('');
  expect(counted).toBeLessThanOrEqual(2);
  expect(left).toBeLessThanOrEqual(2);
  // It answers requests, and a second one may reach another server.
  if (make === 'nginx') expect(left).toBe(2);
  expect(result.outcomes.filter(({ status }) => status === 'signed')).toEqual([]);
  expect(Math.max(...result.outcomes.map(({ attempts }) => attempts))).toBeLessThanOrEqual(make === 'nginx' ? 2 : 1);
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', { tags: ['fault-16', 'fault-17', 'fault-18'] }, (version) => {
  describe.each(MAKES)('%s', (make) => {
    let peer: Peer;
    beforeAll(async () => {
      peer = await startPeer(make, version, rejects);
    });
    afterAll(() => peer.close());

    test.each(REASONS)('refuses: %s', async (reason) => {
      expectNamed(await signAs(reason, peer, 0), make, reason);
    });

    test.each(['other CA', 'revoked'] as const)('refuses from afar: %s', async (reason) => {
      expectNamed(await signAs(reason, peer, 80), make, reason);
    });
  });
});
