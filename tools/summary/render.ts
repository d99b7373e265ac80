import { marked } from 'marked';
import { htmlToTerminal } from './html-text.ts';

/** Elements that GitHub shows as text wherever they stand in Markdown. */
const FILTERED = /<(?=\/?(?:title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext)\b)/gi;

const STYLE = `
  body { font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328; }
  main { max-width: 980px; margin: 32px auto; padding: 0 32px; }
  h1, h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em; }
  table { border-collapse: collapse; display: block; overflow: auto; margin-bottom: 16px; }
  th, td { border: 1px solid #d1d9e0; padding: 6px 13px; }
  tr:nth-child(2n) { background: #f6f8fa; }
  code, pre { font: 85% ui-monospace, "Liberation Mono", monospace; background: #f6f8fa; border-radius: 6px; }
  code { padding: .2em .4em; }
  pre { padding: 16px; overflow: auto; }
  pre code { padding: 0; }
  blockquote { color: #59636e; border-left: .25em solid #d1d9e0; margin: 0; padding: 0 1em; }`;

/**
 * Renders the Markdown of a job summary as a page of its own that looks roughly like GitHub's.
 *
 * HTML in the Markdown stays HTML, so that a name which was not escaped shows here what it would show there. The page runs no script and loads nothing.
 */
export function summaryToPage(markdown: string, title = 'Job summary'): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<main>
${summaryToHtml(markdown)}</main>
</body>
</html>
`;
}

/** Renders the Markdown of a job summary as GitHub-flavoured HTML, without a page around it. */
export function summaryToHtml(markdown: string): string {
  return marked.parse(markdown, { async: false, gfm: true }).replace(FILTERED, '&lt;');
}

/** Renders the Markdown of a job summary as text for a terminal, with aligned tables. */
export function summaryToText(markdown: string): string {
  return htmlToTerminal(summaryToHtml(markdown));
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
