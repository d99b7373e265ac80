import { ActionError } from '../errors.ts';
import { orAborted } from '../signing/schedule/clock.ts';
import type { RunnerFacts } from './facts.ts';

/** Builds the error of a job that cannot draw OIDC tokens. */
export function idTokenMissing(): ActionError {
  return new ActionError(
    'ID_TOKEN_MISSING',
    'This job cannot request an OIDC token, by which the service knows the job.',
    {
      hint: 'Give the job permissions: id-token: write, in the calling workflow as well. Pull requests of forks and runs of Dependabot never get a token.',
    },
  );
}

/** Longest wait for a token, in milliseconds; the library alone would wait for minutes. */
const ID_TOKEN_MS = 20_000;

/** Draws an OIDC token of this job for an audience with the function of a library. */
export async function drawIdToken(
  draw: () => Promise<unknown>,
  audience: string,
  { hasIdTokens }: RunnerFacts,
): Promise<string> {
  if (!hasIdTokens) throw idTokenMissing();
  try {
    const token = await orAborted(draw(), AbortSignal.timeout(ID_TOKEN_MS));
    if (typeof token !== 'string') throw new TypeError('the value in the answer is not text');
    return token;
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    const status = /Error Code : (\d{3})/.exec(text)?.[1];
    const late = error instanceof DOMException ? `no answer within ${ID_TOKEN_MS / 1000} s` : '';
    const told = status === undefined ? late || (error instanceof TypeError ? text : '') : `it answered ${status}`;
    const why = told && `: ${told}`;
    const sentence = `The token service of the runner gave no OIDC token for the audience ${audience}${why}.`;
    throw new ActionError('ID_TOKEN_REFUSED', sentence, {
      hint: 'Run the job again; if this repeats, check oidc-audience and the status page of the CI system.',
      cause: error,
    });
  }
}
