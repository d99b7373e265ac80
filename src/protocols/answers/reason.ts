import { stripVTControlCharacters } from 'node:util';
import type { WireResponse } from '../../connection/exchange.ts';
import { beginningOf, mediaType } from './body-text.ts';
import { caseIn, isPage, titleOf, visibleText, wordsInXml } from './markup.ts';
import { sentencesIn, wordsOf } from './members.ts';
import { cutOnly, type Scrub } from './scrub.ts';
import { reasonInHeaders } from './told-by-headers.ts';

/** The reason that an answer gives for a failure. */
interface Reason {
  /** `page`: title of an HTML page; `page-text`: visible text of a page without a title; `words`: text of an API. */
  readonly kind: 'page' | 'page-text' | 'words';
  /** One line of at most 200 characters, without secrets. */
  readonly text: string;
  /** Number of the refusal in the log of the page's server. */
  readonly caseNumber?: string | undefined;
}

/** Longest quotes in characters. */
const MAX_QUOTED = { page: 100, 'page-text': 100, words: 200 };
/** Most characters that are scrubbed, because a sentence quotes only the first words. */
const MAX_SCRUBBED = 4096;

/**
 * Reads the reason in an answer; `undefined` when it gives none.
 *
 * Known forms: problem details (RFC 9457), OAuth errors, `{code, message}` and its relatives, a nested `error`, lists
 * of `errors`, the fields of a form, XML as object stores and SOAP services send it, HTML pages, and plain text,
 * whatever media type the answer claims. For an empty body, the headers and the reason phrase are used.
 */
export function reasonIn(response: WireResponse, scrub: Scrub): Reason | undefined {
  const type = mediaType(response);
  const text = beginningOf(response, scrub);
  if (isPage(text, type)) {
    const page =
      quoted('page', titleOf(text) ?? '', scrub) ?? quoted('page-text', visibleText(scrub(text, MAX_SCRUBBED)), scrub);
    return page && { kind: page.kind, text: page.text, caseNumber: quoted('page', caseIn(text), scrub)?.text };
  }
  const said = quoted('words', wordsIn(text, { type, status: response.status, scrub }), scrub);
  return said ?? (text.trim() === '' ? quoted('words', reasonInHeaders(response), scrub) : undefined);
}

/** Says who gave an answer that is no success, and quotes its reason; `about` follows the status. An API has no web pages below 500. */
export function answered(response: WireResponse, scrub: Scrub, about = '', challenge = ''): string {
  const { status } = response;
  const said = quote(response, scrub) + challenge;
  return status >= 400 && status < 500 && isWebPage(response)
    ? `A web server or gateway answered ${status}${about} with its own page${said.replace(', a page', '')}, which is not an answer of the signing API.`
    : `The service answered ${status}${about}${said}.`;
}

/** Quotes the reason in an answer as a part of a sentence; empty without a reason. */
export function quote(response: WireResponse, scrub: Scrub): string {
  const reason = reasonIn(response, scrub);
  if (reason === undefined) return '';
  return reason.kind === 'words' ? `: “${reason.text}”` : `, a page ${namePage(reason)}`;
}

/** Names a page by its title or its visible text: `titled “Sign in”`. */
export function namePage({ kind, text, caseNumber }: Reason): string {
  const noted = caseNumber === undefined || text.includes(caseNumber) ? '' : ` (${caseNumber})`;
  return `${kind === 'page' ? 'titled' : 'that says'} “${text}”${noted}`;
}

/** Names a page that arrived instead of another answer; empty for a page without text. */
export function titled(response: WireResponse, scrub: Scrub): string {
  const reason = reasonIn(response, scrub);
  return reason === undefined || reason.kind === 'words' ? '' : ` ${namePage(reason)}`;
}

/** Tells whether the body of an answer is a web page, titled or not. APIs may label JSON as HTML, or send XML. */
export function isWebPage(response: WireResponse): boolean {
  return isPage(beginningOf(response, cutOnly), mediaType(response));
}

/** Tells whether an answer is JSON, and so from an API. */
export function isJson({ body }: WireResponse): boolean {
  return /^\s*[{[]/.test(body.toString('latin1', 0, 64));
}

/** Matches the server names of gateways. */
const GATEWAY_SERVERS =
  /^(?:nginx|openresty|envoy|istio-envoy|haproxy|awselb|cloudflare|varnish|traefik|cloudfront|bigip)\b/i;

/** Matches what gateways say in an API's form about the server behind them: Kong, Envoy, and AWS's and Azure's. */
const UPSTREAM = /ring-balancer|no healthy upstream|upstream connect error|\bupstream server\b|no live upstreams/i;

/** Tells whether a gateway that cannot forward a request answers: its own page, or its name and no API's answer. */
export function isOfGateway(response: WireResponse): boolean {
  const { status, headers, body } = response;
  if (![502, 503, 504].includes(status) && (status < 520 || status > 530)) return false;
  if (isWebPage(response) || UPSTREAM.test(body.toString('latin1', 0, 4096))) return true;
  return GATEWAY_SERVERS.test(String(headers['server'] ?? '')) && !/^\s*[{[<]/.test(body.toString('latin1', 0, 64));
}

/** Quotes the reason in an answer as a further sentence of a message; empty without a reason. */
export function quoteReason(response: WireResponse, scrub: Scrub): string {
  const reason = reasonIn(response, scrub);
  return reason === undefined ? '' : ` It says: “${reason.text}”.`;
}

/** Quotes the text of an answer without a signature, unless it is a single word, which could be the signature. */
export function quoteWords(response: WireResponse, scrub: Scrub): string {
  return reasonIn(response, scrub)?.text.includes(' ') ? quoteReason(response, scrub) : '';
}

function quoted(kind: Reason['kind'], words: string, scrub: Scrub): Reason | undefined {
  const line = stripVTControlCharacters(scrub(words, MAX_SCRUBBED))
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const most = MAX_QUOTED[kind];
  const cut = line.length > most ? `${line.slice(0, most - 1).toWellFormed()}…` : line;
  const text = cut.replace(/[.\s]+$/, '');
  return text === '' ? undefined : { kind, text };
}

interface Surroundings {
  readonly type: string;
  readonly status: number;
  readonly scrub: Scrub;
}

function wordsIn(text: string, { type, status, scrub }: Surroundings): string {
  if (/^\s*</.test(text)) return wordsInXml(text);
  const value = type.includes('form-urlencoded') ? Object.fromEntries(new URLSearchParams(text)) : parse(text);
  if (value !== undefined) return wordsOf(value, status) || sentencesIn(value);
  if (/[\uFFFD\0]/.test(text)) return '';
  if (/^\s*[{[]/.test(text)) return wordsInFragment(text);
  return type.includes('html') ? visibleText(scrub(text, MAX_SCRUBBED)) : text;
}

function parse(text: string): unknown {
  // Some services put a prefix before JSON that keeps it from running as a script.
  const [, json = text] = /^\)\]\}',?\s*(.*)$/s.exec(text) ?? [];
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const FRAGMENT =
  /["'](?:message|msg|errmsg|error_?message|error|error_?description|detail|title|reason)["']\s*:\s*(?:"((?:[^"\\]|\\.){1,1000})"|'((?:[^'\\]|\\.){1,1000})')/i;

/** Returns the first text in JSON that is cut, follows other JSON, or has single quotes. */
function wordsInFragment(text: string): string {
  const [, double, single = ''] = FRAGMENT.exec(text) ?? [];
  return (double ?? single).replace(/\\(["'/\\])/g, '$1');
}
