// Loaded ahead of the program with --import: a wall clock that is wrong, or jumps. The monotonic clock stays as it is.
const {
  offsetMs = 0,
  jumpMs = 0,
  afterCalls = 0,
  stepMs = 0,
}: Partial<Record<string, number>> = JSON.parse(process.env['WRONG_CLOCK'] ?? '{}');
const real = Date.now;
let calls = 0;
Date.now = () => real() + offsetMs + (++calls > afterCalls ? jumpMs : 0) + calls * stepMs;
