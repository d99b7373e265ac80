import type { Template } from './template.ts';

/** Longest boundary in bytes (RFC 2046). */
const MAX_BOUNDARY = 70;
/** Random characters that the action adds to a boundary: of 36 letters, one file in 10^31 has them by chance. */
const OWN_CHARACTERS = 20;
const BOUNDARY = /(?<=;[ \t]*boundary=("?))[^"\s;]+(?=\1(?:;|$))/i;

/** The parts of a message that may contain a boundary. */
interface Parts {
  readonly headers: readonly (readonly [name: string, value: Template])[];
  readonly body: Template;
}

/** Describes what is wrong with a multipart body, as a text after the name of the input; `undefined` when it is valid. */
export function wrongMultipart(contentType: string, body: string): string | undefined {
  const [boundary] = BOUNDARY.exec(contentType) ?? [];
  if (boundary === undefined)
    return 'has a multipart body, but no boundary in Content-Type; write “multipart/form-data; boundary=part”';
  if (boundary.length > MAX_BOUNDARY - OWN_CHARACTERS)
    return `has a boundary of ${boundary.length} characters, more than ${MAX_BOUNDARY - OWN_CHARACTERS}`;
  if (!body.startsWith(`--${boundary}\n`)) return `has a multipart body that does not begin with --${boundary}`;
  if (!body.trimEnd().endsWith(`\n--${boundary}--`))
    return `has a multipart body that does not end with --${boundary}--`;
  return undefined;
}

/**
 * Returns the message with a random addition to its boundary, if it has one: a file must not contain the line that ends
 * its part, and nobody can predict what is drawn at the start of the run.
 */
export function withOwnBoundary<Message extends Parts>(
  message: Message,
  randomInt: (bound: number) => number,
): Message {
  const [type] = message.headers.find(([name, value]) => isMultipart(name, value))?.[1] ?? [];
  const [boundary] = (typeof type === 'string' && BOUNDARY.exec(type)) || [];
  if (boundary === undefined) return message;
  const own = boundary + Array.from({ length: OWN_CHARACTERS }, () => randomInt(36).toString(36)).join('');
  return {
    ...message,
    headers: message.headers.map(([name, value]) =>
      isMultipart(name, value) ? [name, value.map((part) => replaceIn(part, BOUNDARY, own))] : [name, value],
    ),
    body: message.body.map((part, at) => replaceIn(part, delimiter(boundary, at), own)),
  };
}

function isMultipart(name: string, [value]: Template): boolean {
  return /^content-type$/i.test(name) && typeof value === 'string' && /^multipart\//i.test(value);
}

/** Matches the boundary in the lines that divide a body; only its first piece may start with such a line. */
function delimiter(boundary: string, at: number): RegExp {
  const escaped = boundary.replace(/[^\w]/g, '\\$&');
  return new RegExp(`(?<=${at === 0 ? '^--|' : ''}\\r\\n--)${escaped}(?=(?:--)?[ \\t]*(?:\\r\\n|$))`, 'g');
}

function replaceIn(part: Template[number], pattern: RegExp, by: string): Template[number] {
  return typeof part === 'string' ? part.replace(pattern, () => by) : part;
}
