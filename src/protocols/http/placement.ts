import { CONTENT, fillTemplate, type Placeholder, placeholdersOf, type Template } from './template.ts';

type Headers = readonly (readonly [name: string, value: Template])[];

/** The parts of a message that may contain placeholders. */
interface Parts {
  readonly target: Template;
  readonly headers: Headers;
  readonly body: Template;
  readonly bodyPlace: 'json' | 'form' | 'xml' | 'text';
}

/** Checks the places of all placeholders; returns the only content placeholder. */
export function checkPlaceholders(parts: Parts, problems: string[]): Placeholder | undefined {
  const { target, headers, body, bodyPlace } = parts;
  const inHead = [target, ...headers.map(([, value]) => value)].flatMap(placeholdersOf);
  const inBody = placeholdersOf(body);
  const contents = [...inHead, ...inBody].filter((each) => CONTENT.has(each));
  // A mistyped placeholder is already reported, and is probably the missing one.
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
  const wrong = nameOfParameter(target) ?? wrongBody(bodyPlace, body);
  if (wrong !== undefined) problems.push(wrong);
  return contents[0];
}

function wrongBody(place: Parts['bodyPlace'], body: Template): string | undefined {
  switch (place) {
    case 'json':
      return wrongJson(body);
    case 'xml':
      return wrongXml(body);
    case 'form':
      return nameOfParameter(body);
    case 'text':
      return undefined;
  }
}

/** Describes content in a place where it cannot be sent, as a text after the name of the input. */
function misplacedContent(inText: readonly Placeholder[], inForm: readonly Placeholder[]): string | undefined {
  if (inText.includes('digest'))
    return 'holds {digest}, raw bytes, where only text can stand; write {digest:hex} or {digest:base64}';
  // The length of a file's percent-encoded base64 is not known before the file is read.
  if (inForm.includes('file') || inForm.includes('file:base64'))
    return 'holds the file in a form, which the action cannot send; write {digest:hex} or {digest:base64}';
  if (inText.includes('file')) return 'holds {file}, raw bytes, where only text can stand; write {file:base64}';
  return undefined;
}

/** Describes where a form or query has the name of a file as the name of one of several parameters. */
function nameOfParameter(template: Template): string | undefined {
  const text = template.map((part) => (typeof part === 'string' ? part : `{${part.placeholder}}`)).join('');
  const parameters = text.slice(text.startsWith('/') ? text.indexOf('?') + 1 : 0).split('&');
  const isQuery = !text.startsWith('/') || text.includes('?');
  if (!isQuery || parameters.length < 2) return undefined;
  if (!parameters.some((parameter) => parameter.split('=')[0]?.includes('{name}'))) return undefined;
  return 'holds {name} as the name of a parameter beside others; a file could have the name of another parameter';
}

/** Describes why a body is not valid JSON, as a text after the name of the input; `undefined` when it is valid. */
function wrongJson(body: Template): string | undefined {
  const broken = whereBroken(fillTemplate(body, 'text', (placeholder) => 'x'.repeat(`{${placeholder}}`.length)));
  if (broken !== undefined)
    return `has a body that is not JSON${broken}; each placeholder must stand inside a string, as in {"hash":"{digest:hex}"}`;
  const marks = new Marks(body);
  const rivals = marks.visit(JSON.parse(marks.text));
  if (rivals) return 'holds {name} as the name of a member beside others; a file could have the name of another member';
  const [lost] = marks.unseen();
  if (lost !== undefined) return `has a member twice in its JSON, so that {${lost}} is lost`;
  return undefined;
}

/** Describes where a text stops being JSON, as a text after a noun, without showing it; `undefined` for valid JSON. */
function whereBroken(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(error)) ?? [];
    return line === undefined ? '' : ` from character ${column} of its line ${line} on`;
  }
}

/** A body whose placeholders are unique marks, for finding the place of each after parsing. */
class Marks {
  readonly text: string;
  readonly #byMark = new Map<string, Placeholder>();

  constructor(body: Template) {
    const parts = body.map((part, at) => {
      if (typeof part === 'string') return part;
      const mark = `\uE000${at}\uE001`;
      this.#byMark.set(mark, part.placeholder);
      return mark;
    });
    this.text = parts.join('');
  }

  /** Visits a value and its content; tells whether the name of a file is the name of one of several members. */
  visit(value: unknown): boolean {
    if (typeof value === 'string') this.#see(value);
    if (typeof value !== 'object' || value === null) return false;
    const members = Object.entries(value);
    const names = Array.isArray(value) ? [] : members.map(([name]) => this.#see(name));
    const isRival = members.length > 1 && names.some((found) => found.includes('name'));
    return members.map(([, each]) => this.visit(each)).some(Boolean) || isRival;
  }

  /** Lists the placeholders that were not found in any visited value. */
  unseen(): readonly Placeholder[] {
    return [...this.#byMark.values()];
  }

  #see(text: string): readonly Placeholder[] {
    return (text.match(/\uE000\d+\uE001/g) ?? []).flatMap((mark) => {
      const placeholder = this.#byMark.get(mark);
      this.#byMark.delete(mark);
      return placeholder ?? [];
    });
  }
}

/** Start and end of the parts of XML in which a value cannot be escaped. */
const XML_ENDS: readonly (readonly [begin: string, end: string])[] = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  // A document type without declarations ends here; a reference in a declaration would be resolved twice.
  ['<!', ']>'],
];
const PLAIN_DOCTYPE = /<![a-z][^[<>]*>/gi;

/** Describes a placeholder outside the texts and quoted attributes of XML, in which alone a value can be escaped. */
function wrongXml(body: Template): string | undefined {
  let inside: string | undefined;
  for (const part of body) {
    if (typeof part === 'string') inside = xmlAfter(part.replace(PLAIN_DOCTYPE, ''), inside);
    else if (inside !== undefined && inside !== '"' && inside !== "'")
      return `holds {${part.placeholder}} in a tag, a comment or another part of its XML that is neither text nor an attribute in quotes`;
  }
  return undefined;
}

/** Continues to read XML from inside a part; returns the end of the part that is open at the end, if any. */
function xmlAfter(text: string, inside: string | undefined): string | undefined {
  let [rest, end] = [text, inside];
  for (;;) {
    const at = end === '>' ? rest.search(/[>"']/) : rest.indexOf(end ?? '<');
    if (at < 0) return end;
    rest = rest.slice(at);
    if (end === undefined) {
      const [begin, closing] = XML_ENDS.find(([each]) => rest.startsWith(each)) ?? ['<', '>'];
      [rest, end] = [rest.slice(begin.length), closing];
    } else if (end === '>' && rest[0] !== '>') [rest, end] = [rest.slice(1), rest[0]];
    else [rest, end] = [rest.slice(end.length), end === '"' || end === "'" ? '>' : undefined];
  }
}
