import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const DESCRIPTORS = '/proc/self/fd';

/** The open files of this process that lie in a directory; none where the system does not tell. */
export function openFilesIn(directory: string): string[] {
  if (!existsSync(DESCRIPTORS)) return [];
  return readdirSync(DESCRIPTORS).flatMap((name) => {
    try {
      const target = readlinkSync(join(DESCRIPTORS, name));
      return target.startsWith(directory) ? [target] : [];
    } catch {
      return [];
    }
  });
}
