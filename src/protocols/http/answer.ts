import type { WireResponse } from '../../connection/exchange.ts';
import { parseJson } from '../../json.ts';
import { Failure, type FailureFacts } from '../../signing/policy/failure.ts';
import type { SignatureEncoding } from '../../verifying/encoding.ts';
import { COMPRESSED_HINT, describeCompression, formOfBody, isHealthy } from '../answers/body-text.ts';
import { withReason } from '../answers/envelope.ts';
import { isWebPage, quoteWords, titled } from '../answers/reason.ts';
import type { Scrub } from '../answers/scrub.ts';
import type { AnswerFacts } from '../answers/status.ts';

/** Place of the signature in an answer: the steps of a JSON pointer (RFC 6901), the body as text, or the body as bytes. */
export type AnswerPlace =
  | { readonly in: 'json'; readonly steps: readonly string[] }
  | { readonly in: 'body' }
  | { readonly in: 'raw' };

/** Reads the input `answer`; `undefined` when the text is neither a pointer nor `body` nor `body:raw`. */
export function parseAnswerPlace(text: string): AnswerPlace | undefined {
  if (text === 'body') return { in: 'body' };
  if (text === 'body:raw') return { in: 'raw' };
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  const steps = text.slice(1).split('/');
  return { in: 'json', steps: steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')) };
}

const ADDRESS_HINT =
  'Check that server-url (host and port) and the input request lead to the API of the signing service, and not to a health check or another application.';
const EMPTY = {
  hint: `${ADDRESS_HINT} If they do, ask the operators of the service, or of a gateway in front of it, why the body is empty.`,
};
/** Longest accepted signature, in bytes. */
const MAX_SIGNATURE_BYTES = 64 * 1024;
const DECODER = new TextDecoder('utf-8', { fatal: true });

/** Reads the signature from an answer with status 200 or 201; returns the text to write. */
export function readAnswer(
  response: WireResponse,
  { answer: place, encoding }: { readonly answer: AnswerPlace; readonly encoding: SignatureEncoding },
  facts: AnswerFacts,
): string {
  const { body } = response;
  const compressed = describeCompression(response, facts.scrub);
  if (compressed !== undefined) throw unusable('RESP_ENCODED', compressed, { hint: COMPRESSED_HINT });
  if (body.length === 0) throw unusable('RESP_EMPTY', 'The service answered with an empty body.', EMPTY);
  if (place.in !== 'json') refuseWrapped(response, facts);
  if (place.in === 'raw') return checked(body.toString(encoding));
  const text = decode(body);
  if (place.in === 'body') return checked(text.replace(/\r?\n$/, ''));
  const json = parse(text, response, facts.scrub);
  try {
    return checked(follow(json, place.steps, facts.scrub));
  } catch (error) {
    throw error instanceof Failure ? withReason(error, response, json, facts) : error;
  }
}

/** Throws when an answer that should be only the signature is a web page or JSON with members. */
function refuseWrapped(response: WireResponse, facts: AnswerFacts): void {
  if (isWebPage(response)) throw unusable('RESP_HTML', `The answer is a web page${titled(response, facts.scrub)}.`);
  // A signature never starts with a brace.
  const json = response.body[0] === '{'.charCodeAt(0) ? parseJson(response.body.toString()) : undefined;
  if (json === undefined) return;
  const failure = unusable(
    'RESP_BAD_SIGNATURE',
    `The answer is JSON, not the signature alone. ${describe(json, facts.scrub)}`,
    { hint: placeHint(json, facts.scrub) },
  );
  throw withReason(failure, response, json, facts);
}

function decode(body: Buffer): string {
  try {
    return DECODER.decode(body);
  } catch (error) {
    const form = formOfBody(body);
    const what = `The ${body.length} bytes of the answer are not text${form && ` in UTF-8, but ${form}`}.`;
    const message = `${what} If they are the signature itself, set answer: body:raw.`;
    throw unusable('RESP_NOT_JSON', message, { cause: error });
  }
}

function parse(text: string, response: WireResponse, scrub: Scrub): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (isWebPage(response))
      throw unusable('RESP_HTML', `The answer is a web page${titled(response, scrub)}.`, { cause: error });
    const message = `The answer is ${text.length} characters that are not JSON.${quoteWords(response, scrub)}`;
    throw unusable('RESP_NOT_JSON', message, { cause: error });
  }
}

/** Follows a pointer through own members and elements only. */
function follow(json: unknown, steps: readonly string[], scrub: Scrub): string {
  let value = json;
  for (const [at, step] of steps.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      throw elsewhere(`The answer has no /${steps.slice(0, at + 1).join('/')}`, json, scrub);
    value = Reflect.get(value, step);
  }
  if (typeof value === 'string') return value;
  throw elsewhere(`The answer has ${typeName(value)} at /${steps.join('/')}, not a text`, json, scrub);
}

function elsewhere(what: string, json: unknown, scrub: Scrub): Failure {
  const message = `${what}, where the input answer looks for the signature. ${describe(json, scrub)}`;
  return unusable('RESP_BAD_SIGNATURE', message, { hint: placeHint(json, scrub) });
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A value in an answer, which may be the signature. */
interface Leaf {
  /** Place of the value as a JSON pointer. */
  readonly pointer: string;
  readonly value: unknown;
}

/** Most values that are named, and levels of an answer that are searched. */
const MAX_LEAVES = 6;
const MAX_LEVELS = 4;
/** Longest place that is shown, in characters. */
const MAX_POINTER = 80;

/** Lists the values of an answer in order, including those in nested objects. */
function* leavesOf(value: unknown, pointer = '', level = 0): Generator<Leaf> {
  const members = typeof value === 'object' && value !== null && level < MAX_LEVELS ? Object.entries(value) : [];
  if (members.length === 0) yield { pointer, value };
  for (const [name, member] of members)
    yield* leavesOf(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, level + 1);
}

function firstLeaves(json: unknown): readonly Leaf[] {
  const leaves: Leaf[] = [];
  for (const leaf of leavesOf(json)) {
    leaves.push(leaf);
    if (leaves.length > MAX_LEAVES) break;
  }
  return leaves;
}

/** Describes the values of an answer by place, type and length, without showing any. */
function describe(json: unknown, scrub: Scrub): string {
  const leaves = firstLeaves(json);
  const named = leaves.slice(0, MAX_LEAVES).map(({ pointer, value }) => {
    const what = typeof value === 'string' ? textOf(value) : typeName(value);
    return `${scrub(pointer, MAX_POINTER)} (${what})`;
  });
  if (leaves[0]?.pointer === '') return 'Nothing is there.';
  return `It has: ${named.join(', ')}${leaves.length > MAX_LEAVES ? ' and others' : ''}.`;
}

function textOf(value: string): string {
  return `text of ${value.length} characters${looksLikeSignature(value) ? ' that looks like a signature' : ''}`;
}

/** Shortest text of a signature, which has at least 64 bytes; shorter texts are codes and names. */
const MIN_SIGNATURE = 86;

function looksLikeSignature(text: string): boolean {
  return text.length >= MIN_SIGNATURE && /^[\w+/-]+={0,2}$/.test(text);
}

/** Returns the hint for the input `answer`; names a text that looks like a signature. */
function placeHint(json: unknown, scrub: Scrub): string {
  const texts = firstLeaves(json).filter(({ value }) => typeof value === 'string');
  const found = texts.find(({ value }) => looksLikeSignature(String(value)));
  const example = texts.find(({ pointer }) => pointer !== '')?.pointer ?? '/signature';
  const place = scrub(found?.pointer ?? example, MAX_POINTER);
  if (isHealthy(JSON.stringify(json))) return `A health check answers like this. ${ADDRESS_HINT}`;
  const where = found === undefined ? `the place of the signature in it, such as ${place}` : place;
  return `Set the input answer to ${where}. ${found === undefined ? ADDRESS_HINT : ''}`.trim();
}

function checked(text: string): string {
  if (text === '') throw unusable('RESP_BAD_SIGNATURE', 'The signature in the answer is empty.');
  if (Buffer.byteLength(text) > MAX_SIGNATURE_BYTES)
    throw unusable('RESP_BAD_SIGNATURE', `The signature in the answer has more than ${MAX_SIGNATURE_BYTES} bytes.`);
  return text;
}

function unusable(
  code: 'RESP_ENCODED' | 'RESP_EMPTY' | 'RESP_NOT_JSON' | 'RESP_HTML' | 'RESP_BAD_SIGNATURE',
  message: string,
  facts: Pick<FailureFacts, 'hint' | 'cause'> = {},
): Failure {
  return new Failure('file', code, message, {
    hint: `Compare the input answer with what the service really sends. ${ADDRESS_HINT}`,
    endsRun: 'first-four-files',
    ...facts,
  });
}
