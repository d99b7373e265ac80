import { inSlices } from '../checking/slices.ts';
import type { ListedFile, ReleaseData } from '../data.ts';
import { pemOf } from '../judging/listing.ts';
import { groupDigits, showName } from '../judging/names.ts';
import { count } from '../judging/summary.ts';
import { find, make } from './elements.ts';
import { formatBytes } from './units.ts';

/** Shows the data of the release and its key. */
export function showRelease(data: ReleaseData, fingerprint: string): void {
  const { project, ref, commit, createdAt, keyName, algorithm, rehearsal } = data;
  const name = [project, ref].filter(Boolean).map(showName).join(' ');
  document.title = `Check ${name || 'a release'}`;
  find('release', HTMLElement).replaceChildren(make('bdi', '', name || 'a release'));
  const facts = [commit && `commit ${showName(commit.slice(0, 12))}`, `signed ${createdAt.slice(0, 10)}`];
  find('facts', HTMLElement).textContent = facts.filter(Boolean).join(' \u00B7 ');
  find('rehearsal', HTMLElement).hidden = !rehearsal;
  const digits = groupDigits(fingerprint).split(' ');
  find('fingerprint', HTMLElement).replaceChildren(...digits.map((group) => make('span', '', `${group} `)));
  find('key-kind', HTMLElement).textContent = `${keyName}, ${algorithm}`;
  find('key-text', HTMLElement).textContent = pemOf(data.key);
  find('suffix', HTMLElement).textContent = data.suffix;
  showList(data);
}

/** Builds the list, which may be long, when the reader opens it. */
function showList({ files }: ReleaseData): void {
  find('list-title', HTMLElement).textContent = `The list: ${count(files.length, 'file')}`;
  const list = find('list', HTMLElement);
  find('list-box', HTMLDetailsElement).addEventListener('toggle', () => {
    if (list.childElementCount > 0) return;
    void inSlices(files, (file) => list.append(lineOf(file)));
  });
}

function lineOf([path, size, sha256]: ListedFile): HTMLElement {
  return make(
    'li',
    '',
    make('bdi', 'name', showName(path)),
    make('span', 'size', formatBytes(size)),
    make('code', 'hash', sha256),
  );
}
