import type { Place } from './gap-context.ts';
import { wrongMultipart } from './multipart.ts';
import { checkPlaceholders } from './placement.ts';
import {
  CONTENT,
  fillTemplate,
  PLACEHOLDERS,
  type Placeholder,
  parseTemplate,
  placeholdersOf,
  type Template,
} from './template.ts';

/** Methods that a message may use. */
const METHODS = ['POST', 'PUT', 'PATCH', 'GET'] as const;

/** A checked request with placeholders; for any file, filling it results in one HTTP request. */
export interface HttpMessage {
  readonly method: (typeof METHODS)[number];
  /** Path and query, which start with `/`. */
  readonly target: Template;
  readonly headers: readonly (readonly [name: string, value: Template])[];
  readonly body: Template;
  /** How values in the body are escaped. */
  readonly bodyPlace: Extract<Place, 'json' | 'form' | 'xml' | 'text'>;
  /** The only placeholder for the signed content. */
  readonly content: Placeholder;
  readonly uses: ReadonlySet<Placeholder>;
}

/** Headers of the connection, or computed from the body. */
const RESERVED =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;
const HEADER = /^([!#$%&'*+.^`|~\w-]+):[ \t]*(.*?)[ \t]*$/;
/** Matches a literal credential in the place of `{token}`. */
const LITERAL_CREDENTIAL = /\b(?:bearer|basic)\s+(?!\{token\})\S/i;

/** Parses an HTTP message; the last line end belongs to the YAML. Returns the message, or sentences about problems. */
export function parseMessage(text: string): HttpMessage | readonly string[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/^\n+/, '').replace(/\n$/, '');
  // A line that looks empty may contain invisible blanks.
  const [gap = ''] = /\n[ \t]*\n/.exec(lines) ?? [];
  const head = gap === '' ? lines : lines.slice(0, lines.indexOf(gap));
  const bodyText = gap === '' ? '' : lines.slice(head.length + gap.length);
  const [requestLine = '', ...headerLines] = head.trimEnd().split('\n');
  const problems: string[] = [];
  const { method, target } = readRequestLine(requestLine, problems);
  // Without an empty line the body would be taken for headers; a message with the content in its path may have no body.
  if (gap === '' && method !== 'GET' && !placeholdersOf(target).some((each) => CONTENT.has(each)))
    return problems.length > 0 ? problems : ['has no empty line between its headers and its body'];
  if (bodyText !== '' && method === 'GET') problems.push('has a body, which a GET request cannot have');
  const headers = readHeaders(headerLines, problems);
  const type = contentType(headers, problems);
  const bodyPlace = placeOf(type, bodyText);
  const body = readBody(bodyText, { type, place: bodyPlace }, problems);
  if (type === undefined && (bodyPlace === 'json' || bodyPlace === 'xml'))
    headers.push(['Content-Type', [`application/${bodyPlace}`]]);
  const content = checkPlaceholders({ target, headers, body, bodyPlace }, problems);
  if (content === undefined || problems.length > 0) return problems;
  const uses = new Set([target, ...headers.map(([, value]) => value), body].flatMap(placeholdersOf));
  return { method, target, headers, body, bodyPlace, content, uses };
}

function readTemplate(text: string, place: Place, problems: string[]): Template {
  const { template, unknown, doubled } = parseTemplate(text, place);
  for (const each of unknown)
    problems.push(
      `holds ${each}, which is no placeholder; placeholders are ${PLACEHOLDERS.map((one) => `{${one}}`).join(', ')}`,
    );
  for (const each of doubled) problems.push(`holds {${each}}; write ${each}, with one pair of braces`);
  return template;
}

function readRequestLine(line: string, problems: string[]): Pick<HttpMessage, 'method' | 'target'> {
  const [word = '', path = '', version = '', ...more] = line.trimEnd().split(' ');
  const method = METHODS.find((each) => each === word);
  const problem = wrongRequestLine(method !== undefined, path, version, more.length > 0);
  if (problem !== undefined) problems.push(problem);
  if (!path.startsWith('/')) return { method: method ?? 'POST', target: [] };
  const target = readTemplate(path, 'target', problems);
  if (!isSentAsWritten(fillTemplate(target, 'target', () => 'x')))
    problems.push('must have a percent-encoded path in its shortest form, without a fragment or “..”');
  return { method: method ?? 'POST', target };
}

const BASE = 'https://invalid.invalid';

/** Tells whether all clients and servers leave a filled path and query unchanged. */
export function isSentAsWritten(target: string): boolean {
  const url = URL.canParse(target, BASE) ? new URL(target, BASE) : undefined;
  return url?.origin === BASE && url.pathname + url.search === target;
}

function wrongRequestLine(isMethod: boolean, path: string, version: string, hasMore: boolean): string | undefined {
  if (isMethod && /^https?:\/\//i.test(path))
    return 'has a whole URL in its request line; write the path alone, because the host is that of server-url';
  const isRequest = isMethod && path.startsWith('/');
  if (isRequest && hasMore)
    return 'has more than method and path in its first line; in YAML write “request: |”, which keeps the lines apart';
  if (isRequest && /^HTTP\/(?!1\.1$)/.test(version))
    return 'names another version than HTTP/1.1 in its request line; leave the version out';
  if (isRequest && /^(?:HTTP\/1\.1)?$/.test(version)) return undefined;
  return `must begin with a request line such as “POST /sign”; methods are ${METHODS.join(', ')}`;
}

function readHeaders(lines: readonly string[], problems: string[]): [string, Template][] {
  const headers: [string, Template][] = [];
  for (const [at, line] of lines.entries()) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? [];
    if (name === '') problems.push(`has no header in line ${at + 2}: each must look like “Name: value”`);
    else if (RESERVED.test(name)) problems.push(`sets the header ${name}, which the action sets itself`);
    else if (headers.some(([other]) => other.toLowerCase() === name.toLowerCase()))
      problems.push(`sets the header ${name} twice`);
    else if (!/^[\t\x20-\x7E]*$/.test(value)) problems.push(`has characters beyond ASCII in the header ${name}`);
    else if (LITERAL_CREDENTIAL.test(value))
      problems.push(
        `holds a credential in the header ${name}; store it as a secret, pass it as token, and write {token} here`,
      );
    else headers.push([name, readTemplate(value, 'header', problems)]);
  }
  return headers;
}

/** Returns the content type in lower case; it must not depend on a file, because it decides how values are escaped. */
function contentType(headers: HttpMessage['headers'], problems: string[]): string | undefined {
  const type = headers.find(([name]) => /^content-type$/i.test(name))?.[1];
  if (type && placeholdersOf(type).length > 0) problems.push('holds a placeholder in Content-Type; write the type out');
  return type && fillTemplate(type, 'header', () => 'x');
}

/** Reads the body; the lines of a multipart body must end in CR and LF, which YAML cannot express. */
function readBody(
  text: string,
  { type, place }: { readonly type: string | undefined; readonly place: Place },
  problems: string[],
): Template {
  if (!/^multipart\//i.test(type ?? '')) return readTemplate(text, place, problems);
  const problem = wrongMultipart(type ?? '', text);
  if (problem !== undefined) problems.push(problem);
  return readTemplate(text.replaceAll('\n', '\r\n'), place, problems);
}

function placeOf(type: string | undefined, body: string): HttpMessage['bodyPlace'] {
  if (type === undefined) return /^\s*[[{]\s*["\]}[{]/.test(body) ? 'json' : /^\s*<[\w!?]/.test(body) ? 'xml' : 'text';
  if (/\bjson\b/i.test(type)) return 'json';
  if (/\bxml\b/i.test(type)) return 'xml';
  return /^application\/x-www-form-urlencoded/i.test(type) ? 'form' : 'text';
}
