import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HttpMessage, parseMessage } from '../../../src/protocols/http/message.ts';
import { PRESETS } from '../../../src/protocols/http/presets.ts';
import { canHold, fillTemplate, type Placeholder } from '../../../src/protocols/http/template.ts';
import { anyCharacter } from '../../helpers/characters.ts';

function parsed(text: string): HttpMessage {
  const message = parseMessage(text);
  if (!('method' in message)) throw new Error(message.join('\n'));
  return message;
}

function problems(text: string): string {
  const message = parseMessage(text);
  return 'method' in message ? '' : message.join('\n');
}

const JSON_BODY = 'POST /sign\nContent-Type: application/json\n\n{"hash":"{digest:hex}"}';

test('a message has a method, a target, headers and a body', () => {
  const message = parsed(`POST /sign/{key}?x=1 HTTP/1.1\r\nX-Key: {token}\r\n\r\n{"h":"{digest:base64}"}\r\n`);
  expect(message).toMatchObject({ method: 'POST', bodyPlace: 'json', content: 'digest:base64' });
  expect([...message.uses].sort()).toEqual(['digest:base64', 'key', 'token']);
  expect(message.headers.map(([name]) => name)).toEqual(['X-Key', 'Content-Type']);
});

test('a body keeps its empty lines and loses only the line end that YAML adds', () => {
  const message = parsed('POST /s\nContent-Type: text/plain\n\na\n\nb {digest:hex}\n\n');
  expect(fillTemplate(message.body, 'text', () => 'D')).toBe('a\n\nb D\n');
});

test('a line of blanks is an empty line, because its blanks are invisible', () => {
  const message = parsed('POST /s\nA: b\n \t\n{"hash":"{digest:hex}"}');
  expect(fillTemplate(message.body, 'text', () => 'D')).toBe('{"hash":"D"}');
});

test('a message whose path holds the content may have no body', () => {
  expect(parsed('POST /sign/{digest:hex}\nA: b').body).toEqual([]);
});

test('one mistake is one sentence', () => {
  expect(problems('POST /s\nA: b\n{"hash":"{digest:hex}"}')).toBe('has no empty line between its headers and its body');
  expect(problems('POST /s\n\n{"hash":"{sha256}"}').split('\n')).toHaveLength(1);
});

test('a GET request needs no empty line', () => {
  expect(parsed('GET /signer/{key}?data={file:base64}').content).toBe('file:base64');
});

test.each(Object.entries(PRESETS))('the preset %s is a sound message', (_, { request }) => {
  expect(problems(request)).toBe('');
});

describe('problems', () => {
  test.each([
    ['no empty line', 'POST /sign\nA: b\n{"hash":"{digest:hex}"}', 'no empty line'],
    ['an unknown placeholder', 'POST /sign\n\n{"hash":"{sha256}"}', 'holds {sha256}, which is no placeholder'],
    ['a placeholder in another case', 'POST /sign\n\n{"hash":"{Digest}"}', 'holds {Digest}'],
    ['an unknown form of a placeholder', 'POST /sign\n\n{"hash":"{digest:base32}"}', 'holds {digest:base32}'],
    ['no content', 'POST /sign\n\n{"name":"{name}"}', 'exactly one of'],
    ['content twice', 'POST /sign?d={digest:hex}\n\n{"hash":"{digest:hex}"}', 'but holds 2'],
    ['the token in the path', 'POST /{token}/sign\n\n{"hash":"{digest:hex}"}', '{token} in its request line'],
    ['the token in the query', 'POST /sign?t={token}\n\n{"hash":"{digest:hex}"}', '{token} in its request line'],
    ['Host', `POST /sign\nHost: evil\n\n{"hash":"{digest:hex}"}`, 'sets the header Host'],
    ['Content-Length', 'POST /sign\ncontent-length: 3\n\n{"hash":"{digest:hex}"}', 'sets the header content-length'],
    ['Transfer-Encoding', 'POST /sign\nTransfer-Encoding: chunked\n\n{digest}', 'sets the header Transfer-Encoding'],
    ['Connection', 'POST /sign\nConnection: close\n\n{digest}', 'sets the header Connection'],
    ['a header twice', 'POST /sign\nA: b\na: c\n\n{digest}', 'sets the header a twice'],
    ['a folded header', 'POST /sign\nA: b\n c\n\n{digest}', 'no header in line 3'],
    ['a header beyond ASCII', 'POST /sign\nA: ü\n\n{digest}', 'beyond ASCII'],
    ['a bearer token in clear', 'POST /sign\nAuthorization: Bearer abc\n\n{digest}', 'credential in the header'],
    ['a password in clear', 'POST /sign\nauthorization: basic YTpi\n\n{digest}', 'credential in the header'],
    ['a bearer token elsewhere', 'POST /sign\nX-Forward: Bearer abc\n\n{digest}', 'credential in the header'],
    ['broken JSON', 'POST /sign\nContent-Type: application/json\n\n{"hash":"{digest:hex}"', 'not JSON'],
    ['a placeholder outside a string', 'POST /sign\n\n{"hash":{digest:hex}}', 'not JSON'],
    ['an escape before a placeholder', 'POST /sign\n\n{"hash":"\\{digest:hex}"}', 'not JSON'],
    ['raw bytes in JSON', 'POST /sign\n\n{"hash":"{digest}"}', 'raw bytes'],
    ['raw bytes in a header', 'POST /sign\nX-D: {digest}\n\nx', 'raw bytes'],
    ['raw bytes in the query', 'GET /sign?d={digest}', 'raw bytes'],
    ['a file in a header', 'POST /sign\nX-F: {file:base64}\n\nx', 'file in a header'],
    ['two pairs of braces', 'POST /sign\n\n{"hash":"{{digest:hex}}"}', 'write {digest:hex}, with one pair of braces'],
    ['a whole URL', 'POST https://sign.example.com/s\n\n{digest}', 'the host is that of server-url'],
    ['lines that YAML joined', 'POST /s Content-Type: application/json {"hash":"{digest:hex}"}', 'request: |'],
    ['another version', 'POST /s HTTP/2\n\n{digest}', 'leave the version out'],
    ['typographic quotes', 'POST /s\n\n[ "a",\n{“hash”:"{digest:hex}"}]', 'from character 2 of its line 2 on'],
    [
      'a file in a form',
      'POST /s\nContent-Type: application/x-www-form-urlencoded\n\nd={file:base64}',
      'the file in a form',
    ],
    ['a body of GET', 'GET /sign?d={digest:hex}\n\nx', 'has a body'],
    ['another method', 'DELETE /sign\n\n{digest}', 'request line'],
    ['a fragment', 'POST /sign#x\n\n{digest}', 'percent-encoded path'],
    ['dots', 'POST /a/../sign\n\n{digest}', 'percent-encoded path'],
    ['another host in the path', 'POST //evil/sign\n\n{digest}', 'percent-encoded path'],
    ['a blank in the path', 'POST /a b\n\n{digest}', 'request line'],
    ['a placeholder in the method', 'PO{name}ST /s\n\n{digest}', 'request line'],
    ['a placeholder as the whole target', 'POST {name}\n\n{digest}', 'request line'],
    ['a placeholder as the host', 'POST //{name}/s\n\n{digest}', 'percent-encoded path'],
    ['a placeholder as the host of a URL', 'POST https://{name}/s\n\n{digest}', 'the host is that of server-url'],
    ['the whole server', 'OPTIONS *\n\n{digest}', 'request line'],
    ['a placeholder in the name of a header', 'POST /s\nX-{name}: 1\n\n{digest}', 'no header in line 2'],
    ['a blank before the colon', 'POST /s\nTransfer-Encoding : chunked\n\n{digest}', 'no header in line 2'],
    ['a line separator in a header', 'POST /s\nA: b\u2028C: d\n\n{digest}', 'no header in line 2'],
    ['a content type that a file decides', 'POST /s\nContent-Type: {name}\n\n{"a":"{digest:hex}"}', 'in Content-Type'],
    ['a file that could be named like a member', 'POST /s\n\n{"{name}":"{digest:hex}","key":"a"}', 'name of a member'],
    ['the same further inside', 'POST /s\n\n{"a":[{"{name}":"{digest:hex}","key":"a"}]}', 'name of a member'],
    ['a member that hides another', 'POST /s\n\n{"hash":"{digest:hex}","hash":"x"}', '{digest:hex} is lost'],
    ['a file that could be named like a parameter', 'POST /s?{name}=1&key=a\n\n{digest}', 'name of a parameter'],
    [
      'a file that could be named like a field',
      'POST /s\nContent-Type: application/x-www-form-urlencoded\n\n{name}={digest:hex}&key=a',
      'name of a parameter',
    ],
    ['CDATA', 'POST /s\n\n<a><![CDATA[{name}]]>{digest:hex}</a>', 'holds {name} in a tag'],
    ['a comment of XML', 'POST /s\n\n<a><!-- {name} -->{digest:hex}</a>', 'holds {name} in a tag'],
    ['the name of an element', 'POST /s\n\n<a><{name}>{digest:hex}</{name}></a>', 'holds {name} in a tag'],
    ['an attribute without quotes', 'POST /s\n\n<a b={name}>{digest:hex}</a>', 'holds {name} in a tag'],
    ['an entity', 'POST /s\n\n<!DOCTYPE a [<!ENTITY b "{name}">]><a>{digest:hex}</a>', 'holds {name} in a tag'],
    ['no boundary', 'POST /s\nContent-Type: multipart/mixed\n\n--b\n\n{digest}\n--b--', 'no boundary in Content-Type'],
    [
      'another boundary',
      'POST /s\nContent-Type: multipart/mixed; boundary=c\n\n--b\n\n{digest}\n--b--',
      'does not begin with --c',
    ],
    [
      'a multipart body without an end',
      'POST /s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{digest}',
      'does not end with --b--',
    ],
  ])('%s', (_, text, sentence) => {
    expect(problems(text)).toContain(sentence);
  });

  test('one error lists all of them', () => {
    expect(problems('POST /{nope}\nHost: a\n\n{"x":1').split('\n').length).toBeGreaterThanOrEqual(4);
  });
});

/** Names as hostile builds make them. */
const anything = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      '%',
      '{',
      '}',
      '\r',
      '\n',
      '&',
      '=',
      '/',
      '?',
      '#',
      ' ',
      'ü',
      '\u2028',
      '\ud800',
      '{digest:hex}',
    ),
  }),
);

test('a value in JSON stays one string and adds no member', () => {
  const { body } = parsed('POST /s\n\n{"a":{"name":"{name}"},"hash":"{digest:hex}","list":["{key}"]}');
  fc.assert(
    fc.property(anything, anything, (name, key) => {
      const values: Partial<Record<Placeholder, string>> = { name, key, 'digest:hex': 'ab' };
      const filled: unknown = JSON.parse(fillTemplate(body, 'json', (each) => values[each] ?? ''));
      expect(filled).toEqual({ a: { name }, hash: 'ab', list: [key] });
    }),
  );
});

test('a value in the target stays one segment, and one parameter', () => {
  const { target } = parsed('GET /keys/{key}/sign?name={name}&d={digest:hex}');
  fc.assert(
    fc.property(anything, anything, (name, key) => {
      const values: Partial<Record<Placeholder, string>> = { name, key: `k${key}`, 'digest:hex': 'ab' };
      const path = fillTemplate(target, 'target', (each) => values[each] ?? '');
      const url = new URL(path, 'https://service.example');
      expect(url.host).toBe('service.example');
      expect(url.pathname.split('/')).toHaveLength(4);
      expect([...url.searchParams]).toEqual([
        ['name', name.toWellFormed()],
        ['d', 'ab'],
      ]);
      expect(decodeURIComponent(url.pathname.split('/')[2] ?? '')).toBe(`k${key}`.toWellFormed());
    }),
  );
});

test('a value in a form stays one field', () => {
  const { body } = parsed('POST /s\nContent-Type: application/x-www-form-urlencoded\n\nname={name}&d={digest:base64}');
  fc.assert(
    fc.property(anything, (name) => {
      const text = fillTemplate(body, 'form', (each) => (each === 'name' ? name : 'a+/='));
      expect([...new URLSearchParams(text)]).toEqual([
        ['name', name.toWellFormed()],
        ['d', 'a+/='],
      ]);
    }),
  );
});

test('a value in a header is one line of printable ASCII', () => {
  const { headers } = parsed('POST /s\nX-Name: {name}\n\n{digest}');
  fc.assert(
    fc.property(anything, (name) => {
      const [, value = []] = headers[0] ?? [];
      const filled = fillTemplate(value, 'header', () => name);
      expect(filled).toMatch(/^[\x20-\x7E]*$/);
      expect(filled.trim()).toBe(filled);
    }),
  );
});

test('a value in a text body holds no line break', () => {
  const { body } = parsed('POST /s\nContent-Type: text/plain\n\n{name} {digest:hex}');
  const fill = (name: string): string => fillTemplate(body, 'text', (each) => (each === 'name' ? name : 'ab'));
  expect(fill('a b')).toBe('a%20b ab');
  const { body: last } = parsed('POST /s\nContent-Type: text/plain\n\n{digest:hex}  {name}');
  expect(fillTemplate(last, 'text', (each) => (each === 'name' ? 'a b' : 'ab'))).toBe('ab  a b');
  for (const name of ['a\nb', 'a\rb', 'a\u0000b', 'a\u0085b']) expect(() => fill(name)).toThrow(RangeError);
});

test('a value in a string of a JSON text that is itself a string of JSON ends neither of them', () => {
  const { body } = parsed(String.raw`POST /s

{"p":"{\"q\":\"\",\"n\":\"{name}\",\"h\":\"{digest:hex}\"}","n":"{name}"}`);
  fc.assert(
    fc.property(fc.oneof(anything, fc.constantFrom('a","h":"cd","z":"b', '\\', '"', '\\"')), (name) => {
      const outer = JSON.parse(fillTemplate(body, 'json', (each) => (each === 'name' ? name : 'ab')));
      expect(outer.n).toBe(name);
      expect(JSON.parse(outer.p)).toEqual({ q: '', n: name, h: 'ab' });
    }),
  );
  const { body: query } = parsed(String.raw`POST /s

{"query":"sign(file: \"{name}\", hash: \"{digest:hex}\")"}`);
  const filled = fillTemplate(query, 'json', (each) => (each === 'name' ? 'a", policy: "x' : 'ab'));
  expect(JSON.parse(filled).query).toBe(String.raw`sign(file: "a\", policy: \"x", hash: "ab")`);
});

describe('the name of a file in a text of another kind stays where it is, and adds nothing', () => {
  const FORM = 'POST /s\nContent-Type: application/x-www-form-urlencoded\n\n';
  const MULTIPART =
    'POST /s\nContent-Type: multipart/form-data; boundary=b\n\n--b\nContent-Disposition: form-data; name=m\n\n';
  const XML = 'POST /s\nContent-Type: text/xml\n\n';
  const YAML = 'POST /s\nContent-Type: application/yaml\n\n';
  const divided = (body: string, by: string): number =>
    (body.startsWith('{') ? String(JSON.parse(body).x) : body).split(by).length;
  const profileInXml = (text: string): readonly string[] => text.match(/profile[\s=>]+\S?[a-z]+/g) ?? [];
  test.each<[string, string, (body: string) => unknown]>([
    [
      'an element of XML in JSON',
      '{"x":"<f><n>{name}</n><profile>a</profile></f>"}',
      (body) => profileInXml(JSON.parse(body).x),
    ],
    [
      'an attribute of XML in JSON',
      '{"x":"<f n=\\"{name}\\" profile=\\"a\\"/>"}',
      (body) => profileInXml(JSON.parse(body).x),
    ],
    [
      'an attribute between apostrophes',
      `{"x":"<f n='{name}' profile='a'/>"}`,
      (body) => profileInXml(JSON.parse(body).x),
    ],
    ['a form in JSON', '{"x":"n={name}&profile=a"}', (body) => [...new URLSearchParams(JSON.parse(body).x).keys()]],
    [
      'a form in JSON in JSON',
      '{"x":"{\\"y\\":\\"n={name}&profile=a\\"}"}',
      (body) => [...new URLSearchParams(JSON.parse(JSON.parse(body).x).y).keys()],
    ],
    ['a list in JSON', '{"x":"profile=a,n={name},b"}', (body) => JSON.parse(body).x.split(',').length],
    ['lines in JSON', '{"x":"profile: a\\nn: {name}\\n"}', (body) => JSON.parse(body).x.split('\n').length],
    [
      'JSON in a form',
      `${FORM}p={"profile":"a","n":"{name}"}`,
      (body) => Object.keys(JSON.parse(new URLSearchParams(body).get('p') ?? '')),
    ],
    [
      'JSON in a text of XML',
      `${XML}<r><m>{"profile":"a","n":"{name}"}</m></r>`,
      (body) =>
        Object.keys(
          JSON.parse(
            /<m>(.*)<\/m>/s.exec(body)?.[1]?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)) ?? '',
          ),
        ),
    ],
    [
      'JSON in an attribute of XML',
      `${XML}<r m='{"profile":"a","n":"{name}"}' d="{digest:hex}"/>`,
      (body) =>
        Object.keys(
          JSON.parse(
            /m='([^']*)'/s.exec(body)?.[1]?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)) ?? '',
          ),
        ),
    ],
    ['XML in a part of a multipart body', `${MULTIPART}<f><n>{name}</n><profile>a</profile></f>\n--b--`, profileInXml],
    [
      'XML over several lines there',
      `${MULTIPART}<f>\n<n>\n{name}\n</n>\n<profile>a</profile></f>\n--b--`,
      profileInXml,
    ],
    ['XML in JSON there', `${MULTIPART}{"x":"<n>{name}</n><profile>a</profile>"}\n--b--`, profileInXml],
    ['a form between quotes of YAML', `${YAML}q: "n={name}&profile=a"`, (body) => divided(body, '&')],
    ['a line of YAML', `${YAML}profile: a\n{name}`, (body) => divided(body, ':')],
    ['a header in JSON', '{"x":"X-File: {name}"}', (body) => divided(body, '\n')],
    ['a list with colons in JSON', '{"x":"{name}:a"}', (body) => divided(body, ':')],
    ['a list with tabs in JSON', '{"x":"{name}\\ta"}', (body) => divided(body, '\t')],
    ['arguments in JSON', '{"x":"--in {name} --to a"}', (body) => divided(body, ' ')],
    ['lines of checksums in JSON', '{"x":"{key}  {name}\\n"}', (body) => divided(body, '\n')],
    ['a list of two placeholders in JSON', '{"x":"{name} {key}"}', (body) => divided(body, ' ')],
    ['a name with a suffix before another placeholder', '{"x":"{name}.zip {key}"}', (body) => divided(body, ' ')],
    ['a name before a word that begins with a dot', '{"x":"{name} .sha256 {key}"}', (body) => divided(body, ' ')],
    ['arguments before a line end in JSON', '{"x":"sign --in {name} --key {key}\\n"}', (body) => divided(body, ' ')],
    ['a line of checksums without its end in JSON', '{"x":"{key}  {name}"}', (body) => divided(body, '\n')],
    ['a name directly after a placeholder in JSON', '{"x":"{key}{name}"}', (body) => divided(body, '\n')],
    ['a path after placeholders in JSON', '{"x":"{key} dist/{name}"}', (body) => divided(body, '\n')],
    ['values with tabs between them in JSON', '{"x":"{key}\\t{name}"}', (body) => divided(body, '\t')],
    ['arguments with = in JSON', '{"x":"sign --key={key} --in={name}"}', (body) => divided(body, ' ')],
    ['an argument with a path in JSON', '{"x":"sign --key {key} dist/{name}"}', (body) => divided(body, ' ')],
    ['a single option in JSON', '{"x":"--in={name}"}', (body) => divided(body, ' ')],
    ['arguments in one line of several in JSON', '{"x":"#!x\\nsign --in=dist/{name}"}', (body) => divided(body, ' ')],
    [
      'a line of checksums in a form',
      `${FORM}x={key}++{name}`,
      (body) => new URLSearchParams(body).get('x')?.split('\n').length,
    ],
    ['a call in JSON', '{"x":"sign({name})"}', (body) => divided(body, ')')],
    ['a filter in JSON', `{"x":"n eq '{name}'"}`, (body) => divided(body, "'")],
    ['CSV in JSON', '{"x":"\\"{name}\\",\\"a\\""}', (body) => divided(body, '","')],
  ])('%s', (_, message, read) => {
    const text = message.startsWith('{')
      ? `POST /s?d={digest:hex}\n\n${message}`
      : message.includes('{digest')
        ? message
        : message.replace('POST /s', 'POST /s?d={digest:hex}');
    const { body, bodyPlace } = parsed(text);
    const fill = (name: string): string => fillTemplate(body, bodyPlace, (each) => (each === 'name' ? name : 'ab'));
    const usual = read(fill('dist/app.zip'));
    expect(fill('dist/a b_1.zip')).toMatch(/dist(?:\/|%2F)a(?: |%20)b_1\.zip/);
    const hostile = fc.constantFrom(
      'x</n><profile>b</profile><n>',
      `x" profile="b" y="`,
      `x' profile='b' y='`,
      'x&profile=b',
      'x,profile=b',
      'x\nprofile: b',
      'x","profile":"b","y":"',
      'x%26profile=b',
      'x:b',
      'x\tb',
      "x' or n eq 'b",
      'x) release(b',
      'x --to b',
    );
    fc.assert(
      fc.property(fc.oneof(anything, hostile), (name) => {
        fc.pre(canHold(bodyPlace, name));
        expect(read(fill(name))).toEqual(usual);
      }),
    );
  });

  test.each(['{"x":"{name}"}', '{"x":"dist/{name}.bin"}', `${YAML}{name}\n`, `${MULTIPART}{name}\n--b--`])(
    'a name that is alone, or has only a path beside it, stays as it is: %s',
    (message) => {
      const { body, bodyPlace } = parsed(
        message.replace(/^\{/, 'POST /s?d={digest:hex}\n\n{').replace('POST /s\n', 'POST /s?d={digest:hex}\n'),
      );
      expect(fillTemplate(body, bodyPlace, () => "a+b (c)'s: d")).toContain("a+b (c)'s: d");
    },
  );

  test('in a query and in a header, which hold JSON and a form', () => {
    const { target, headers } = parsed(
      'GET /s?d={digest:hex}&m=%7B%22profile%22:%22a%22,%22n%22:%22{name}%22%7D\nX-P: profile=a&n:{name}&b\nX-Q: q="n={name}&profile=a"\n\n',
    );
    const fill = (name: string, value: typeof target, place: 'target' | 'header'): string =>
      fillTemplate(value, place, (each) => (each === 'name' ? name : 'ab'));
    const query = new URL(fill('x","profile":"b', target, 'target'), 'https://a').searchParams.get('m') ?? '';
    expect(Object.keys(JSON.parse(query))).toEqual(['profile', 'n']);
    expect(JSON.parse(query).profile).toBe('a');
    expect(fill('x&profile=b', headers[0]?.[1] ?? [], 'header')).toBe('profile=a&n:x%26profile%3Db&b');
    expect(fill('x&profile=b', headers[1]?.[1] ?? [], 'header')).toBe('q="n=x%26profile%3Db&profile=a"');
  });

  test('and is as it is where it stands alone, or beside plain words', () => {
    const { body } = parsed('POST /s\n\n{"n":"{name}","path":"release/{name}","hash":"{digest:hex}"}');
    const name = 'a&b=<c>,"d".zip';
    const filled = JSON.parse(fillTemplate(body, 'json', (each) => (each === 'name' ? name : 'ab')));
    expect(filled).toEqual({ n: name, path: `release/${name}`, hash: 'ab' });
  });
});

test('a value in XML is text, in elements and attributes', () => {
  const { body, bodyPlace } = parsed(
    'POST /s\nContent-Type: application/soap+xml\n\n<a n="{name}"><b>{digest:hex}</b></a>',
  );
  expect(bodyPlace).toBe('xml');
  const fill = (name: string): string => fillTemplate(body, 'xml', (each) => (each === 'name' ? name : 'ab'));
  expect(fill('x"><b>cd</b>&\'ü')).toBe('<a n="x&#34;&#62;&#60;b&#62;cd&#60;/b&#62;&#38;&#39;ü"><b>ab</b></a>');
  expect(() => fill('a\nb')).toThrow(RangeError);
  expect(parseMessage('POST /s\nContent-Type: text/xml\n\n<a>{digest}</a>')).toEqual([
    expect.stringContaining('raw bytes'),
  ]);
});

test('a value between double quotes does not end them, in a header or in a part of a body', () => {
  const part = '--b\nContent-Disposition: form-data; name="file"; filename="{name}"\n\n{digest:hex}\n--b--';
  const head =
    'POST /s\nX-File: name="{name}"; role="user"\nX-Plain: {token}\nContent-Type: multipart/form-data; boundary=b';
  const { headers, body, bodyPlace } = parsed(`${head}\n\n${part}`);
  expect(bodyPlace).toBe('text');
  const value = (at: number) => headers[at]?.[1] ?? [];
  expect(fillTemplate(value(0), 'header', () => 'x"; role="root\\')).toBe('name="x%22; role=%22root%5C"; role="user"');
  expect(fillTemplate(value(1), 'header', () => 'to"ken\\')).toBe('to"ken\\');
  fc.assert(
    fc.property(anything, (name) => {
      fc.pre(canHold('text', name));
      const [, line = ''] = fillTemplate(body, 'text', (each) => (each === 'name' ? name : 'ab')).split('\r\n');
      expect(line).toMatch(/^Content-Disposition: form-data; name="file"; filename="[^"\\]*"$/);
    }),
  );
});

test('a name without quotes adds no parameter, to a header, a part of a body or a form that has no content type', () => {
  const part = '--b\nContent-Disposition: form-data; name=file; filename={name}\n\n{digest:hex}\n--b--';
  const head =
    'POST /s\nX-File: {name}; v=1\nX-Token: {token}; t={token}\nContent-Type: multipart/form-data; boundary=b';
  const { headers, body } = parsed(`${head}\n\n${part}`);
  const header = (at: number, value: string) => fillTemplate(headers[at]?.[1] ?? [], 'header', () => value);
  expect(header(0, 'a b.bin')).toBe('a b.bin; v=1');
  expect(header(0, 'x; role=root')).toBe('x%3B%20role%3Droot; v=1');
  expect(header(1, 'a/b+c==')).toBe('a/b+c==; t=a/b+c==');
  const fill = (template: typeof body, name: string) =>
    fillTemplate(template, 'text', (each) => (each === 'name' ? name : 'ab'));
  expect(fill(parsed('POST /s\n\nfile={name}&hash={digest:hex}').body, 'x&hash=cd')).toBe('file=x%26hash%3Dcd&hash=ab');
  fc.assert(
    fc.property(anything, (name) => {
      fc.pre(canHold('text', name));
      const [, line = ''] = fill(body, name).split('\r\n');
      expect(line).toMatch(/^Content-Disposition: form-data; name=file; filename=[\w.~%-]*$/);
    }),
  );
});

test('a value between apostrophes does not end them, and one behind two of them is percent-encoded', () => {
  const { headers, body } = parsed(
    "POST /s\nX-File: '{name}'\nContent-Disposition: attachment; filename*=UTF-8''{name}\n\nname: '{name}'\nhash: '{digest:hex}'",
  );
  const header = (at: number, name: string) => fillTemplate(headers[at]?.[1] ?? [], 'header', () => name);
  expect(header(0, "it's \\")).toBe("'it%27s %5C'");
  expect(header(1, 'a b.bin')).toBe("attachment; filename*=UTF-8''a%20b.bin");
  expect(fillTemplate(body, 'text', () => "it's")).toBe("name: 'it%27s'\nhash: 'it%27s'");
});

test('JSON is recognised by its content type or, without one, by its first characters', () => {
  expect(parsed(JSON_BODY).bodyPlace).toBe('json');
  expect(parsed('POST /s\n\n[ "{digest:hex}" ]').bodyPlace).toBe('json');
  expect(parsed('POST /s\n\n{digest}').bodyPlace).toBe('text');
  expect(parsed('POST /s\nContent-Type: application/vnd.x+json\n\n{"a":"{digest:hex}"}').bodyPlace).toBe('json');
});
