import type { GivenFile } from '../checking/entry.ts';
import { openDrop } from './drop.ts';
import { find } from './elements.ts';

/** Takes files from the buttons and from the whole page as a place to drop them. */
export function watchFiles(onFiles: (given: readonly GivenFile[]) => void, onNote: (text: string) => void): void {
  const fileField = find('files', HTMLInputElement);
  const folderField = find('folder', HTMLInputElement);
  // Phones have no folders to choose.
  if (!Reflect.has(folderField, 'webkitdirectory')) folderField.parentElement?.remove();
  for (const field of [fileField, folderField]) {
    field.addEventListener('change', () => {
      const given = [...(field.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      // The same file can be chosen again after it was mended.
      field.value = '';
      onNote('');
      onFiles(given);
    });
  }
  watchDrops(onFiles, onNote);
}

function watchDrops(onFiles: (given: readonly GivenFile[]) => void, onNote: (text: string) => void): void {
  const mark = (isOver: boolean): void => {
    document.body.toggleAttribute('data-over', isOver);
  };
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer === null) return;
    onNote('Reading the dropped files.');
    void openDrop(event.dataTransfer).then(({ given, note }) => {
      onNote(note);
      onFiles(given);
    });
  });
}
