import { join, MAX_ENTRIES } from './members.ts';

/** Tells whether a text is a web page, titled or not. APIs may label JSON as HTML, or send XML. */
export function isPage(text: string, type: string): boolean {
  // A failed script may have written a warning before its page.
  if (!/^\s*</.test(text)) return /<!doctype html|<html[\s>]/i.test(text.slice(0, 4096));
  if (/[/+]xml/.test(type.replace('xhtml+xml', ''))) return false;
  return type.includes('html') || /<(?:!doctype html|html|head|body|title|h1)[\s>]/i.test(text.slice(0, 4096));
}

/** Returns the title of an HTML page, or its first heading; a meaningless title is replaced by the text below. */
export function titleOf(text: string): string | undefined {
  const [title, ...others] = [
    /<title[^<>]{0,200}>([^<]+)/i,
    /<h[1-3][^<>]{0,200}>([^<]+)/i,
    /<pre[^<>]{0,200}>([^<]+)/i,
  ].map((pattern) => unescapeMarkup(pattern.exec(text)?.[1] ?? '').trim());
  return title && !/^error$/i.test(title) ? title : (others.find(Boolean) ?? title);
}

const CASE =
  /\b((?:support|incident|ray|reference|request|event|transaction) (?:id|number))(?:<[^<>]{0,80}>|[\s:#]|\bis\b){1,6}([\w.-]{6,64})/i;

/** Returns the number of a refusal in the log of a firewall or gateway, such as `support ID 871364`; empty for none. */
export function caseIn(text: string): string {
  const [, name = '', id = ''] = CASE.exec(text) ?? [];
  return /\d/.test(id) ? `${name} ${id}` : '';
}

/** Returns the visible text of a page or another text with tags. */
export function visibleText(markup: string): string {
  return unescapeMarkup(markup.replace(/<!--.*?(?:-->|$)|<(script|style)\b.*?(?:<\/\1>|$)|<[^>]*>?/gis, ' ')).trim();
}

const XML_WORDS =
  /<(?:\w+:)?(?:(?:Error_?)?Code|(?:Error_?|Status_?)?(?:Message|Msg|Text|Reason|Details?|Description|Info)|faultstring|title)\b[^<>]*>(?:<!\[CDATA\[([^\]]+)|([^<]+))/gi;
const XML_ATTRIBUTES = /\s(?:code|error|message|msg|reason|details?|description)=(?:"([^"<>]+)"|'([^'<>]+)')/gi;

/** Returns the text in XML: that of elements and attributes with a known name, otherwise all text. */
export function wordsInXml(text: string): string {
  const elements = [...text.matchAll(XML_WORDS)].map(([, data, words = '']) => data ?? unescapeMarkup(words));
  const found = elements.map((part) => part.trim()).filter(Boolean);
  if (found.length > 0) return join(found.slice(0, MAX_ENTRIES));
  const attributes = [...text.matchAll(XML_ATTRIBUTES)].map(([, double, single = '']) => double ?? single);
  if (attributes.length > 0) return join(attributes.slice(0, MAX_ENTRIES).map(unescapeMarkup));
  return visibleText(text);
}

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
};

function unescapeMarkup(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name: string = '') => {
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (Number.isNaN(point)) return NAMED[name] ?? whole;
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
