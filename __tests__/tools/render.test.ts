import { expect, test } from 'vitest';
import { summaryToHtml, summaryToPage, summaryToText } from '../../tools/summary/render.ts';

const SUMMARY = `# ✅ All done

Two **files** in \`dist\`, see [the docs](https://example.com).

| File | Bytes | Note |
|---|---:|---|
| a.js | 12 | |
| long/name.js | 3 456 | 日本 &lt;b&gt; |

<table><tr><th>HTML</th></tr><tr><td>also &amp; works</td></tr></table>

- one
- two
  - nested

\`\`\`sh
openssl  dgst
\`\`\`

<details><summary>More</summary>

Hidden

</details>
`;

test('a summary becomes text with aligned tables', () => {
  expect(summaryToText(SUMMARY)).toBe(`✅ All done
═══════════

Two files in dist, see the docs.

File          Bytes  Note
────────────  ─────  ────────
a.js             12
long/name.js  3 456  日本 <b>

HTML
────────────
also & works

- one
- two
  - nested

    openssl  dgst

▸ More

Hidden
`);
});

test('a summary becomes a page that runs nothing', () => {
  const page = summaryToPage('# Hi\n\n<script>alert(1)</script>\n');
  expect(page).toContain('<h1>Hi</h1>');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain('<script');
});

test('HTML that nobody escaped shows, as it would on GitHub', () => {
  expect(summaryToHtml('<table><tr><td></table><h1>✅ signed</td></tr></table>')).toContain('<h1>✅ signed');
});

test('control characters never reach the terminal', () => {
  expect(summaryToText('a\u001b[31mred')).toBe('a\u{fffd}[31mred\n');
});
