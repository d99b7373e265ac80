import { OUTAGE, RETRY } from './defaults.ts';

/** Draws the delay before the next attempt with full jitter: up to a bound that doubles with each attempt. */
export function backoffMs(attempts: number, throttled: 'throttled' | 'plain', random: () => number): number {
  const base = throttled === 'throttled' ? RETRY.throttledDelayMs : RETRY.baseDelayMs;
  return random() * Math.min(RETRY.maxDelayMs, base * 2 ** Math.min(attempts - 1, 30));
}

/** Draws the pause before the next probe during an outage; `pauses` counts from 1. */
export function pauseMs(pauses: number, random: () => number): number {
  return (0.5 + 0.5 * random()) * Math.min(OUTAGE.maxPauseMs, OUTAGE.firstPauseMs * 2 ** Math.min(pauses, 30));
}
