import { stripVTControlCharacters } from 'node:util';
import type { WireResponse } from '../../connection/exchange.ts';
import { beginningOf, mediaType } from './body-text.ts';
import { caseIn, isPage, titleOf, visibleText, wordsInXml } from './markup.ts';
import { sentencesIn, wordsOf } from './members.ts';
import { cutOnly, type Scrub } from './scrub.ts';
import { reasonInHeaders } from './told-by-headers.ts';

/** The reason that an answer gives for a failure. */
export interface Reason {
  /** `page` is the title of an HTML page, `page-text` what a page without one shows, `words` what an API says. */
  readonly kind: 'page' | 'page-text' | 'words';
  /** One line of at most 200 characters, without secrets. */
  readonly text: string;
  /** Under which number the server of a page has noted its refusal. */
  readonly caseNumber?: string | undefined;
}

/** Most characters that a sentence quotes. */
const MAX_QUOTED = { page: 100, 'page-text': 100, words: 200 };
/** Further words are not looked at: the sentence quotes the first of them. */
const MAX_SCRUBBED = 4096;

/**
 * Reads the reason in an answer; `undefined` when it gives none.
 *
 * Known forms: problem details (RFC 9457), OAuth errors, `{code, message}` and its relatives, a nested `error`, lists of
 * `errors`, the fields of a form, XML as object stores and SOAP services send it, HTML pages, and plain text, whatever media
 * type the answer claims. An empty body leaves the headers and the reason phrase.
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

/** Names a page by its title, or by what it shows: `titled “Sign in”`. */
export function namePage({ kind, text, caseNumber }: Reason): string {
  const noted = caseNumber === undefined || text.includes(caseNumber) ? '' : ` (${caseNumber})`;
  return `${kind === 'page' ? 'titled' : 'that says'} “${text}”${noted}`;
}

/** Names a page that came in place of another answer; empty for one that shows nothing. */
export function titled(response: WireResponse, scrub: Scrub): string {
  const reason = reasonIn(response, scrub);
  return reason === undefined || reason.kind === 'words' ? '' : ` ${namePage(reason)}`;
}

/** Tells whether the body of an answer is a web page, titled or not. An API may label JSON as HTML, and send XML. */
export function isWebPage(response: WireResponse): boolean {
  return isPage(beginningOf(response, cutOnly), mediaType(response));
}

/** Tells whether an answer comes from an API, whatever it says. */
export function isJson({ body }: WireResponse): boolean {
  return /^\s*[{[]/.test(body.toString('latin1', 0, 64));
}

/** How servers that pass requests on name themselves. */
const GATEWAY_SERVERS =
  /^(?:nginx|openresty|envoy|istio-envoy|haproxy|awselb|cloudflare|varnish|traefik|cloudfront|bigip)\b/i;

/** Tells whether a gateway says of itself that it cannot pass a request on: its own page, or its name and no answer of an API. */
export function isOfGateway(response: WireResponse): boolean {
  const { status, headers, body } = response;
  if (![502, 503, 504].includes(status) && (status < 520 || status > 530)) return false;
  if (isWebPage(response)) return true;
  return GATEWAY_SERVERS.test(String(headers['server'] ?? '')) && !/^\s*[{[<]/.test(body.toString('latin1', 0, 64));
}

/** Quotes what an answer says as one more sentence of a message; empty when it says nothing. */
export function quoteReason(response: WireResponse, scrub: Scrub): string {
  const reason = reasonIn(response, scrub);
  return reason === undefined ? '' : ` It says: “${reason.text}”.`;
}

/** Quotes what an answer says where its signature should be: not a single word, which could be the signature. */
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
  // Some services guard JSON against being run as a script.
  const [, json = text] = /^\)\]\}',?\s*(.*)$/s.exec(text) ?? [];
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const FRAGMENT =
  /["'](?:message|msg|errmsg|error_?message|error|error_?description|detail|title|reason)["']\s*:\s*(?:"((?:[^"\\]|\\.){1,1000})"|'((?:[^'\\]|\\.){1,1000})')/i;

/** Returns the first words in JSON that is cut off, that follows other JSON, or that a program wrote with single quotes. */
function wordsInFragment(text: string): string {
  const [, double, single = ''] = FRAGMENT.exec(text) ?? [];
  return (double ?? single).replace(/\\(["'/\\])/g, '$1');
}
