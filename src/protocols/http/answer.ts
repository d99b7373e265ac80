import type { WireResponse } from '../../connection/exchange.ts';
import { Failure, type FailureFacts } from '../../signing/policy/failure.ts';
import type { SignatureEncoding } from '../../verifying/encoding.ts';
import { COMPRESSED_HINT, describeCompression } from '../answers/body-text.ts';
import { withReason } from '../answers/envelope.ts';
import { isWebPage, quoteWords } from '../answers/reason.ts';
import type { Scrub } from '../answers/scrub.ts';
import type { AnswerFacts } from '../answers/status.ts';

/** Where the signature is in an answer: a JSON pointer (RFC 6901) as its steps, the body as text, or the body as bytes. */
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

/** Longest signature that is believed, in bytes. */
const MAX_SIGNATURE_BYTES = 64 * 1024;
const DECODER = new TextDecoder('utf-8', { fatal: true });

/** Reads the signature out of an answer with status 200 or 201; returns the text that is written. */
export function readAnswer(
  response: WireResponse,
  { answer: place, encoding }: { readonly answer: AnswerPlace; readonly encoding: SignatureEncoding },
  facts: AnswerFacts,
): string {
  const { body } = response;
  const { scrub } = facts;
  const compressed = describeCompression(response, scrub);
  if (compressed !== undefined) throw unusable('RESP_ENCODED', compressed, { hint: COMPRESSED_HINT });
  if (body.length === 0) throw unusable('RESP_EMPTY', 'The service answered with an empty body.');
  if (place.in !== 'json') refuseWrapped(response, facts);
  if (place.in === 'raw') return checked(body.toString(encoding));
  const text = decode(body);
  if (place.in === 'body') return checked(text.replace(/\r?\n$/, ''));
  const json = parse(text, response, scrub);
  try {
    return checked(follow(json, place.steps, (value) => describe(value, scrub)));
  } catch (error) {
    throw error instanceof Failure ? withReason(error, response, json, facts) : error;
  }
}

/** Throws when the whole answer, which should be the signature, is a web page or JSON with members. */
function refuseWrapped(response: WireResponse, facts: AnswerFacts): void {
  if (isWebPage(response)) throw unusable('RESP_HTML', 'The answer is a web page.');
  const json = membersIn(response.body);
  if (json === undefined) return;
  const failure = unusable(
    'RESP_BAD_SIGNATURE',
    `The answer is JSON, not the signature alone. ${describe(json, facts.scrub)}`,
    {
      hint: 'Set answer to the place of the signature in that JSON, such as /signature.',
    },
  );
  throw withReason(failure, response, json, facts);
}

function membersIn(body: Buffer): object | undefined {
  // No signature begins so.
  if (body[0] !== '{'.charCodeAt(0)) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function decode(body: Buffer): string {
  try {
    return DECODER.decode(body);
  } catch (error) {
    throw unusable(
      'RESP_NOT_JSON',
      `The ${body.length} bytes of the answer are not text. If they are the signature itself, set answer: body:raw.`,
      { cause: error },
    );
  }
}

function parse(text: string, response: WireResponse, scrub: Scrub): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (isWebPage(response)) throw unusable('RESP_HTML', 'The answer is a web page.', { cause: error });
    const message = `The answer is ${text.length} characters that are not JSON.${quoteWords(response, scrub)}`;
    throw unusable('RESP_NOT_JSON', message, { cause: error });
  }
}

/** Follows a pointer by own members and elements only. */
function follow(json: unknown, steps: readonly string[], describeValue: (value: unknown) => string): string {
  let value = json;
  for (const [at, step] of steps.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      throw unusable(
        'RESP_BAD_SIGNATURE',
        `The answer has no /${steps.slice(0, at + 1).join('/')}. ${describeValue(value)}`,
      );
    value = Reflect.get(value, step);
  }
  if (typeof value === 'string') return value;
  throw unusable(
    'RESP_BAD_SIGNATURE',
    `The answer has ${value === null ? 'null' : `a value of type ${typeof value}`} at /${steps.join('/')}, not a string.`,
  );
}

/** Names the members that an answer has instead. */
function describe(value: unknown, scrub: Scrub): string {
  const members = typeof value === 'object' && value !== null ? Object.keys(value).slice(0, 10) : [];
  return members.length > 0 ? `It has: ${members.map((name) => scrub(name, 40)).join(', ')}.` : 'Nothing is there.';
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
    hint: 'Check answer against what the service really sends, and that server-url and request lead to its API.',
    endsRun: 'first-four-files',
    ...facts,
  });
}
