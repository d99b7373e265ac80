/** Start of the names of our temporary files. */
export const TEMPORARY_PREFIX = '.mtls-release-signing-';

const NAME = /^\.mtls-release-signing-(\d+)-\d+\.tmp$/;

/** Names a temporary file of a process. */
export function temporaryName(processId: number, number: number): string {
  return `${TEMPORARY_PREFIX}${processId}-${number}.tmp`;
}

/** Returns the process that a temporary file was made by; `undefined` for any other name, whatever it begins with. */
export function ownerOf(name: string): number | undefined {
  const owner = NAME.exec(name)?.[1];
  return owner === undefined ? undefined : Number(owner);
}
