import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexer, type Token, type Tokens } from 'marked';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

/** A fenced block of a document and the heading that it stands under. */
interface CodeBlock {
  readonly heading: string;
  /** What stands behind the opening fence, such as `sh`. */
  readonly language: string;
  readonly text: string;
}

/** What the tests look at in a Markdown document. */
export interface Document {
  readonly headings: readonly string[];
  readonly blocks: readonly CodeBlock[];
  /** Rows of all tables, as the source text of their cells. */
  readonly rows: readonly (readonly string[])[];
  /** Targets of all links. */
  readonly links: readonly string[];
  /** Addresses of all pictures. */
  readonly images: readonly string[];
  readonly text: string;
}

/** Reads a document of the repository by its path in it. */
export function readDocument(path: string): Document {
  const text = readFileSync(join(ACTION_DIRECTORY, path), 'utf8');
  const headings: string[] = [];
  const blocks: CodeBlock[] = [];
  const rows: string[][] = [];
  const links: string[] = [];
  const images: string[] = [];
  const visit = (token: Token): void => {
    if (isToken(token, 'heading')) headings.push(token.text);
    if (isToken(token, 'code')) {
      blocks.push({ heading: headings.at(-1) ?? '', language: token.lang ?? '', text: token.text });
    }
    if (isToken(token, 'table')) rows.push(...token.rows.map((row) => row.map((cell) => cell.text)));
    if (isToken(token, 'link')) links.push(token.href);
    if (isToken(token, 'image')) images.push(token.href);
    for (const child of childrenOf(token)) visit(child);
  };
  for (const token of lexer(text)) visit(token);
  return { headings, blocks, rows, links, images, text };
}

/** Returns the shell blocks below a heading; throws when there is none, since a test that runs nothing proves nothing. */
export function shellBlocksOf(document: Document, heading: string): readonly string[] {
  const found = document.blocks.filter((block) => block.language === 'sh' && block.heading === heading);
  if (found.length === 0) throw new Error(`no shell block below “${heading}”`);
  return found.map(({ text }) => text);
}

/** Returns the anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

interface TokenTypes {
  readonly heading: Tokens.Heading;
  readonly code: Tokens.Code;
  readonly table: Tokens.Table;
  readonly link: Tokens.Link;
  readonly image: Tokens.Image;
}

function isToken<Name extends keyof TokenTypes>(token: Token, name: Name): token is TokenTypes[Name] {
  return token.type === name;
}

function childrenOf(token: Token): readonly Token[] {
  if (isToken(token, 'table')) return [...token.header, ...token.rows.flat()].flatMap((cell) => cell.tokens);
  if (token.type === 'list') return 'items' in token && Array.isArray(token.items) ? token.items : [];
  return 'tokens' in token ? (token.tokens ?? []) : [];
}
