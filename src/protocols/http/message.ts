import {
  CONTENT,
  fillTemplate,
  PLACEHOLDERS,
  type Place,
  type Placeholder,
  parseTemplate,
  placeholdersOf,
  type Template,
} from './template.ts';

/** Methods that a message may use. */
const METHODS = ['POST', 'PUT', 'PATCH', 'GET'] as const;

/** A request with placeholders, checked: whatever files it is filled for, the result is one HTTP request. */
export interface HttpMessage {
  readonly method: (typeof METHODS)[number];
  /** Path and query, which begin with `/`. */
  readonly target: Template;
  readonly headers: readonly (readonly [name: string, value: Template])[];
  readonly body: Template;
  /** How values in the body are escaped. */
  readonly bodyPlace: Extract<Place, 'json' | 'form' | 'xml' | 'text'>;
  /** The one placeholder for what is signed. */
  readonly content: Placeholder;
  readonly uses: ReadonlySet<Placeholder>;
}

/** Headers that belong to the connection or are computed from the body. */
const RESERVED =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;
const HEADER = /^([!#$%&'*+.^`|~\w-]+):[ \t]*(.*?)[ \t]*$/;
/** A credential that is written out where `{token}` belongs. */
const LITERAL_CREDENTIAL = /\b(?:bearer|basic)\s+(?!\{token\})\S/i;

/**
 * Reads a request that is written as an HTTP message: request line, headers, an empty line, body.
 *
 * The line end after the last line of the body belongs to the YAML around it and is dropped.
 * @returns the message, or sentences about everything wrong with it, each to be put after the name of the input
 */
export function parseMessage(text: string): HttpMessage | readonly string[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/^\n+/, '').replace(/\n$/, '');
  // Nobody sees the blanks of a line that looks empty.
  const [gap = ''] = /\n[ \t]*\n/.exec(lines) ?? [];
  const head = gap === '' ? lines : lines.slice(0, lines.indexOf(gap));
  const bodyText = gap === '' ? '' : lines.slice(head.length + gap.length);
  const [requestLine = '', ...headerLines] = head.trimEnd().split('\n');
  const problems: string[] = [];
  const { method, target } = readRequestLine(requestLine, problems);
  // Without it the body would be taken for headers; a message whose path holds the content may have no body.
  if (gap === '' && method !== 'GET' && !placeholdersOf(target).some((each) => CONTENT.has(each)))
    return problems.length > 0 ? problems : ['has no empty line between its headers and its body'];
  if (bodyText !== '' && method === 'GET') problems.push('has a body, which a GET request cannot have');
  const headers = readHeaders(headerLines, problems);
  const bodyPlace = placeOf(headers, bodyText);
  const body = readTemplate(isMultipart(headers) ? bodyText.replaceAll('\n', '\r\n') : bodyText, problems);
  if (bodyPlace === 'json' && contentType(headers) === undefined) headers.push(['Content-Type', ['application/json']]);
  const content = checkPlaceholders({ target, headers, body, bodyPlace }, problems);
  if (content === undefined || problems.length > 0) return problems;
  const uses = new Set([target, ...headers.map(([, value]) => value), body].flatMap(placeholdersOf));
  return { method, target, headers, body, bodyPlace, content, uses };
}

function readTemplate(text: string, problems: string[]): Template {
  const { template, unknown, doubled } = parseTemplate(text);
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
  const problem = wrongRequestLine({ isMethod: method !== undefined, path, version, more });
  if (problem !== undefined) problems.push(problem);
  if (!path.startsWith('/')) return { method: method ?? 'POST', target: [] };
  const target = readTemplate(path, problems);
  const plain = fillTemplate(target, 'target', () => 'x');
  const url = URL.canParse(plain, BASE) ? new URL(plain, BASE) : undefined;
  if (url === undefined || url.origin !== BASE || url.pathname + url.search !== plain)
    problems.push('must have a percent-encoded path in its shortest form, without a fragment or “..”');
  return { method: method ?? 'POST', target };
}

const BASE = 'https://invalid.invalid';

interface RequestLine {
  readonly isMethod: boolean;
  readonly path: string;
  readonly version: string;
  readonly more: readonly string[];
}

function wrongRequestLine({ isMethod, path, version, more }: RequestLine): string | undefined {
  if (isMethod && /^https?:\/\//i.test(path))
    return 'has a whole URL in its request line; write the path alone, because the host is that of server-url';
  if (isMethod && path.startsWith('/') && more.length > 0)
    return 'has more than method and path in its first line; in YAML write “request: |”, which keeps the lines apart';
  if (isMethod && path.startsWith('/') && /^HTTP\/(?!1\.1$)/.test(version))
    return 'names another version than HTTP/1.1 in its request line; leave the version out';
  if (isMethod && path.startsWith('/') && /^(?:HTTP\/1\.1)?$/.test(version)) return undefined;
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
    else headers.push([name, readTemplate(value, problems)]);
  }
  return headers;
}

type Headers = readonly (readonly [string, Template])[];

function contentType(headers: Headers): string | undefined {
  const type = headers.find(([name]) => /^content-type$/i.test(name))?.[1];
  return type && fillTemplate(type, 'header', () => 'x').toLowerCase();
}

/** The lines of a multipart body must end in CR and LF, which YAML cannot hold. */
function isMultipart(headers: Headers): boolean {
  return contentType(headers)?.startsWith('multipart/') ?? false;
}

function placeOf(headers: Headers, body: string): HttpMessage['bodyPlace'] {
  const type = contentType(headers);
  if (type === undefined) return /^\s*[[{]\s*["\]}[{]/.test(body) ? 'json' : 'text';
  if (/\bjson\b/.test(type)) return 'json';
  if (/\bxml\b/.test(type)) return 'xml';
  return type.startsWith('application/x-www-form-urlencoded') ? 'form' : 'text';
}

type Parts = Pick<HttpMessage, 'target' | 'headers' | 'body' | 'bodyPlace'>;

/** Checks what stands where; returns the one content placeholder. */
function checkPlaceholders({ target, headers, body, bodyPlace }: Parts, problems: string[]): Placeholder | undefined {
  const inHead = [target, ...headers.map(([, value]) => value)].flatMap(placeholdersOf);
  const inBody = placeholdersOf(body);
  const contents = [...inHead, ...inBody].filter((each) => CONTENT.has(each));
  // A placeholder that is mistyped is told already, and stands for the one that is missing.
  if (contents.length > 1 || (contents.length === 0 && !problems.some((each) => each.includes('no placeholder'))))
    problems.push(
      `must hold exactly one of {digest}, {digest:hex}, {digest:base64}, {file} and {file:base64}, but holds ${contents.length}`,
    );
  if (placeholdersOf(target).includes('token'))
    problems.push(
      'holds {token} in its request line, which servers and proxies write to their logs; put {token} into a header',
    );
  const inText = bodyPlace === 'text' ? inHead : [...inHead, ...inBody];
  const misplaced = misplacedContent(inText, bodyPlace === 'form' ? inBody : []);
  if (misplaced !== undefined) problems.push(misplaced);
  if (headers.some(([, value]) => placeholdersOf(value).some((each) => each.startsWith('file'))))
    problems.push('holds the file in a header, which is too small for a file');
  const broken = bodyPlace === 'json' ? brokenJson(fillTemplate(body, 'text', fillOfSameLength)) : undefined;
  if (broken !== undefined)
    problems.push(
      `has a body that is not JSON${broken}; each placeholder must stand inside a string, as in {"hash":"{digest:hex}"}`,
    );
  return contents[0];
}

/** Says which content stands where it cannot be sent, in words that follow the name of the input. */
function misplacedContent(inText: readonly Placeholder[], inForm: readonly Placeholder[]): string | undefined {
  if (inText.includes('digest'))
    return 'holds {digest}, raw bytes, where only text can stand; write {digest:hex} or {digest:base64}';
  // The percent-encoding of a file's base64 would have to be known before the file is read.
  if (inForm.includes('file') || inForm.includes('file:base64'))
    return 'holds the file in a form, which the action cannot send; write {digest:hex} or {digest:base64}';
  if (inText.includes('file')) return 'holds {file}, raw bytes, where only text can stand; write {file:base64}';
  return undefined;
}

function fillOfSameLength(placeholder: Placeholder): string {
  return 'x'.repeat(`{${placeholder}}`.length);
}

/** Says where a text stops to be JSON, in words that follow a noun; `undefined` when it is JSON. The text itself is not shown. */
function brokenJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(error)) ?? [];
    return line === undefined ? '' : ` from character ${column} of its line ${line} on`;
  }
}
