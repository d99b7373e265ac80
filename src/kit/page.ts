import type { ReleaseData } from '../page/data.ts';

const PLACE = '<script type="application/json" id="data">null</script>';

/**
 * Puts the data of a release into the page that `npm run build` made.
 *
 * `<` is escaped, so that no file name ends the element that holds the data.
 */
export function renderPage(template: string, data: ReleaseData): string {
  const [before, after, ...more] = template.split(PLACE);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error('The page of the bundle has no place for the data of a release.');
  }
  return before + PLACE.replace('null', () => JSON.stringify(data).replaceAll('<', '\\u003c')) + after;
}
