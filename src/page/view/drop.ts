import type { GivenFile } from '../checking/entry.ts';

/** The dropped files, and a note for the reader. */
interface Dropped {
  readonly given: readonly GivenFile[];
  readonly note: string;
}

const INCOMPLETE =
  'Your browser leaves out files with unusual names when a folder is dropped. To check every file, use \u201CChoose a folder\u201D.';
const NOTHING = 'Your browser gave no files with this drop. Use the buttons.';

/** Reads the dropped files, and those in dropped folders. */
export async function openDrop({ items, files }: DataTransfer): Promise<Dropped> {
  // All items must be opened before the first `await`, after which the drop is over.
  const opened = [...items].filter(({ kind }) => kind === 'file').map(openItem);
  const alone = opened.length > 0 ? [] : [...files];
  const given = alone.map((file): GivenFile => ({ path: file.name, file }));
  let isIncomplete = false;
  for (const { file, entry, handle } of opened) {
    const directory = await handle;
    if (directory) {
      isIncomplete = true;
      await walkHandle(directory, { above: '', given });
    } else if (entry) await walkEntry(entry, given);
    else if (file) given.push({ path: file.name, file });
  }
  return { given, note: isIncomplete ? INCOMPLETE : given.length === 0 ? NOTHING : '' };
}

/** An item of browsers that leave out some names of a dropped folder; the button leaves out none. */
type HandleItem = DataTransferItem & {
  readonly getAsFileSystemHandle: () => Promise<FileSystemHandle | null>;
};

function hasHandle(item: DataTransferItem): item is HandleItem {
  return 'getAsFileSystemHandle' in item;
}

interface OpenedItem {
  readonly file: File | null;
  /** The folder, in browsers that have no handles. */
  readonly entry: FileSystemDirectoryEntry | undefined;
  /** The folder, in browsers that have handles. */
  readonly handle: Promise<FileSystemDirectoryHandle | undefined> | undefined;
}

function openItem(item: DataTransferItem): OpenedItem {
  const file = item.getAsFile();
  if (hasHandle(item)) {
    const handle = item.getAsFileSystemHandle().then(
      (found) => (found?.kind === 'directory' ? (found as FileSystemDirectoryHandle) : undefined),
      // Without a handle, the folder gets the verdict of an unreadable file.
      () => undefined,
    );
    return { file, entry: undefined, handle };
  }
  const entry = item.webkitGetAsEntry?.();
  return { file, entry: entry?.isDirectory ? (entry as FileSystemDirectoryEntry) : undefined, handle: undefined };
}

interface Walk {
  /** Path of the parent directory, which ends in `/` unless it is empty. */
  readonly above: string;
  /** Collects the files; passing arrays of 100,000 files from folder to folder would be slow. */
  readonly given: GivenFile[];
}

async function walkHandle(directory: FileSystemDirectoryHandle, { above, given }: Walk): Promise<void> {
  const path = `${above}${directory.name}/`;
  try {
    for await (const handle of directory.values()) {
      if (handle.kind === 'directory') await walkHandle(handle as FileSystemDirectoryHandle, { above: path, given });
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
