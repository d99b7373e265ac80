import { Checklist } from './checking/checklist.ts';
import type { ReleaseData } from './data.ts';
import { createListing } from './judging/listing.ts';
import { bytesToHex } from './verifier/bytes.ts';
import { hashOf } from './verifier/digest.ts';
import { find } from './view/elements.ts';
import { watchFingerprint } from './view/fingerprint-field.ts';
import { watchFiles } from './view/intake.ts';
import { showRelease } from './view/release.ts';
import { Results } from './view/results.ts';
import { Hashing } from './worker/hashing.ts';

/** Runs the page: shows the release, and checks given files. `source` is the page's own script. */
export function runPage(source: string): void {
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
    onVerdict: (entry) => results.change(entry),
    onWithdrawn: (entry) => results.change(entry),
    onProgress: () => results.advance(),
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
