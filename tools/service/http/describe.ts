import { show } from '../../../src/files/names.ts';
import type { Told } from './stand-in.ts';

/** Longest path of a request that is shown, in characters. */
const MAX_SHOWN = 100;

/** Says what became of one request, in one line. */
export function describe(told: Told): string {
  const line = show(`${told.method} ${told.target.slice(0, MAX_SHOWN)}`);
  if (told.mistake !== undefined) return `refused  ${line}  ${told.mistake}\n`;
  const { kind, bytes, name } = told.wish;
  const what = kind === 'digest' ? `digest ${bytes.toString('hex').slice(0, 16)}…` : `${bytes.length} bytes`;
  return `signed   ${line}  ${what}${name === undefined ? '' : `  ${show(name)}`}\n`;
}
