import { CONTENT, type Placeholder, placeholdersOf, type Template } from './template.ts';
import { nameOfParameter, wrongJson, wrongXml } from './wrong-body.ts';

type Headers = readonly (readonly [name: string, value: Template])[];

/** The parts of a message that may hold placeholders. */
interface Parts {
  readonly target: Template;
  readonly headers: Headers;
  readonly body: Template;
  readonly bodyPlace: 'json' | 'form' | 'xml' | 'text';
}

/** Checks what stands where; returns the one content placeholder. */
export function checkPlaceholders(parts: Parts, problems: string[]): Placeholder | undefined {
  const { target, headers, body, bodyPlace } = parts;
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
