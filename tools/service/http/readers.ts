import { isDeepStrictEqual } from 'node:util';
import { show } from '../../../src/files/names.ts';
import type { HttpMessage } from '../../../src/protocols/http/message.ts';
import type { Gap, Placeholder, Template } from '../../../src/protocols/http/template.ts';
import { Mistake } from '../mistake.ts';

/** A value in a request in the place of a placeholder; bytes for raw content in a body. */
export interface Found {
  readonly placeholder: Placeholder;
  readonly value: string | Buffer;
}

/** Longest quote of a request, in characters. */
const MAX_SHOWN = 120;

/** Quotes a part of a request, escaped and shortened. */
export function quote(text: string): string {
  return `“${show(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)}”`;
}

/** Formats a template as its author wrote it. */
export function written(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : `{${part.placeholder}}`)).join('');
}

/** How a value may be written in a place, and how to decode it. */
interface Spelling {
  readonly pattern: (gap: Gap) => string;
  readonly read: (text: string, gap: Gap) => string;
}

const PERCENT_ENCODED: Spelling = { pattern: () => '[\\w.~%-]*', read: (text) => decodeURIComponent(text) };
const IN_HEADER: Spelling = { pattern: ({ within }) => (within === 'quotes' ? '[^"]*' : '.*?'), read: (text) => text };
const IN_XML: Spelling = {
  pattern: () => '[^<>"\']*',
  read(text) {
    const read = text.replace(/&#(\d+);/g, (_, code) => (code === '38' ? '\0' : String.fromCodePoint(Number(code))));
    if (read.includes('&')) throw new Mistake(`The body has “&” in ${quote(text)}, which is no XML.`);
    return read.replaceAll('\0', '&');
  },
};

/** Finds the values in a text; `undefined` when the text does not match the template. */
function capture(template: Template, text: string, { pattern, read }: Spelling): readonly Found[] | undefined {
  const gaps = template.flatMap((part) => (typeof part === 'string' ? [] : [part]));
  const source = template
    .map((part) => (typeof part === 'string' ? part.replace(/[^\w ]/g, '\\$&') : `(${pattern(part)})`))
    .join('');
  const match = new RegExp(`^${source}$`, 's').exec(text);
  if (match === null) return undefined;
  return gaps.map((gap, at) => ({ placeholder: gap.placeholder, value: read(match[at + 1] ?? '', gap) }));
}

/** Reads path and query. */
export function readTarget(target: Template, text: string): readonly Found[] {
  const found = capture(target, text, PERCENT_ENCODED);
  if (found) return found;
  throw new Mistake(`The request line has ${quote(text)}, but the message says ${quote(written(target))}.`);
}

/** Reads the headers of the message; `raw` has alternating names and values. */
export function readHeaders(headers: HttpMessage['headers'], raw: readonly string[]): readonly Found[] {
  return headers.flatMap(([name, template]) => {
    const values = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name.toLowerCase());
    const [value] = values;
    if (value === undefined) throw new Mistake(`The header ${name} is missing.`);
    if (values.length > 1) throw new Mistake(`The header ${name} is there ${values.length} times.`);
    const found = capture(template, value, IN_HEADER);
    if (found) return found;
    // Any value in the place of a secret may be a secret.
    const isSecret = written(template).includes('{token}');
    const has = isSecret ? 'does not look as the message says' : `is ${quote(value)}, but the message says`;
    throw new Mistake(`The header ${name} ${has}${isSecret ? ':' : ''} ${quote(written(template))}.`);
  });
}

/** Reads the body according to its format. */
export function readBody({ body, bodyPlace }: HttpMessage, bytes: Buffer): readonly Found[] {
  switch (bodyPlace) {
    case 'json':
      return readJson(body, decodeUtf8(bytes));
    case 'form':
      return readForm(body, decodeUtf8(bytes));
    case 'xml':
      return capture(body, decodeUtf8(bytes), IN_XML) ?? otherBody(body);
    case 'text':
      return readText(body, bytes);
  }
}

function otherBody(body: Template): never {
  throw new Mistake(`The body does not look as the message says: ${quote(written(body))}.`);
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Mistake(`The ${bytes.length} bytes of the body are no text.`);
  }
}

/** Reads the body as Latin-1, so that raw content may be part of the text. */
function readText(body: Template, bytes: Buffer): readonly Found[] {
  const text = body.map((part) => (typeof part === 'string' ? Buffer.from(part).toString('latin1') : part));
  const pattern = ({ placeholder, within }: Gap): string =>
    placeholder === 'digest' || placeholder === 'file' ? '.*' : within === 'quotes' ? '[^"\\r\\n]*' : '[^\\r\\n]*?';
  const found = capture(text, bytes.toString('latin1'), { pattern, read: (value) => value }) ?? otherBody(body);
  return found.map(({ placeholder, value }) => {
    const raw = Buffer.from(String(value), 'latin1');
    return { placeholder, value: placeholder === 'digest' || placeholder === 'file' ? raw : raw.toString() };
  });
}

function readForm(body: Template, text: string): readonly Found[] {
  const wanted = [...new URLSearchParams(marked(body))];
  const given = [...new URLSearchParams(text)];
  if (wanted.length !== given.length) otherBody(body);
  return wanted.flatMap((pair, at) => pair.flatMap((each, side) => readMarked(body, each, given[at]?.[side] ?? '')));
}

function readJson(body: Template, text: string): readonly Found[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new Mistake(`The body is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return compareJson(body, { wanted: JSON.parse(marked(body)), given, at: '' });
}

interface Pair {
  readonly wanted: unknown;
  readonly given: unknown;
  /** Path of the values, as a JSON pointer. */
  readonly at: string;
}

function compareJson(body: Template, { wanted, given, at }: Pair): readonly Found[] {
  const where = at === '' ? 'the body' : at;
  if (typeof wanted === 'string' && typeof given === 'string') return readMarked(body, wanted, given, ` at ${where}`);
  if (!isObject(wanted) || !isObject(given) || Array.isArray(wanted) !== Array.isArray(given)) {
    if (isDeepStrictEqual(wanted, given)) return [];
    throw new Mistake(`The body has another value at ${where} than the message.`);
  }
  const [names, others] = [Object.keys(wanted), Object.keys(given)];
  if (names.length !== others.length)
    throw new Mistake(`The body has ${others.length} members at ${where}, but the message has ${names.length}.`);
  return names.flatMap((name, index) => {
    const other = Object.hasOwn(given, name) ? name : (others[index] ?? '');
    const found = readMarked(body, name, other, ` as the name of a member of ${where}`);
    const pair = { wanted: Reflect.get(wanted, name), given: Reflect.get(given, other), at: `${at}/${other}` };
    return [...found, ...compareJson(body, pair)];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Fills a template with marks that occur in no text, with the index of each placeholder. */
function marked(body: Template): string {
  return body.map((part, at) => (typeof part === 'string' ? part : `\uE000${at}\uE001`)).join('');
}

/** Compares a text with one that contains marks. */
function readMarked(body: Template, wanted: string, given: string, where = ''): readonly Found[] {
  const template = wanted.split(/(\uE000\d+\uE001)/).flatMap((part): Template => {
    const [, at] = /^\uE000(\d+)\uE001$/.exec(part) ?? [];
    const gap = at === undefined ? part : body[Number(at)];
    return gap === undefined || gap === '' ? [] : [gap];
  });
  const inner = template.some((part) => typeof part !== 'string' && part.strings > 1);
  const read = (text: string, { strings }: Gap): string => (strings > 1 ? unescapeJson(text, strings - 1) : text);
  const pattern = (): string => (inner ? '(?:[^"\\\\]|\\\\.)*' : '.*');
  const found = capture(template, given, { pattern, read });
  if (found) return found;
  throw new Mistake(`The body has ${quote(given)}${where}, but the message says ${quote(written(template))}.`);
}

/** Decodes a text that was escaped several times as a JSON string. */
function unescapeJson(text: string, times: number): string {
  const once = String(JSON.parse(`"${text}"`));
  return times > 1 ? unescapeJson(once, times - 1) : once;
}
