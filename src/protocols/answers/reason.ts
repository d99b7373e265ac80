import { stripVTControlCharacters } from 'node:util';
import type { WireResponse } from '../../connection/exchange.ts';
import { join, MAX_ENTRIES, sentencesIn, wordsOf } from './members.ts';

/** Replaces secrets in foreign text and cuts the text after `maxLength` characters. */
export type Scrub = (text: string, maxLength?: number) => string;

/** The reason that an answer gives for a failure. */
export interface Reason {
  /** `page` is the title of an HTML page, `page-text` what a page without one shows, `words` what an API says. */
  readonly kind: 'page' | 'page-text' | 'words';
  /** One line of at most 200 characters, without secrets. */
  readonly text: string;
}

/** Most characters that a sentence quotes. */
const MAX_QUOTED = { page: 100, 'page-text': 100, words: 200 };
/** Further words are not looked at: the sentence quotes the first of them. */
const MAX_SCRUBBED = 4096;
/** Longer bodies explain nothing, and their reading would hold up other requests. */
const MAX_READ_BYTES = 64 * 1024;

/**
 * Reads the reason in the body of an answer; `undefined` when it gives none.
 *
 * Known forms: problem details (RFC 9457), OAuth errors, `{code, message}` and its relatives, a nested `error`, lists of
 * `errors`, the fields of a form, XML as object stores and SOAP services send it, HTML pages, and plain text.
 */
export function reasonIn({ status, headers, body }: WireResponse, scrub: Scrub = cutOnly): Reason | undefined {
  const type = String(headers['content-type'] ?? '').toLowerCase();
  const text = beginningOf(body, type, scrub);
  if (isPage(text, type)) {
    return (
      quoted('page', titleOf(text) ?? '', scrub) ?? quoted('page-text', visibleText(scrub(text, MAX_SCRUBBED)), scrub)
    );
  }
  if (/^\s*</.test(text)) return quoted('words', inXml(text), scrub);
  const value = type.includes('form-urlencoded') ? Object.fromEntries(new URLSearchParams(text)) : parse(text);
  if (value !== undefined) return quoted('words', wordsOf(value, status) || sentencesIn(value), scrub);
  return quoted('words', isPlainText(text, type) ? text : '', scrub);
}

/** Names a page by its title, or by what it shows: `titled “Sign in”`. */
export function namePage({ kind, text }: Reason): string {
  return `${kind === 'page' ? 'titled' : 'that says'} “${text}”`;
}

/** Tells whether the body of an answer is a web page, titled or not. An API may label JSON as HTML, and send XML. */
export function isWebPage({ headers, body }: WireResponse): boolean {
  const type = String(headers['content-type'] ?? '').toLowerCase();
  return isPage(decode(body.subarray(0, MAX_READ_BYTES), type), type);
}

function isPage(text: string, type: string): boolean {
  if (!/^\s*</.test(text) || /[/+]xml/.test(type.replace('xhtml+xml', ''))) return false;
  return type.includes('html') || /<(?:html|head|body|title|h1)[\s>]/i.test(text.slice(0, 4096));
}

/** Cuts a text as {@link Scrub} does; for a client that has no secret. */
export function cutOnly(text: string, maxLength?: number): string {
  return text.slice(0, maxLength);
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

function decode(bytes: Buffer, type: string): string {
  const charset = /charset="?([\w.:-]{1,40})/.exec(type)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

/** Decodes a body; of a long one as much as is read, after its secrets are replaced, so that none is cut in two. */
function beginningOf(body: Buffer, type: string, scrub: Scrub): string {
  if (body.length <= MAX_READ_BYTES) return decode(body, type);
  return scrub(decode(body.subarray(0, 2 * MAX_READ_BYTES), type), MAX_READ_BYTES);
}

/** Returns the title of an HTML page, or its first heading; a title that says nothing gives way to the text below. */
function titleOf(text: string): string | undefined {
  const [title, ...others] = [
    /<title[^<>]{0,200}>([^<]+)/i,
    /<h[1-3][^<>]{0,200}>([^<]+)/i,
    /<pre[^<>]{0,200}>([^<]+)/i,
  ].map((pattern) => unescapeXml(pattern.exec(text)?.[1] ?? '').trim());
  return title && !/^error$/i.test(title) ? title : (others.find(Boolean) ?? title);
}

/** Returns what a page without title and headings shows. */
function visibleText(html: string): string {
  return unescapeXml(html.replace(/<!--.*?-->|<(script|style)\b.*?(?:<\/\1>|$)|<[^>]*>?/gis, ' ')).trim();
}

const XML_WORDS =
  /<(?:\w+:)?(?:(?:Error_?)?Code|(?:Error_?|Status_?)?(?:Message|Msg|Text|Reason|Details?|Description|Info)|faultstring|title)\b[^<>]*>(?:<!\[CDATA\[([^\]]+)|([^<]+))/gi;

function inXml(text: string): string {
  const parts = [...text.matchAll(XML_WORDS)].map(([, data, words = '']) => data ?? unescapeXml(words));
  return join(
    parts
      .map((part) => part.trim())
      .filter(Boolean)
      .slice(0, MAX_ENTRIES),
  );
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => named[name] ?? '');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Broken JSON says nothing to a reader, and neither do bytes. */
function isPlainText(text: string, type: string): boolean {
  return !/[{[]/.test(text.trimStart().charAt(0)) && !type.includes('json') && !/[\uFFFD\0]/.test(text);
}
