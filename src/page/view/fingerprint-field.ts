import { type Comparison, compareFingerprint } from '../judging/fingerprint.ts';
import { find } from './elements.ts';

/** Text below the field after each change. */
const WORDS = {
  empty: '',
  'no-fingerprint': 'This is not a fingerprint: a fingerprint has 64 digits from 0 to 9 and a to f.',
  same: 'The same fingerprint: the key in this page is the one you expect.',
  other:
    'Another fingerprint. The key in this page is not the one you expect: use none of these files, and ask the publisher.',
} as const;

/** Compares the reader's fingerprint with that of the key after each change. */
export function watchFingerprint(fingerprint: string, onCompared: (state: Comparison['state']) => void): void {
  const field = find('expected', HTMLInputElement);
  const answer = find('expected-answer', HTMLElement);
  field.addEventListener('input', () => {
    const comparison = compareFingerprint(field.value, fingerprint);
    const { state } = comparison;
    answer.textContent =
      state === 'incomplete' ? `${comparison.digits} digits; a fingerprint has 64. Compare all of them.` : WORDS[state];
    document.body.dataset['key'] = state;
    field.setAttribute('aria-invalid', String(state === 'other'));
    onCompared(state);
  });
}
