import type { KeyObject } from 'node:crypto';
import { show } from '../../../src/files/names.ts';
import type { AnswerPlace } from '../../../src/protocols/http/answer.ts';
import type { Algorithm } from '../../../src/verifying/algorithm.ts';
import type { SignatureEncoding } from '../../../src/verifying/encoding.ts';
import {
  createSigningKeys,
  type Loopback,
  type LoopbackOptions,
  type Received,
  type Reply,
  serveOnLoopback,
  toPem,
} from '../loopback.ts';
import { Mistake } from '../mistake.ts';
import { signBytes, signDigest } from '../sign-digest.ts';
import { judge, type Wish } from './judge.ts';
import type { Settings } from './settings.ts';

type Told = Pick<Received, 'method' | 'target'> &
  ({ readonly wish: Wish; readonly mistake?: undefined } | { readonly mistake: string });

/** Starts a service that accepts only requests of one message; `tell` gets a line for each request. */
export async function startStandIn(
  options: LoopbackOptions,
  settings: Settings,
  tell: (line: string) => void,
): Promise<Loopback & { readonly publicKeyPem: string }> {
  const { publicKey, privateKey } = await createSigningKeys(settings.algorithm);
  const loopback = await serveOnLoopback(options, (request) => {
    const { method, target } = request;
    try {
      const wish = judge(settings, request);
      tell(describe({ method, target, wish }));
      return shape(sign(wish, settings.algorithm, privateKey), settings);
    } catch (error) {
      const { message, status } = error instanceof Mistake ? error : new Mistake(String(error), 500);
      tell(describe({ method, target, mistake: message }));
      return { status, type: 'application/json', body: JSON.stringify({ error: message }) };
    }
  });
  return { ...loopback, publicKeyPem: toPem(publicKey) };
}

/** Longest path that is shown, in characters. */
const MAX_SHOWN = 100;

/** Describes the result of a request in one line. */
function describe(told: Told): string {
  const line = show(`${told.method} ${told.target.slice(0, MAX_SHOWN)}`);
  if (told.mistake !== undefined) return `refused  ${line}  ${told.mistake}\n`;
  const { kind, bytes, name } = told.wish;
  const what = kind === 'digest' ? `digest ${bytes.toString('hex').slice(0, 16)}…` : `${bytes.length} bytes`;
  return `signed   ${line}  ${what}${name === undefined ? '' : `  ${show(name)}`}\n`;
}

function sign({ kind, bytes }: Wish, algorithm: Algorithm, key: KeyObject): Buffer {
  return kind === 'file' || algorithm.scheme === 'ed25519'
    ? signBytes(bytes, algorithm, key)
    : signDigest(bytes, algorithm, key);
}

/** Puts a signature where the message expects it. */
function shape(
  signature: Buffer,
  { answer: place, encoding }: { readonly answer: AnswerPlace; readonly encoding: SignatureEncoding },
): Reply {
  switch (place.in) {
    case 'raw':
      return { status: 200, type: 'application/octet-stream', body: signature };
    case 'body':
      return { status: 200, type: 'text/plain', body: `${signature.toString(encoding)}\n` };
    case 'json': {
      const json = place.steps.reduceRight<unknown>(around, signature.toString(encoding));
      return { status: 200, type: 'application/json', body: JSON.stringify(json) };
    }
  }
}

/** Wraps a value for a step of a path: a small number is an index of a list, any other step a member of an object. */
function around(value: unknown, step: string): unknown {
  return /^\d$/.test(step) ? [...Array.from({ length: Number(step) }, () => null), value] : { [step]: value };
}
