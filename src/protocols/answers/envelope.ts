import type { WireResponse } from '../../connection/exchange.ts';
import { reasonIn, type Scrub } from './reason.ts';

/** What to do about a refusal in an answer whose status says success. */
export const REFUSAL_HINT = 'Ask the operators of the service about this refusal.';

/** Says what a service refused with a status of success, ended by a blank; empty for an answer that is no refusal. */
export function refusalInEnvelope(response: WireResponse, answer: unknown, scrub: Scrub): string {
  if (typeof answer !== 'object' || answer === null || !isRefusal(new Map(Object.entries(answer)))) return '';
  const reason = reasonIn(response, scrub);
  return reason === undefined ? '' : `The service refused: ${reason.text}. `;
}

const CODES = ['code', 'errorCode', 'error_code', 'errcode', 'errCode', 'resultCode', 'result_code', 'returnCode'];
const WORDS = ['message', 'msg', 'errorMessage', 'error_message', 'errmsg', 'errMsg', 'resultMsg', 'error_description'];

/** A code that does not mean success beside words, a named error, or `success: false`. */
function isRefusal(members: ReadonlyMap<string, unknown>): boolean {
  const isNamed = WORDS.some((name) => hasWords(members.get(name)));
  if (members.get('success') === false || members.get('ok') === false) return true;
  return hasWords(members.get('error')) || (isNamed && CODES.some((name) => isFault(members.get(name))));
}

function hasWords(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

/** Services write success as 0, 200, 2000, 20000, 0000, OK and the like. */
function isFault(code: unknown): boolean {
  if (typeof code !== 'string' && typeof code !== 'number') return false;
  return !/^(?:[+-]?0*|20*|ok|success|succeeded|true|s0*)$/i.test(String(code).trim());
}
