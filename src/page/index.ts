import { Checklist } from './checking/checklist.ts';
import type { ReleaseData } from './data.ts';
import { type Comparison, compareFingerprint } from './judging/fingerprint.ts';
import { createListing } from './judging/listing.ts';
import { bytesToHex } from './verifier/bytes.ts';
import { hashOf } from './verifier/digest.ts';
import { find } from './view/elements.ts';
import { watchFiles } from './view/intake.ts';
import { showRelease } from './view/release.ts';
import { Results } from './view/results.ts';
import { Hashing } from './worker/hashing.ts';
import { serve } from './worker/serve.ts';

/** Runs the page: shows the release, and checks given files. `source` is the page's own script. */
function runPage(source: string): void {
  const data: ReleaseData = JSON.parse(find('data', HTMLElement).textContent ?? '');
  const spki = Uint8Array.from(atob(data.key), (character) => character.charCodeAt(0));
  // The fingerprint is computed from the key in use, so that it cannot belong to another key.
  const fingerprint = bytesToHex(hashOf('sha256', spki));
  showRelease(data, fingerprint);
  const { algorithm, encoding, suffix } = data;
  const results = new Results(() => checklist, fingerprint);
  const hashing = new Hashing(source, { spki, algorithm, encoding }, (reason) => results.fail(reason));
  const court = { listing: createListing(data), fingerprint, suffix };
  const checklist: Checklist = new Checklist(court, hashing, {
    listed: data.files.length,
    onChanged: (entry) => results.change(entry),
    onProgress: results.refresh,
  });
  const note = find('note', HTMLElement);
  watchFiles(
    (given) => {
      checklist.add(given);
      results.reveal();
    },
    (text) => {
      note.textContent = text;
    },
  );
  watchFingerprint(fingerprint, (state) => {
    results.compare(state);
    checklist.expectOtherKey(state === 'other');
  });
  document.body.dataset['state'] = 'ready';
}

/** Text below the field after each change. */
const WORDS = {
  empty: '',
  'no-fingerprint': 'This is not a fingerprint: a fingerprint has 64 digits from 0 to 9 and a to f.',
  same: 'The same fingerprint: the key in this page is the one you expect.',
  other:
    'Another fingerprint. The key in this page is not the one you expect: use none of these files, and ask the publisher.',
} as const;

/** Compares the reader's fingerprint with that of the key after each change. */
function watchFingerprint(fingerprint: string, onCompared: (state: Comparison['state']) => void): void {
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

// The same script is page and worker, so that the page loads nothing else.
if (typeof document === 'undefined') globalThis.onmessage = serve((reply) => globalThis.postMessage(reply));
else runPage(document.currentScript?.textContent ?? '');
