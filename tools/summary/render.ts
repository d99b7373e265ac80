import { marked } from 'marked';
import { htmlToTerminal } from './html-text.ts';

/** Elements that GitHub shows as text anywhere in Markdown. */
const FILTERED = /<(?=\/?(?:title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext)\b)/gi;

/** Colours and sizes of GitHub's pages, light and dark. */
const STYLE = `
  :root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --link: #0969da;
    --page: #fff; --block: #f6f8fa; --line: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    :root { --text: #f0f6fc; --quiet: #9198a1; --link: #4493f8; --page: #0d1117; --block: #151b23; --line: #3d444d; }
  }
  body { font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
    color: var(--text); background: var(--page); }
  main { max-width: 980px; margin: 32px auto; padding: 0 32px; overflow-wrap: break-word; }
  a { color: var(--link); }
  h1, h2 { border-bottom: 1px solid var(--line); padding-bottom: .3em; }
  h2 { font-size: 1.5em; }
  h3 { font-size: 1.25em; }
  table { border-collapse: collapse; display: block; overflow: auto; margin-bottom: 16px; }
  th, td { border: 1px solid var(--line); padding: 6px 13px; }
  td ul { margin: 0; padding-left: 1.2em; }
  tr:nth-child(2n) { background: var(--block); }
  code, pre { font: 85% ui-monospace, "Liberation Mono", monospace; background: var(--block); border-radius: 6px; }
  code { padding: .2em .4em; }
  pre { padding: 16px; overflow: auto; }
  pre code { padding: 0; font-size: 100%; }
  details { margin-bottom: 16px; }
  summary { cursor: pointer; }
  blockquote { color: var(--quiet); border-left: .25em solid var(--line); margin: 0; padding: 0 1em; }`;

/**
 * Renders the Markdown of a job summary as a separate page that looks roughly like GitHub's.
 *
 * HTML in the Markdown stays HTML, so that an unescaped name has the same effect as on GitHub. The page runs no script
 * and loads nothing.
 */
export function summaryToPage(markdown: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Job summary</title>
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

/** Renders the Markdown of a job summary as GitHub-flavoured HTML, without the surrounding page. */
export function summaryToHtml(markdown: string): string {
  return marked.parse(markdown, { async: false, gfm: true }).replace(FILTERED, '&lt;');
}

/** Renders the Markdown of a job summary as text for a terminal, with aligned tables. */
export function summaryToText(markdown: string): string {
  return htmlToTerminal(summaryToHtml(markdown));
}
