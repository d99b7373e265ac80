/** Waits for work that cannot be stopped until it ends or the signal aborts; then rejects with the signal's reason, and nobody waits any more. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return Promise.race([aborted.promise, work]).finally(() => signal.removeEventListener('abort', abort));
}
