import type { GivenFile } from '../checking/entry.ts';
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

const INCOMPLETE =
  'Your browser leaves out files with unusual names when a folder is dropped. To check every file, use \u201CChoose a folder\u201D.';
const NOTHING = 'Your browser gave no files with this drop. Use the buttons.';

/** Reads the dropped files, and those in dropped folders; `note` is for the reader. */
async function openDrop({
  items,
  files,
}: DataTransfer): Promise<{ readonly given: GivenFile[]; readonly note: string }> {
  // All items must be opened before the first `await`, after which the drop is over.
  const opened = [...items].filter(({ kind }) => kind === 'file').map(openItem);
  const alone = opened.length > 0 ? [] : [...files];
  const given = alone.map((file): GivenFile => ({ path: file.name, file }));
  let isIncomplete = false;
  for (const { file, entry, handle } of opened) {
    const found = await handle;
    if (found?.kind === 'directory') {
      isIncomplete = true;
      await walkHandle(found as FileSystemDirectoryHandle, '', given);
    } else if (entry?.isDirectory) await walkEntry(entry as FileSystemDirectoryEntry, given);
    else if (file) given.push({ path: file.name, file });
  }
  return { given, note: isIncomplete ? INCOMPLETE : given.length === 0 ? NOTHING : '' };
}

/** Opens an item; browsers with handles leave out some names of a dropped folder, of which the button leaves out none. */
function openItem(item: DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }) {
  // Without a handle, the folder gets the verdict of an unreadable file.
  const handle = item.getAsFileSystemHandle?.().catch(() => null);
  return { file: item.getAsFile(), handle, entry: handle ? null : item.webkitGetAsEntry?.() };
}

/** Adds the files of a folder to `given`, because arrays of 100,000 files would be slow to pass on; `above` is empty or ends in `/`. */
async function walkHandle(directory: FileSystemDirectoryHandle, above: string, given: GivenFile[]): Promise<void> {
  const path = `${above}${directory.name}/`;
  try {
    for await (const handle of directory.values()) {
      if (handle.kind === 'directory') await walkHandle(handle as FileSystemDirectoryHandle, path, given);
      else given.push(await readHandle(path + handle.name, handle as FileSystemFileHandle));
    }
  } catch {
    given.push({ path, file: new LostFile(path) });
  }
}

async function readHandle(path: string, handle: FileSystemFileHandle): Promise<GivenFile> {
  return { path, file: await handle.getFile().catch(() => new LostFile(path)) };
}

/** Placeholder for a file that the browser lists but does not provide; its verdict is that it could not be read. */
class LostFile extends File {
  constructor(path: string) {
    super([], path);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new Error('The browser did not give this file.'));
  }
}

async function walkEntry(directory: FileSystemDirectoryEntry, given: GivenFile[]): Promise<void> {
  const reader = directory.createReader();
  for (;;) {
    // Each call returns some of the entries, and none at the end.
    const some = await new Promise<FileSystemEntry[] | undefined>((resolve) =>
      reader.readEntries(resolve, () => resolve(undefined)),
    );
    if (some === undefined) given.push({ path: `${pathOf(directory)}/`, file: new LostFile(directory.name) });
    if (some === undefined || some.length === 0) return;
    for (const each of some) {
      if (each.isDirectory) await walkEntry(each as FileSystemDirectoryEntry, given);
      else given.push(await readEntry(each as FileSystemFileEntry));
    }
  }
}

async function readEntry(entry: FileSystemFileEntry): Promise<GivenFile> {
  const path = pathOf(entry);
  const file = await new Promise<File>((resolve) => entry.file(resolve, () => resolve(new LostFile(path))));
  return { path, file };
}

function pathOf({ fullPath }: FileSystemEntry): string {
  return fullPath.replace(/^\//, '');
}
