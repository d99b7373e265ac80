import { ActionError } from '../errors.ts';
import type { InputName } from './block.ts';

/** The texts of the four inputs as they came; an absent one is `undefined` or empty. */
export interface IdentityText {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly chain: string | undefined;
}

/** Tells whether an input holds nothing but white space. */
export function isBlank(text: string | undefined): text is undefined | '' {
  return text === undefined || text.trim() === '';
}

/** Builds the problem for an input that is needed and empty. */
export function inputEmpty(input: InputName): ActionError {
  return new ActionError(
    'CONFIG_EMPTY',
    `input ${input} is empty — secrets are not given to pull requests from forks`,
    {
      hint: "On any other event: check the spelling of the secret's name, that it exists in this repository or environment, and that a called workflow is passed it.",
    },
  );
}
