/** Deeper members are details for programs. */
const MAX_DEPTH = 4;
/** Most entries of a list that are read: further ones repeat the first. */
export const MAX_ENTRIES = 3;

/** Names for the service's own code; all names are in lower case without separators. */
export const CODE_NAMES: readonly string[] =
  'code errorcode errcode errno resultcode returncode retcode ret statuscode type'.split(' ');
/** From the general to the particular. */
const WORDS = [
  'title error err status reason result',
  'message msg errmsg errormessage errormsg errordescription resultmsg returnmsg retmsg',
  'detail details description faultstring userinfo hint cause exception value text',
].flatMap((names) => names.split(' '));
const CONTAINERS =
  'error errors err fault exception detail details message status result response data meta head header problems messages violations'.split(
    ' ',
  );
/** Names that a service may make up for words, and for objects that hold them. */
const LIKE_WORDS =
  /(?:msg|message|desc|description|info|details?|reason|cause|error|fehler|meldung|(?:err|error|status|reason)text)$/;
const LIKE_CONTAINER = /(?:status|result|response|info|details?|errors?|exception|message)$/;
/** Objects whose members are words for a reader, whatever their names are. */
const NAMED_BY_FIELD = ['errors', 'violations', 'problems', 'message', 'messages', 'detail', 'details'];

/** Returns the members of an object by their names in lower case without separators. */
export function membersOf(value: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase().replace(/[_.-]/g, ''), member]));
}

/** Joins the code and the words of a parsed answer. */
export function wordsOf(value: unknown, status: number, depth = 0): string {
  if (typeof value === 'string') return value;
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) {
    return join(value.slice(0, MAX_ENTRIES).map((entry: unknown) => wordsOf(entry, status, depth + 1)));
  }
  const members = membersOf(value);
  const code = CODE_NAMES.map((name) => codeText(members.get(name), status)).find((text) => text !== '') ?? '';
  const own = knownFirst(members, WORDS, LIKE_WORDS)
    .map((name) => members.get(name))
    .filter((member): member is string => typeof member === 'string' && !/^\d*$/.test(member));
  const nested = knownFirst(members, CONTAINERS, LIKE_CONTAINER)
    .map((name) => [name, members.get(name)] as const)
    .filter(([, member]) => typeof member === 'object')
    .map(([name, member]) => fieldsOf(member) || wordsOf(member, status, depth + 1) || textsOf(name, member));
  const words = join([...own, ...nested]) || (depth === 0 ? sentencesIn(value) : '');
  return words.startsWith(code) ? words : [code, words].filter(Boolean).join(': ');
}

/** Lists known names in their order, then others that look like them. */
function knownFirst(members: ReadonlyMap<string, unknown>, known: readonly string[], like: RegExp): readonly string[] {
  return [...known, ...[...members.keys()].filter((name) => like.test(name) && !known.includes(name))];
}

/** More characters of a text are not shown anyway. */
const MAX_SENTENCE = 1000;

/** Joins the texts of an answer that read like sentences, under whatever names: a signature or a token has no blanks. */
export function sentencesIn(value: unknown, depth = 0): string {
  if (typeof value === 'string') {
    const found = value.slice(0, MAX_SENTENCE).split(/\s+/);
    return found.filter((word) => /\p{L}{2}/u.test(word)).length > 1 ? value : '';
  }
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return '';
  const texts = Object.values(value).map((member: unknown) => sentencesIn(member, depth + 1));
  return join(texts.filter(Boolean).slice(0, MAX_ENTRIES));
}

/** Returns a code of the service's own; the status is told anyway, and an address is no code. */
function codeText(value: unknown, status: number): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const text = String(value).trim();
  return text === String(status) || /^0+$/.test(text) || text.length > 100 || /^(about:|https?:|$)/.test(text)
    ? ''
    : text;
}

/** Reads errors that are listed by field: `{"data": ["is too long"]}`. */
function fieldsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const lists = Object.entries(value).filter(([, member]) => Array.isArray(member));
  return join(lists.slice(0, MAX_ENTRIES).map(([field, list]) => prefixed(field, wordsOf(list, 0, MAX_DEPTH))));
}

/** Reads errors that are one text for each field, `{"data": "is too long"}`, or one for each language. */
function textsOf(name: string, value: unknown): string {
  if (!NAMED_BY_FIELD.includes(name) || typeof value !== 'object' || value === null) return '';
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (name.startsWith('message')) return texts[0]?.[1] ?? '';
  return join(texts.slice(0, MAX_ENTRIES).map(([field, text]) => prefixed(field, text)));
}

function prefixed(field: string, words: string): string {
  return words === '' ? '' : `${field} ${words}`;
}

/** Each part is compared with all before it, and more of them do not fit into a sentence. */
const MAX_PARTS = 32;

/** Joins what is said, each thing once. */
export function join(parts: readonly string[]): string {
  const said: string[] = [];
  for (const part of parts.slice(0, MAX_PARTS).map(withoutEnd)) {
    if (said.some((other) => other.includes(part))) continue;
    said.push(...part.split(': ').filter((piece) => piece !== '' && !said.includes(piece)));
  }
  return said.join(': ');
}

/** Returns a text without blanks around it and full stops at its end; a regular expression would look at many stops again from each one. */
function withoutEnd(text: string): string {
  const trimmed = text.trim();
  let end = trimmed.length;
  while (/[.\s]/.test(trimmed.charAt(end - 1))) end--;
  return trimmed.slice(0, end);
}
