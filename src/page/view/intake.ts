import type { GivenFile } from '../checking/entry.ts';
import { find } from './elements.ts';

/** Takes files from the buttons and from the whole page as a place to drop them. */
export function watchFiles(onFiles: (given: readonly GivenFile[]) => void, onNote: (text: string) => void): void {
  const fileField = find('files', HTMLInputElement);
  const folderField = find('folder', HTMLInputElement);
  // Phones have no folders to choose.
  if (!Reflect.has(folderField, 'webkitdirectory')) folderField.parentElement?.remove();
  for (const field of [fileField, folderField]) {
    field.addEventListener('change', () => {
      const given = [...(field.files ?? [])].map(fromField);
      // The same file can be chosen again after it was mended.
      field.value = '';
      onNote('');
      onFiles(given);
    });
  }
  watchDrops(onFiles, onNote);
}

function fromField(file: File): GivenFile {
  return { path: file.webkitRelativePath || file.name, file };
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
    void filesOf(event.dataTransfer).then(({ given, note }) => {
      onNote(note);
      onFiles(given);
    });
  });
}

interface Dropped {
  readonly given: readonly GivenFile[];
  readonly note: string;
}

/** Browsers whose folders come without some of the names; the button leaves out none. */
type HandleItem = DataTransferItem & {
  readonly getAsFileSystemHandle: () => Promise<FileSystemHandle | null>;
};

function hasHandles(item: DataTransferItem): item is HandleItem {
  return 'getAsFileSystemHandle' in item;
}

const INCOMPLETE =
  'Your browser leaves out files with unusual names when a folder is dropped. To check every file, use \u201CChoose a folder\u201D.';
const NOTHING = 'Your browser gave no files with this drop. Use the buttons.';

/** Everything must be asked for before the first pause, because the drop is over then. */
async function filesOf({ items, files }: DataTransfer): Promise<Dropped> {
  const plain = [...files].map(fromField);
  const entries = [...items].filter(({ kind }) => kind === 'file');
  const handles = entries.filter(hasHandles).map((item) => item.getAsFileSystemHandle());
  const folders = entries.flatMap((item) => item.webkitGetAsEntry?.() ?? []).filter(({ isDirectory }) => isDirectory);
  if (handles.length > 0) {
    const directories = (await Promise.all(handles)).filter((handle) => handle?.kind === 'directory');
    const inside = await Promise.all(directories.map((handle) => walkHandle(handle as FileSystemDirectoryHandle, '')));
    const names = new Set(directories.map((handle) => handle?.name));
    const given = [...plain.filter(({ path }) => !names.has(path)), ...inside.flat()];
    return { given, note: directories.length > 0 ? INCOMPLETE : given.length === 0 ? NOTHING : '' };
  }
  const inside = await Promise.all(folders.map(walkEntry));
  const names = new Set(folders.map(({ name }) => name));
  const given = [...plain.filter(({ path }) => !names.has(path)), ...inside.flat()];
  return { given, note: given.length === 0 ? NOTHING : '' };
}

async function walkHandle(directory: FileSystemDirectoryHandle, above: string): Promise<GivenFile[]> {
  const path = `${above}${directory.name}/`;
  const given: GivenFile[] = [];
  try {
    for await (const handle of directory.values()) {
      if (handle.kind === 'directory') given.push(...(await walkHandle(handle as FileSystemDirectoryHandle, path)));
      else given.push(await readHandle(path + handle.name, handle as FileSystemFileHandle));
    }
  } catch {
    given.push({ path, file: new LostFile(path) });
  }
  return given;
}

async function readHandle(path: string, handle: FileSystemFileHandle): Promise<GivenFile> {
  return { path, file: await handle.getFile().catch(() => new LostFile(path)) };
}

/** Stands for a file that the browser names but does not give, so that it gets its verdict: it could not be read. */
class LostFile extends File {
  constructor(path: string) {
    super([], path);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new Error('The browser did not give this file.'));
  }

  override text(): Promise<string> {
    return Promise.reject(new Error('The browser did not give this file.'));
  }
}

async function walkEntry(entry: FileSystemEntry): Promise<GivenFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise<File>((resolve) =>
      (entry as FileSystemFileEntry).file(resolve, () => resolve(new LostFile(path))),
    );
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const given: GivenFile[] = [];
  for (;;) {
    // A call answers with some of the entries, and with none at the end.
    const some = await new Promise<FileSystemEntry[] | undefined>((resolve) =>
      reader.readEntries(resolve, () => resolve(undefined)),
    );
    if (some === undefined) return [...given, { path: `${path}/`, file: new LostFile(path) }];
    if (some.length === 0) return given;
    for (const each of some) given.push(...(await walkEntry(each)));
  }
}
