import { randomBytes } from 'node:crypto';
import { show } from '../../../src/files/names.ts';
import { type AnswerPlace, parseAnswerPlace } from '../../../src/protocols/http/answer.ts';
import { parseMessage } from '../../../src/protocols/http/message.ts';
import { PRESETS, presetIn } from '../../../src/protocols/http/presets.ts';
import { type Algorithm, algorithmOf, SIGNATURE_ALGORITHMS } from '../../../src/verifying/algorithm.ts';
import type { SignatureEncoding } from '../../../src/verifying/encoding.ts';
import { type Inputs, invalid, readChoice, refuseForeign } from '../given-inputs.ts';
import type { Expected } from './judge.ts';

/** How a stand-in checks and answers requests, and the matching inputs of the action. */
export interface Settings extends Expected {
  readonly answer: AnswerPlace;
  readonly encoding: SignatureEncoding;
  readonly algorithm: Algorithm;
  /** Inputs of the protocol without URL and certificates; includes `token` when the message contains `{token}`. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Inputs of the action that describe requests and answers of a service with its own API. */
export const HTTP_INPUTS = ['request', 'answer', 'signing-key', 'token', 'signature-algorithm', 'signature-encoding'];

/** Reads the settings from inputs of the action; throws `ARGUMENT_INVALID` with every problem of the message. */
export function readSettings(given: Inputs): Settings {
  refuseForeign(given, HTTP_INPUTS);
  const text = given['request'] ?? '';
  if (text === '') throw invalid('No request is given.', '--help shows how to give one: by --workflow or --with.');
  const preset = presetIn(text);
  if (preset === 'unknown')
    throw invalid(`There is no preset ${show(text.slice('preset:'.length))}, only ${Object.keys(PRESETS).join(', ')}.`);
  const message = parseMessage(preset?.request ?? text);
  if (!('method' in message)) throw invalid(`The input request\n${message.map((each) => `  ${each}`).join('\n')}`);
  const place = given['answer'] ?? preset?.answer ?? '/signature';
  const answer = parseAnswerPlace(place);
  if (answer === undefined) throw invalid('The input answer is neither a JSON pointer nor body nor body:raw.');
  const encoding = readChoice('signature-encoding', given, ['base64', 'hex']) ?? preset?.encoding ?? 'base64';
  const algorithm = readAlgorithm(given, message.content.startsWith('file'));
  const [key, token] = [given['signing-key'] ?? 'release', given['token'] ?? randomBytes(24).toString('base64url')];
  const inputs = {
    protocol: 'http',
    request: text,
    answer: place,
    ...(message.uses.has('key') ? { 'signing-key': key } : {}),
    ...(message.uses.has('token') ? { token } : {}),
    'signature-algorithm': algorithm.name,
    'signature-encoding': encoding,
  };
  const hash = algorithm.scheme === 'ed25519' ? undefined : algorithm.hash;
  return { message, answer, encoding, algorithm, hash, key, token, inputs };
}

function readAlgorithm(given: Inputs, sendsFile: boolean): Algorithm {
  const name = readChoice('signature-algorithm', given, ['auto', ...SIGNATURE_ALGORITHMS]) ?? 'auto';
  if (name === 'ed25519' && !sendsFile)
    throw invalid('An Ed25519 key signs the file itself, and request holds a digest; send {file} or {file:base64}.');
  return algorithmOf(name === 'auto' ? 'rsa-pkcs1-sha256' : name);
}
