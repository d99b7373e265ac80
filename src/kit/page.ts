import type { ReleaseData } from '../page/data.ts';

const PLACE = '<script type="application/json" id="data">null</script>';

/** Reads the data of a release from a page; `undefined` when the page has none. */
export function dataInPage(page: string): Pick<ReleaseData, 'files' | 'createdAt'> | undefined {
  const [before = '', after = ''] = PLACE.split('null');
  const start = page.indexOf(before);
  const end = page.indexOf(after, start);
  if (start === -1 || end === -1) return undefined;
  try {
    const data: Partial<ReleaseData> | null = JSON.parse(page.slice(start + before.length, end));
    const { files, createdAt } = data ?? {};
    return Array.isArray(files) && typeof createdAt === 'string' ? { files, createdAt } : undefined;
  } catch {
    return undefined;
  }
}

/** Puts a release into the built page, `<` escaped, so that no file name can close the element of the data. */
export function renderPage(template: string, data: ReleaseData): string {
  const [before, after, ...more] = template.split(PLACE);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error('The page of the bundle has no place for the data of a release.');
  }
  return before + PLACE.replace('null', () => JSON.stringify(data).replaceAll('<', '\\u003c')) + after;
}
