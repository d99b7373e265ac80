import type { GivenFile } from '../checking/entry.ts';
import { openDrop } from './drop.ts';
import { find } from './elements.ts';

/** Accepts files from the buttons, and files that are dropped anywhere on the page. */
export function watchFiles(onFiles: (given: readonly GivenFile[]) => void, onNote: (text: string) => void): void {
  const fileField = find('files', HTMLInputElement);
  const folderField = find('folder', HTMLInputElement);
  // Phones cannot choose folders.
  if (!Reflect.has(folderField, 'webkitdirectory')) folderField.parentElement?.remove();
  for (const field of [fileField, folderField]) {
    field.addEventListener('change', () => {
      const given = [...(field.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      // Allows the reader to choose the same file again after correcting it.
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
