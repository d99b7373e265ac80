import { ActionError } from '../../src/errors.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';

/** Returns the error that a text for `verify-key` is refused with. */
export function refusal(text: string): ActionError {
  try {
    readVerifyKey(text);
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
