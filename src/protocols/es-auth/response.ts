import type { WireResponse } from '../../connection/exchange.ts';
import { parseJson } from '../../json.ts';
import { Failure, type FailureFacts } from '../../signing/policy/failure.ts';
import { COMPRESSED_HINT, describeCompression, formOfBody, isHealthy } from '../answers/body-text.ts';
import { withReason } from '../answers/envelope.ts';
import { isWebPage, quoteWords, reasonIn, titled } from '../answers/reason.ts';
import { type AnswerFacts, requestOf, statusFailure } from '../answers/status.ts';

/** Longest accepted text of a signature, in bytes. */
const MAX_SIGNATURE_BYTES = 64 * 1024;
/** After a success of the run, `Hindsight` names the service and its gateway instead. */
const LOOK_HINT =
  'Check server-url (host, port and path) and sign-path: they may lead to a health check, a login page or another application. If they are right, ask the operators of the service, or of a gateway in front of it, about this answer.';
const PAGE_HINT =
  'Check server-url and sign-path. If they are right, a gateway in front of the service puts a page, such as a login or a notice of maintenance, in place of its answer: ask its operators.';
const FIREWALL_HINT =
  ' A firewall for web applications that objects to the request answers so as well: its operators find the reason.';
const SHAPE_HINT = 'The service must answer {"signData":"<text>"}. Show this line to its operators.';
const HEALTH_HINT = `A health check answers like this. ${LOOK_HINT}`;
const WRAPPED_HINT =
  'Another version of the API, or a gateway that wraps answers, answers so: ask the operators of the service for plain answers, {"signData":"<text>"}.';

/** Reads the service's answer to a file; returns the text of `signData` or throws a `Failure`. */
export function readResponse(response: WireResponse, facts: AnswerFacts): string {
  if (response.status !== 200) throw statusFailure(response, facts);
  const compressed = describeCompression(response, facts.scrub);
  if (compressed !== undefined) throw unusable('RESP_ENCODED', compressed, { hint: COMPRESSED_HINT });
  const text = decode(response.body);
  if (/^\s*[^\s{][^{]*\{/.test(text) && parseJson(text.slice(text.indexOf('{'))) !== undefined)
    throw notJson('a text comes before its JSON', response, facts).with({ hint: ONLY_JSON_HINT });
  if (/^\s*</.test(text))
    throw isWebPage(response) ? page(response, facts) : notJson('its XML is not JSON', response, facts);
  const answer = parse(text, response, facts);
  const { signData } = { signData: undefined, ...answer };
  if (typeof signData === 'string' && signData !== '') return checkText(signData);
  const place = signData === undefined ? placeOfSignature(answer) : undefined;
  const failure = badSignature(describeMissing(answer, place, facts));
  const hint = place !== undefined ? WRAPPED_HINT : isHealthy(text) ? HEALTH_HINT : SHAPE_HINT;
  throw withReason(failure.with({ hint }), response, answer, facts);
}

/** Returns the content type of an answer if it has one other than JSON's. */
export function otherContentType({ headers }: WireResponse): string | undefined {
  const type = String(headers['content-type'] ?? '').trim();
  return type === '' || /^[a-z]+\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type) ? undefined : type;
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

/** Decodes strictly, because repaired text is not what the service meant; drops a byte order mark. */
function decode(body: Buffer): string {
  try {
    return DECODER.decode(body);
  } catch (cause) {
    const form = formOfBody(body);
    const message = `The service answered 200, but its ${body.length} bytes are not text in UTF-8${form && `, but ${form}`}.`;
    const hint = form
      ? 'Ask the operators of the service, and of a gateway in front of it, to have it sent as plain JSON in UTF-8.'
      : LOOK_HINT;
    throw unusable('RESP_NOT_JSON', message, { cause, hint });
  }
}

function parse(text: string, response: WireResponse, facts: AnswerFacts): object {
  if (text.trim() === '') throw unusable('RESP_EMPTY', 'The service answered 200 with an empty body.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notJson(`its ${text.length} characters are not JSON`, response, facts).with({ cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw badSignature('The answer is not a JSON object', quoteWords(response, facts.scrub));
}

function checkText(value: string): string {
  const length = Buffer.byteLength(value);
  if (length > MAX_SIGNATURE_BYTES)
    throw badSignature(`signData has ${length} bytes, more than ${MAX_SIGNATURE_BYTES}`);
  if (!value.isWellFormed()) throw badSignature(`signData (${value.length} characters) is not valid Unicode`);
  if (/[\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F]/.test(value)) {
    throw badSignature(`signData (${value.length} characters) holds control characters`);
  }
  return value;
}

/** Names the members of an answer without a usable signData, never their values. */
function describeMissing(answer: object, place: string | undefined, { scrub }: AnswerFacts): string {
  const names = Object.keys(answer);
  // Copies only own properties, so that a `__proto__` in the answer has no effect.
  const { signData: value }: { signData: unknown } = { signData: undefined, ...answer };
  if (value === '') return 'signData is empty';
  if (value !== undefined) return `signData is ${typeName(value)}, not a string`;
  if (names.length === 0) return 'The answer has no signData';
  const shown = names.slice(0, MAX_NAMES).map((name) => scrub(name, MAX_NAME_LENGTH));
  const more = names.length > MAX_NAMES ? ' and others' : '';
  if (place !== undefined) return `The answer has signData inside of ${scrub(place, MAX_NAME_LENGTH)}, not at its top`;
  return `The answer has no signData, only ${shown.join(', ')}${more}`;
}

const MAX_NAMES = 6;
const MAX_NAME_LENGTH = 40;
const ENVELOPE_DEPTH = 3;

/** Finds signData in an envelope; returns the path of its object: `data`, `data.result`. */
function placeOfSignature(answer: object, depth = 0): string | undefined {
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    if (Object.hasOwn(value, 'signData')) return name;
    const below = depth < ENVELOPE_DEPTH ? placeOfSignature(value, depth + 1) : undefined;
    if (below !== undefined) return `${name}.${below}`;
  }
  return undefined;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

const ONLY_JSON_HINT =
  'Ask the operators of the service to send the JSON alone: its program prints a warning, or output for finding errors.';

function notJson(what: string, response: WireResponse, facts: AnswerFacts): Failure {
  return unusable('RESP_NOT_JSON', `The service answered 200, but ${what}.${quoteWords(response, facts.scrub)}`);
}

function badSignature(what: string, said = ''): Failure {
  const message = `${what}.${said}`;
  return new Failure('file', 'RESP_BAD_SIGNATURE', message, { hint: SHAPE_HINT, endsRun: 'first-four-files' });
}

function unusable(code: Failure['code'], message: string, facts: FailureFacts = {}): Failure {
  return new Failure('request', code, message, {
    hint: LOOK_HINT,
    maxAttempts: 3,
    endsRun: 'first-four-files',
    ...facts,
  });
}

function page(response: WireResponse, facts: AnswerFacts): Failure {
  const reason = reasonIn(response, facts.scrub);
  const title = titled(response, facts.scrub);
  const isOfFirewall = reason?.caseNumber !== undefined || /reject|block|denied|forbid|not acceptable/i.test(title);
  return new Failure(
    'request',
    'RESP_HTML',
    `A web server or gateway answered 200 with a page${title}, which is not an answer of the signing API.`,
    { hint: requestOf(response, facts) + PAGE_HINT + (isOfFirewall ? FIREWALL_HINT : ''), endsRun: 'canary-twice' },
  );
}
