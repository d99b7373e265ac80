import { createHash, createSign, type KeyObject } from 'node:crypto';
import { BodyReader } from './body.ts';
import { type Answer, type Call, type Judge, jsonAnswer, Refusal } from './call.ts';
import type { Counters } from './counters.ts';
import { type HeaderClaims, type Rules, readHeaderClaims } from './headers.ts';
import { startRequestHash } from './request-hash.ts';

/** What a service needs to judge and answer any request. */
export interface ServiceContext {
  readonly rules: Rules;
  readonly signingKey: KeyObject;
  readonly counters: Counters;
  /** Wait before each regular answer, in milliseconds. */
  readonly delayMs: number;
  /** Whether log entries need the hash of the signed bytes. */
  readonly record: boolean;
}

/** Reads, judges and answers one request, or answers it `otherwise`. */
export async function serveCall(
  context: ServiceContext,
  call: Call,
  otherwise: ((call: Call, judge: Judge) => Promise<void>) | undefined,
): Promise<void> {
  // The headers are always read first, so that a nonce counts as used even when its request meets a fault.
  const claims = readOrRefuse(context, call);
  const judge: Judge = async () => {
    const answer = await judgeCall(context, call, claims);
    await call.wait(context.delayMs);
    return answer;
  };
  if (otherwise) await otherwise(call, judge);
  else await call.send(await judge());
}

function readOrRefuse(context: ServiceContext, call: Call): HeaderClaims | Refusal {
  const { request, now } = call.parts;
  const facts = { method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders };
  try {
    return readHeaderClaims(facts, context.rules, now());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'NONCE_REUSED') context.counters.replays += 1;
    return error;
  }
}

async function judgeCall(context: ServiceContext, call: Call, claims: HeaderClaims | Refusal): Promise<Answer> {
  const { entry } = call.parts;
  try {
    if (claims instanceof Refusal) {
      await call.receive();
      throw claims;
    }
    const signData = await signBody(context, call, claims);
    entry.verdict = 'signed';
    context.counters.signed += 1;
    return jsonAnswer(200, { signData });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    entry.verdict = 'refused';
    entry.code = error.code;
    context.counters.refused += 1;
    const allow = error.status === 405 ? { allow: 'POST' } : {};
    return jsonAnswer(error.status, { code: error.code, message: error.message }, allow);
  }
}

async function signBody(context: ServiceContext, call: Call, claims: HeaderClaims): Promise<string> {
  const { rules, counters } = context;
  const { entry } = call.parts;
  const hash = startRequestHash({
    method: 'POST',
    path: rules.signPath,
    appKey: rules.appKey,
    nonce: claims.nonce,
    timestamp: claims.timestamp,
  });
  const signer = createSign('sha256');
  const content = context.record ? createHash('sha256') : undefined;
  const body = new BodyReader(claims.lengthBytes, (bytes) => {
    signer.update(bytes);
    content?.update(bytes);
  });
  await call.receive((chunk) => {
    hash.update(chunk);
    body.push(chunk);
  });
  const bytes = body.finish();
  if (hash.update(rules.appSecret).digest() !== claims.sign) {
    throw new Refusal(401, 'SIGN_MISMATCH', 'es-auth-sign does not fit this request and the secret of this app key.');
  }
  entry.bytes = bytes;
  entry.sha256 = content?.digest('hex');
  counters.signedBytes += bytes;
  return signer.sign(context.signingKey, 'base64');
}
