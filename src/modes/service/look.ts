import type { X509Certificate } from 'node:crypto';
import type { Route } from '../../connection/route.ts';
import { openTransport, type Transport } from '../../connection/transport.ts';
import { toActionError } from '../../errors.ts';
import type { Identity } from '../../identity/identity.ts';
import type { PreflightInputs } from '../../inputs/inputs.ts';
import { type CanaryOutcome, sendCanary } from '../../preflight/canary.ts';
import { type Finding, failed } from '../../preflight/finding.ts';
import { describeKey } from '../../preflight/key-findings.ts';
import { checkService } from '../../preflight/preflight.ts';
import type { OpenProtocol, Protocol } from '../../protocols/protocol.ts';
import type { ReportPart } from '../../report/report.ts';
import type { Signer } from '../../signing/signer.ts';
import type { Context } from '../context.ts';
import { parting, worldOf } from './route.ts';

/** A service to examine. */
interface Examined {
  readonly route: Route;
  /** The client certificate for the service; `undefined` for none. */
  readonly identity: Identity | undefined;
  /** Why nothing can be signed; `undefined` when it can. */
  readonly obstacle?: string | undefined;
  readonly anchors: readonly X509Certificate[];
}

/** Examines the service, with a canary if possible, and the service's information about its key. */
export async function look(
  context: Context,
  inputs: PreflightInputs,
  { route, identity, obstacle, anchors }: Examined,
): Promise<ReportPart> {
  const { verification, isCallable, protocol } = inputs;
  const { signal, now } = context;
  const transport = openTransport(route);
  const reason = obstacle ?? (isCallable ? undefined : 'of the problems with the inputs');
  const usable = reason === undefined ? protocol : undefined;
  try {
    const findings = await checkService(route, {
      identity,
      obstacle: obstacle ?? 'the login needs no client certificate',
      anchors,
      verification,
      sendCanary: usable
        ? () => sendCanaryOver(context, { inputs, protocol: usable }, transport)
        : (reason ?? 'of the problems with the inputs'),
      now,
      signal,
    });
    const key = usable ? await lookAtKey(context, { inputs, protocol: usable }, transport) : [];
    return { service: route.server.origin, findings: [...findings, ...key], requests: transport.requests() };
  } finally {
    transport.close();
  }
}

/** Longest wait, in milliseconds, for the service's information about its key. */
const KEY_TIMEOUT_MS = 20_000;

/** Examines the signing key if the protocol can ask about it; prints the public key when `verify-key` is not set. */
async function lookAtKey(
  context: Context,
  { inputs, protocol }: { readonly inputs: PreflightInputs; readonly protocol: Protocol },
  transport: Transport,
): Promise<readonly Finding[]> {
  const open = protocol.open(transport, worldOf(context));
  if (open.describeKey === undefined) return [];
  try {
    const key = await open.describeKey(AbortSignal.any([context.signal, AbortSignal.timeout(KEY_TIMEOUT_MS)]));
    if (inputs.verification === undefined && key.publicKey) printKey(context, key.publicKey);
    return describeKey(key, inputs.verification);
  } catch (error) {
    return [failed('signing key', toActionError(error, 'KEY_NOT_FOUND', 'the service says nothing about its key'))];
  } finally {
    await open.close(parting(context));
  }
}

function printKey({ runner }: Context, publicKey: string): void {
  runner.openGroup('Public key of the service, to be stored as verify-key');
  for (const line of publicKey.trimEnd().split('\n')) runner.line(line);
  runner.closeGroup();
}

async function sendCanaryOver(
  context: Context,
  { inputs, protocol }: { readonly inputs: PreflightInputs; readonly protocol: Protocol },
  transport: Transport,
): Promise<CanaryOutcome> {
  const { signal, clock, now } = context;
  const { attempts, timeoutMs } = inputs.effort;
  const opened: OpenProtocol[] = [];
  const createSigner = (through: Transport): Signer => {
    const open = protocol.open(through, worldOf(context));
    opened.push(open);
    return open.signer;
  };
  try {
    return await sendCanary({ transport, createSigner, attempts, timeoutMs, signal, clock, now });
  } finally {
    for (const open of opened) await open.close(parting(context));
  }
}
