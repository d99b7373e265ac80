import { ActionError } from '../errors.ts';
import { type Block, isPrivateLabel } from './block.ts';
import { readBlocks } from './blocks.ts';
import { wrongKind } from './wrong-kind.ts';

/** What the input `key` holds, as far as it can be read. */
export interface KeyInput {
  readonly keys: readonly Block[];
  readonly problems: readonly ActionError[];
  readonly tidied: readonly string[];
}

/** Reads `key`: private keys, and nothing else but what tools write beside them; never throws. */
export function readKeyInput(text: string): KeyInput {
  const { blocks, problems, tidied } = readBlocks('key', text);
  const keys = blocks.filter(({ label }) => isPrivateLabel(label));
  const others = blocks.filter(({ label }) => !isPrivateLabel(label) && label !== 'EC PARAMETERS');
  // A certificate beside the key is harmless: the whole of a combined file was stored.
  const strangers = keys.length > 0 ? others.filter(({ label }) => label !== 'CERTIFICATE') : others;
  const faults = [...problems, ...strangers.map(wrongKind)];
  return { keys, problems: keys.length === 0 && faults.length === 0 ? [noKey()] : faults, tidied };
}

function noKey(): ActionError {
  return new ActionError('IDENTITY_WRONG_KIND', 'input key holds no private key, only EC PARAMETERS', {
    hint: 'Store the block that begins with `-----BEGIN EC PRIVATE KEY-----` too.',
  });
}
