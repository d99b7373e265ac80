import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

// Loaded ahead of the program with --import: waits of a second and more take a twentieth of their time.
const SPEED = 20;
const shorten = (delay: unknown): unknown => (typeof delay === 'number' && delay >= 1000 ? delay / SPEED : delay);

/** Keeps everything else of a function of timers: its result and its form for `promisify`. */
function hurry<T extends (...args: never[]) => unknown>(wait: T, position: number): T {
  return new Proxy(wait, {
    apply: (target, self, args: unknown[]) =>
      Reflect.apply(target, self, Object.assign([...args], { [position]: shorten(args[position]) })),
  });
}

timers.setTimeout = hurry(timers.setTimeout, 1);
globalThis.setTimeout = timers.setTimeout;
promises.setTimeout = hurry(promises.setTimeout, 0);
syncBuiltinESMExports();
