// Plays the steps of the input `script`: [["out", text], ["err", text], ["file", "OUTPUT", text, times], ["dump"], ["wait", ms], ["exit", 3], ["die", "SIGKILL"], ["hang"]].
import { appendFileSync, writeSync } from 'node:fs';

const steps = {
  out: (text) => writeSync(1, text),
  err: (text) => writeSync(2, text),
  file: (name, text, times = 1) => appendFileSync(process.env[`GITHUB_${name}`], text.repeat(times)),
  dump: () => writeSync(1, `ENV ${JSON.stringify({ ...process.env, cwd: process.cwd(), args: process.execArgv })}\n`),
  wait: (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  exit: (code) => process.exit(code),
  die: (signal) => {
    process.kill(process.pid, signal);
    hang();
  },
  hang,
};

function hang() {
  process.on('SIGINT', () => process.exit(130));
  setInterval(() => {}, 1000);
  writeSync(1, 'hanging\n');
}

for (const [name, ...rest] of JSON.parse(process.env.INPUT_SCRIPT)) steps[name](...rest);
