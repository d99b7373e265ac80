import { ActionError, toActionError } from '../errors.ts';
import { explainInvalid, isValid, type Verification } from '../verifying/check.ts';
import { CANARY, type CanaryOutcome } from './canary.ts';
import { type Finding, failed, notChecked, passed, warned } from './finding.ts';

/** Largest clock difference without a warning; `Date` has whole seconds, and stricter services would refuse clients. */
const MAX_SKEW_MS = 30_000;

/** Returns the findings about the canary and its answer; `reason` tells why it was not sent. */
export async function describeCanary(
  outcome: CanaryOutcome | undefined,
  reason: string,
  verification: Verification | undefined,
): Promise<Finding[]> {
  if (outcome === undefined) {
    return ['canary request', 'signature', 'clock'].map((check) => notChecked(check, reason));
  }
  return [describeRequest(outcome), await describeSignature(outcome, verification), describeClock(outcome)];
}

function describeRequest({ text, failure, firstFailure, ms }: CanaryOutcome): Finding {
  if (failure) return failed('canary request', failure, ms);
  const signed = `${CANARY.length} bytes signed: the signature has ${text?.length ?? 0} characters`;
  if (firstFailure === undefined) return passed('canary request', signed, ms);
  const what = `${signed}, but only at the second try; first: ${firstFailure.message}`;
  return { ...warned('canary request', what, firstFailure.hint), ms };
}

async function describeSignature({ text }: CanaryOutcome, verification: Verification | undefined): Promise<Finding> {
  if (text === undefined) return notChecked('signature', 'the canary was not signed');
  if (verification === undefined) return notChecked('signature', 'verify-key is empty');
  const startedAt = performance.now();
  const problem = await findFault(text, verification);
  const ms = performance.now() - startedAt;
  if (problem) return failed('signature', problem, ms);
  const { key, algorithm } = verification.verifier;
  return passed('signature', `valid as ${algorithm.name} with the public key ${key.spkiSha256}`, ms);
}

async function findFault(text: string, verification: Verification): Promise<ActionError | undefined> {
  const { verifier, encoding } = verification;
  try {
    if (await isValid(text, verifier.whole(CANARY), encoding)) return undefined;
    const { error } = await explainInvalid('canary', { read: () => [CANARY] }, { ...verification, text });
    return new ActionError(
      'SIGNATURE_INVALID',
      `the signature of the canary is not valid for its bytes (${verifier.algorithm.name})`,
      { hint: error.hint ?? '' },
    );
  } catch (error) {
    return toActionError(error, 'SIGNATURE_INVALID', 'the signature of the canary cannot be checked');
  }
}

function describeClock({ skewMs }: CanaryOutcome): Finding {
  if (skewMs === undefined) return notChecked('clock', 'no answer of the service gave its time');
  const seconds = Math.round(skewMs / 1000);
  if (Math.abs(skewMs) <= MAX_SKEW_MS) {
    return passed('clock', `the clocks of the service and of this machine agree within ${Math.abs(seconds) + 1} s`);
  }
  return warned(
    'clock',
    `the clock of the service is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine's`,
    "Correct whichever clock is wrong. Requests are dated by the service's clock once it refuses one.",
  );
}
