import { readFileSync } from 'node:fs';
import { type ConnectProxy, chooseProxy } from '../../connection/proxy/proxy.ts';
import { createTlsContexts, type TlsContexts } from '../../connection/route.ts';
import { ActionError } from '../../errors.ts';
import { type CredentialPaths, withCredentials } from '../../identity/credentials.ts';
import type { Identity, Trust } from '../../identity/identity.ts';
import type { ProtocolWorld } from '../../protocols/protocol.ts';
import { Failure } from '../../signing/policy/failure.ts';
import type { Context } from '../context.ts';

/** Longest time for name look-up, TCP, proxy and handshake together. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Returns the time limit of a connection, shorter than that of its request, so that the failure names the unfinished step; in milliseconds. */
export function connectTimeout(requestMs: number): number {
  return Math.min(CONNECT_TIMEOUT_MS, Math.round(0.9 * requestMs));
}

/** Picks and logs the proxy of the environment; throws `PROXY_UNUSABLE`. */
export function announceProxy({ runner }: Context, server: URL): ConnectProxy | undefined {
  const { line, facts } = runner;
  const proxy = chooseProxy(facts, server);
  if (proxy) line(`Through the proxy ${proxy.url.origin}`);
  else if (facts.httpsProxy)
    line(`Not through the proxy of ${facts.httpsProxy.name}: no_proxy covers the host, or the host is this machine`);
  else if (facts.httpProxy)
    line(`Not through the proxy of ${facts.httpProxy.name}, which is for http:// alone: https_proxy is not set`);
  return proxy;
}

/** Builds the TLS contexts of an identity, whose files are on the disk only meanwhile. */
export function withSecureContext<T>(
  { runner }: Context,
  identity: Identity | Trust,
  use: (contexts: TlsContexts) => Promise<T>,
): Promise<T> {
  if (!('keyPem' in identity)) return use(createTlsContexts({ ca: [identity.anchorsPem] }));
  const announce = (directory: string): void => runner.saveState('credentials', directory);
  const build = (paths: CredentialPaths): TlsContexts =>
    createTlsContexts({
      cert: readFileSync(paths.certificates),
      key: readFileSync(paths.key),
      ca: [readFileSync(paths.anchors)],
      passphrase: paths.passphrase,
    });
  return withCredentials(identity, { runnerTemp: runner.facts.temporaryDirectory, announce, build }, use);
}

/** Returns the time limit for revoking tokens at the end of a run; a cancelled run must end within a second. */
export function parting({ signal }: Context): AbortSignal {
  return AbortSignal.timeout(signal.aborted ? 300 : 2000);
}

/** Returns what a protocol may use of this run; without `warn`, its warnings are dropped. */
export function worldOf(
  { runner, now, clock, randomInt }: Context,
  warn: ProtocolWorld['warn'] = () => {},
): ProtocolWorld {
  return {
    now,
    elapsed: () => clock.now(),
    randomInt,
    warn,
    scrub: runner.scrub,
    mask: (secret) => runner.mask([secret]),
    drawIdToken: drawIdTokenOf(runner),
  };
}

/** Returns the function that requests OIDC tokens; a refusal ends the run, because every file needs a token. */
function drawIdTokenOf(runner: Context['runner']): ProtocolWorld['drawIdToken'] {
  return (audience) =>
    runner.drawIdToken(audience).catch((error: unknown) => {
      if (!(error instanceof ActionError)) throw error;
      throw new Failure('config', error.code, error.message, { hint: error.hint ?? '', cause: error.cause });
    });
}
