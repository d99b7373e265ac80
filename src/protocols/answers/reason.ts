import type { WireResponse } from '../../connection/exchange.ts';

/** Replaces secrets in foreign text and cuts the text after `maxLength` characters. */
export type Scrub = (text: string, maxLength?: number) => string;

/** The reason that an answer gives for a failure. */
export interface Reason {
  /** `page` is the title of an HTML page, `words` is what an API says. */
  readonly kind: 'page' | 'words';
  /** One line of at most 200 characters, without secrets. */
  readonly text: string;
}

/** Most characters that a sentence quotes. */
const MAX_QUOTED = { page: 100, words: 200 };
/** Longer bodies explain nothing, and their reading would hold up other requests. */
const MAX_READ_BYTES = 64 * 1024;
/** Deeper members are details for programs. */
const MAX_DEPTH = 4;
/** Further entries of a list of errors repeat the first ones. */
const MAX_ENTRIES = 3;

/**
 * Reads the reason in the body of an answer; `undefined` when it gives none.
 *
 * Known forms: problem details (RFC 9457), OAuth errors, `{code, message}` and its relatives, a nested `error`, lists of
 * `errors`, XML as object stores and SOAP services send it, HTML pages, and plain text.
 */
export function reasonIn({ status, headers, body }: WireResponse, scrub: Scrub = cutOnly): Reason | undefined {
  const type = String(headers['content-type'] ?? '').toLowerCase();
  const text = decode(body.subarray(0, MAX_READ_BYTES), type);
  if (isPage(text, type)) return quoted('page', titleOf(text) ?? '', scrub);
  if (/^\s*</.test(text)) return quoted('words', inXml(text), scrub);
  const value = parse(text);
  if (value !== undefined) return quoted('words', wordsOf(value, status), scrub);
  return quoted('words', isPlainText(text, type) ? text : '', scrub);
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
  const line = scrub(words)
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

/** Returns the title of an HTML page, or its first heading. */
function titleOf(text: string): string | undefined {
  const head = text.slice(0, 4096);
  const title = /<title[^>]*>([^<]{1,1000})/i.exec(head)?.[1] ?? /<h1[^>]*>([^<]{1,1000})/i.exec(head)?.[1];
  return title === undefined ? undefined : unescapeXml(title);
}

const XML_WORDS = /<(?:\w+:)?(Code|ErrorCode|Message|faultstring|Text|Reason|detail|title)\b[^<>]*>([^<]{1,1000})</gi;

function inXml(text: string): string {
  const parts = [...text.slice(0, MAX_READ_BYTES).matchAll(XML_WORDS)].map(([, , words = '']) => unescapeXml(words));
  return join(parts.slice(0, MAX_ENTRIES));
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

const CODES = ['code', 'errorcode', 'errcode', 'errno', 'resultcode', 'returncode', 'statuscode', 'type'];
/** From the general to the particular. */
const WORDS = [
  ['title', 'error', 'err', 'status', 'reason', 'result'],
  ['message', 'msg', 'errmsg', 'errormessage', 'errormsg', 'errordescription', 'resultmsg', 'returnmsg', 'retmsg'],
  ['detail', 'details', 'description', 'faultstring', 'userinfo', 'hint', 'cause', 'exception', 'value', 'text'],
].flat();
const CONTAINERS = [
  'error',
  'errors',
  'err',
  'fault',
  'exception',
  'detail',
  'details',
  'message',
  'status',
  'result',
  'response',
  'data',
  'meta',
  'head',
  'header',
  'problems',
  'messages',
  'violations',
];

/** Joins the code and the words of a parsed answer. */
function wordsOf(value: unknown, status: number, depth = 0): string {
  if (typeof value === 'string') return value;
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) {
    return join(value.slice(0, MAX_ENTRIES).map((entry: unknown) => wordsOf(entry, status, depth + 1)));
  }
  const members = new Map(
    Object.entries(value).map(([name, member]) => [name.toLowerCase().replace(/[_.-]/g, ''), member]),
  );
  const code = CODES.map((name) => codeText(members.get(name), status)).find((text) => text !== '') ?? '';
  const own = WORDS.map((name) => members.get(name)).filter(
    (member) => typeof member === 'string' && !/^\d*$/.test(member),
  );
  const nested = CONTAINERS.map((name) => members.get(name))
    .filter((member) => typeof member === 'object')
    .map((member) => fieldsOf(member) || wordsOf(member, status, depth + 1));
  const words = join([...own, ...nested]);
  return words.startsWith(code) ? words : [code, words].filter(Boolean).join(' ');
}

/** Returns a code of the service's own; the status is told anyway, and an address is no code. */
function codeText(value: unknown, status: number): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const text = String(value).trim();
  return text === String(status) || text.length > 100 || /^(about:|https?:|$)/.test(text) ? '' : text;
}

/** Reads errors that are listed by field: `{"data": ["is too long"]}`. */
function fieldsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const lists = Object.entries(value).filter(([, member]) => Array.isArray(member));
  return join(lists.slice(0, MAX_ENTRIES).map(([field, list]) => prefixed(field, wordsOf(list, 0, MAX_DEPTH))));
}

function prefixed(field: string, words: string): string {
  return words === '' ? '' : `${field} ${words}`;
}

/** Joins what is said, each thing once. */
function join(parts: readonly string[]): string {
  const said: string[] = [];
  for (const part of parts.map((each) => each.trim().replace(/[.\s]+$/, ''))) {
    if (part !== '' && !said.some((other) => other.includes(part))) said.push(part);
  }
  return said.join(': ');
}
