/** Prefix of this action's temporary files. */
export const TEMPORARY_PREFIX = '.mtls-release-signing-';

const NAME = /^\.mtls-release-signing-(\d+)-\d+\.tmp$/;

/** Returns the name of a temporary file of a process. */
export function temporaryName(processId: number, number: number): string {
  return `${TEMPORARY_PREFIX}${processId}-${number}.tmp`;
}

/** Returns the process that made a temporary file; `undefined` for any other name, even with the same prefix. */
export function ownerOf(name: string): number | undefined {
  const owner = NAME.exec(name)?.[1];
  return owner === undefined ? undefined : Number(owner);
}
