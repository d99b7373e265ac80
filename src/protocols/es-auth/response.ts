import type { Code } from '../../codes.ts';
import type { WireResponse } from '../../connection/exchange.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { retryAfterMs } from './retry-after.ts';
import { statusFailure } from './status.ts';

/** Longest signature text that is believed, in bytes. */
const MAX_SIGNATURE_BYTES = 64 * 1024;

const LOOK_HINT = 'Check that server-url and sign-path lead to the signing service and not to a login page or gateway.';

/** Reads the service's answer to a file of `size` bytes; returns the text of `signData` or throws a `Failure`. */
export function readResponse(response: WireResponse, size: number): string {
  const { status, headers } = response;
  const refusal = (answered: number): Failure =>
    statusFailure({ ...response, status: answered }, { size, retryAfterMs: retryAfterMs(headers) });
  if (status !== 200) throw refusal(status);
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity')
    throw unusable('RESP_ENCODED', 'The answer is compressed, though it was asked for plain.');
  const text = decode(response.body);
  if (/^\s*</.test(text)) throw htmlFailure(text);
  const answer = parse(text);
  const envelope = errorStatus(answer);
  if (envelope !== undefined) throw refusal(envelope);
  return signatureText(answer);
}

/** Returns the content type of an answer when it is given and is not JSON's. */
export function otherContentType({ headers }: WireResponse): string | undefined {
  const type = String(headers['content-type'] ?? '').trim();
  return type === '' || /^[a-z]+\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type) ? undefined : type;
}

function unusable(code: Code, message: string, cause?: unknown): Failure {
  return new Failure('request', code, message, { hint: LOOK_HINT, cause, maxAttempts: 3 });
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

/** Decodes strictly: text that had to be repaired is not what the service meant. A byte order mark is dropped. */
function decode(body: Buffer): string {
  try {
    return DECODER.decode(body);
  } catch (error) {
    throw unusable('RESP_NOT_JSON', `The service answered 200, but its ${body.length} bytes are no text.`, error);
  }
}

function parse(text: string): object {
  if (text.trim() === '') throw unusable('RESP_EMPTY', 'The service answered 200 with an empty body.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable('RESP_NOT_JSON', `The service answered 200, but its ${text.length} characters are no JSON.`, error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw badSignature('The answer is no JSON object');
}

/** Some services answer 200 with `{"code": 503, "message": …}`; returns that code when it is an HTTP error status. */
function errorStatus(answer: object): number | undefined {
  const { code, signData } = { code: undefined, signData: undefined, ...answer };
  if (typeof signData === 'string' && signData !== '') return undefined;
  const status = typeof code === 'string' || typeof code === 'number' ? Number(code) : Number.NaN;
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

function signatureText(answer: object): string {
  // Own properties only: a `__proto__` in the answer must not pass for one.
  const { signData: value }: { signData: unknown } = { signData: undefined, ...answer };
  if (value === undefined) throw badSignature('The answer has no signData');
  if (typeof value !== 'string') throw badSignature(`signData is ${typeName(value)}, not a string`);
  if (value === '') throw badSignature('signData is empty');
  const length = Buffer.byteLength(value);
  if (length > MAX_SIGNATURE_BYTES)
    throw badSignature(`signData has ${length} bytes, more than ${MAX_SIGNATURE_BYTES}`);
  if (!value.isWellFormed()) throw badSignature(`signData (${value.length} characters) is no valid Unicode`);
  if (/[\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F]/.test(value)) {
    throw badSignature(`signData (${value.length} characters) holds control characters`);
  }
  return value;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return `of type ${typeof value}`;
}

function badSignature(message: string): Failure {
  return new Failure('file', 'RESP_BAD_SIGNATURE', `${message}.`, {
    hint: 'The service must answer {"signData":"<text>"}. Show this line to its operators.',
  });
}

function htmlFailure(text: string): Failure {
  const title = /<title[^>]*>([^<]{0,100})/i.exec(text.slice(0, 4096))?.[1]?.trim() ?? '';
  const message = `The service answered 200 with an HTML page${title ? ` titled “${title}”` : ''}.`;
  return new Failure('request', 'RESP_HTML', message, { hint: LOOK_HINT, endsRun: 'canary-twice' });
}
