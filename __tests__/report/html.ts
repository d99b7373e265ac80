const VOID = new Set(['br', 'hr', 'img', 'input', 'meta', 'link', 'wbr']);

/** Lists the tags of rendered HTML in order, such as `h2` and `/h2`; comments are none. */
export function tagsOf(html: string): string[] {
  return [...html.replace(/<!--.*?-->/gs, '').matchAll(/<(\/?[a-z][a-z0-9]*)\b[^>]*>/gi)].map(([, name = '']) =>
    name.toLowerCase(),
  );
}

/** Says where tags do not match; nothing when each that opens is closed in its turn. */
export function imbalanceOf(html: string): string | undefined {
  const open: string[] = [];
  for (const tag of tagsOf(html)) {
    if (VOID.has(tag)) continue;
    if (!tag.startsWith('/')) open.push(tag);
    else if (open.pop() !== tag.slice(1)) return `${tag} closes nothing`;
  }
  return open.length === 0 ? undefined : `${open.join(', ')} stay open`;
}
