import type { WireResponse } from '../../connection/exchange.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { CODE_NAMES, membersOf, wordsOf } from './members.ts';
import { quoteReason, reasonIn } from './reason.ts';
import { adviceOn } from './refusal-advice.ts';
import { type AnswerFacts, statusFailure } from './status.ts';

/** Puts a refusal in the JSON of an answer before its failure, and any other text of the service after it. */
export function withReason(failure: Failure, response: WireResponse, answer: unknown, facts: AnswerFacts): Failure {
  const envelope = failureInEnvelope(response, answer, facts);
  if (envelope !== undefined) return envelope;
  const reason = isRefusal(answer) ? reasonIn(response, facts.scrub) : undefined;
  if (reason === undefined) return failure.with({ message: `${failure.message}${quoteReason(response, facts.scrub)}` });
  const hint = adviceOn(reason.text, facts) ?? 'Ask the operators of the service about this refusal.';
  const message = `The service answered ${response.status} and refused: “${reason.text}”.`;
  return new Failure('file', 'REQUEST_REFUSED', message, { hint, endsRun: 'first-four-files', cause: failure });
}

/**
 * Explains a successful answer whose body has an error status, as in `{"code": 503, "message": …}`; `undefined` when
 * the body has none. The sentence names both, because the log of a server that sent 200 shows no 503.
 */
function failureInEnvelope(response: WireResponse, answer: unknown, facts: AnswerFacts): Failure | undefined {
  const status = statusIn(answer) ?? HOLDERS.map((name) => statusIn(memberOf(answer, name))).find(Boolean);
  if (status === undefined) return undefined;
  const failure = statusFailure({ ...response, status }, facts);
  const both = `answered ${response.status}, and its body says ${status}`;
  return failure.with({ message: failure.message.replace(/answered \d+/, both) });
}

const STATUS_NAMES =
  'code status statuscode httpstatus httpcode httpstatuscode error errorcode errcode resultcode returncode retcode ret'.split(
    ' ',
  );
/** Objects next to or around the rest of an answer that may have its status. */
const HOLDERS = ['error', 'errors', 'fault', 'status', 'meta', 'head', 'header', 'result', 'response'];

function memberOf(value: unknown, name: string): unknown {
  const member = typeof value === 'object' && value !== null ? membersOf(value).get(name) : undefined;
  return Array.isArray(member) ? member[0] : member;
}

/** Longest text of a status with its name, in characters. */
const MAX_STATUS = 64;

/** Returns the first member that is an HTTP error status: `401`, `"401"`, `"401 UNAUTHORIZED"`. */
function statusIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const members = membersOf(value);
  const found = STATUS_NAMES.map((name) => members.get(name))
    .filter((member) => typeof member === 'string' || typeof member === 'number')
    .map((member) => String(member).trim())
    .map((text) => (text.length > MAX_STATUS ? undefined : /^([45]\d\d)(?:\s+[A-Za-z_ ]+)?$/.exec(text)?.[1]));
  const status = found.find((text) => text !== undefined);
  return status === undefined ? undefined : Number(status);
}

/** Tells whether an answer is a refusal: a code of failure with a text, a named error or a list, or a failed state. */
function isRefusal(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const members = membersOf(answer);
  if (SUCCESS_NAMES.some((name) => isNo(members.get(name)))) return true;
  if (STATE_NAMES.some((name) => isFailure(members.get(name)))) return true;
  const isCoded = CODE_NAMES.some((name) => name !== 'type' && isFault(members.get(name)));
  return isCoded ? wordsOf(answer, 0) !== '' : ['error', 'errors'].some((name) => wordsOf(members.get(name), 0) !== '');
}

const SUCCESS_NAMES = ['success', 'succeeded', 'issuccess', 'successful', 'ok'];
const STATE_NAMES = ['status', 'result', 'state', 'outcome'];
const FAILURE = /^(?:err|error|fail|failed|failure|ko|nok|not ?ok|rejected|denied|refused|exception)$/i;

function isFailure(value: unknown): boolean {
  return typeof value === 'string' && FAILURE.test(value.trim());
}

function isNo(value: unknown): boolean {
  return value === false || value === 0 || (typeof value === 'string' && /^(?:false|no|n|0)$/i.test(value));
}

/** Tells whether a code means a fault; services write success as 0, 200, 2000, 20000, 0000, OK and the like. */
function isFault(code: unknown): boolean {
  if (typeof code !== 'string' && typeof code !== 'number') return false;
  return !/^(?:[+-]?0*|20*|ok|success|succeeded|true|s0*)$/i.test(String(code).trim());
}
