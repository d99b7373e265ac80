import { readdirSync, unlinkSync } from 'node:fs';
import { codeOf } from '../../errors.ts';
import { repeatWhileHeld } from '../../held.ts';
import { ownerOf } from '../temporary.ts';

/** Lists the temporary files in a directory that no process will rename: those of dead ones, and of the given one, which is between two writes. */
export function leftoversIn(directory: string, processId: number): string[] {
  return namesIn(directory).filter((name) => {
    const owner = ownerOf(name);
    return owner !== undefined && (owner === processId || !isAlive(owner));
  });
}

/** Removes a temporary file, for which it waits while another program has it open; tells whether that was possible. */
export function removeLeftover(location: string): boolean {
  try {
    repeatWhileHeld(() => unlinkSync(location));
    return true;
  } catch {
    return false;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Not there yet, or not ours to read: writing will tell.
    return [];
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
