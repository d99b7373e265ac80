// Every number of the policy on one page, each with its reason. Times are in milliseconds. What users set (concurrency,
// attempts, timeout, deadline) is an input of the action and stands in action.yml.

/** When a failed attempt of one file is repeated. */
export const RETRY = {
  /** Bound of the first delay; it doubles with each attempt of the file, and the delay is drawn between 0 and the bound. */
  baseDelayMs: 200,
  /** The same after 429 and 503, with which the service asks for fewer requests, not only for another one. */
  throttledDelayMs: 1000,
  /** Largest bound: later repeats gain nothing from waiting longer. */
  maxDelayMs: 10_000,
  /** A `Retry-After` is lengthened by a random part of this, so that the files that wait for it do not start together. */
  retryAfterSpreadMs: 250,
  /** A longer `Retry-After` ends the run: another run asks again. */
  maxRetryAfterMs: 120_000,
} as const;

/** When the service counts as down, and for how long it is asked again. */
export const OUTAGE = {
  /** Failures of the service in a row, without a success between them, that shut the gate for every file. */
  failures: 8,
  /**
   * Largest number of rows of failed files that count as a failure of the service, although each answer, such as 500,
   * concerns one request. Without this rule, a service that fails for good gets 8 requests for each file instead of 60;
   * with more rows, a run in which half of the files can never be signed only takes longer.
   */
  rows: 4,
  /** How long failures of all files that are left count as an outage, in milliseconds: a restart takes less. */
  allFailedMs: 60_000,
  /**
   * With at most this many files left, none is lost to failures of the service alone: the gate shuts and the files become
   * probes. Where half of all requests fail, 500 files are signed in 49 of 50 runs with this rule, in 10 without it.
   */
  endgameFiles: 32,
  /** Bound of the first pause before a probe; it doubles with each probe, and the pause is drawn from its upper half. */
  firstPauseMs: 250,
  /** Largest bound: a service that is back is found at most this much later. */
  maxPauseMs: 10_000,
  /** Bounds of the pauses before the probes after a 401 or 403, because rules of firewalls look at several seconds or minutes. */
  unauthorisedPausesMs: [2000, 8000, 20_000],
  /** A run without any success ends after this time of failures only: the cause is likely a setting. */
  noProgressBeforeSuccessMs: 60_000,
  /** A run that had successes ends after this time of failures only: the cause is likely an outage. */
  noProgressMs: 180_000,
} as const;

/** How long a run goes on whose machine allows no more open files and connections. */
export const SHORTAGE = {
  /** Delay of the first repeat; each later delay is as long as the shortage has lasted. */
  firstDelayMs: 10,
  /** Largest delay: descriptors that come free are found at most this much later. */
  maxDelayMs: 1000,
  /** A shortage this long ends the run when nothing is in flight: another process holds what this one would need. */
  noProgressMs: 10_000,
} as const;

/** How many failures of one kind end a run; failures of the kind `config` end it at once. */
export const ENDINGS = {
  /** Before the first success: attempts of the canary that bring an answer that no signing service gives. */
  canaryAttempts: 2,
  /** Before the first success: different files that the service refuses, or answers in a form without a signature. */
  refusedFiles: 4,
  /** Before the first success: different files whose signature does not fit verify-key. */
  unfitFiles: 3,
  /** Before the first success: attempts that find no address for the server's name. */
  notFoundAttempts: 3,
  /** After a success: probes in a row that are refused with 401 or 403. */
  unauthorisedProbes: 3,
  /** After a success: time in which nothing but 401 and 403 comes. */
  unauthorisedMs: 60_000,
  /** After a success: attempts in a row whose connection leads to a node that TLS refuses, each begun after the one before. */
  badNodesInRow: 6,
  /** The same attempts, of the whole run and begun at any time: so many more than signed files. */
  badNodesBeyondFiles: 10,
  /** The same while an older attempt waits for its answer, and so is at a good node. */
  badNodesBesideGoodOne: 128,
} as const;

/** How the number of requests in flight starts and grows. */
export const GROWTH = {
  /** Requests in flight once the canary has its answer, or once its head start is over. */
  start: 12,
  /**
   * Each success adds one request up to this number: on a very fast service time alone would add none. 5,000 small files
   * take about a tenth less than with 12. More than 24 makes no difference over HTTP/1.1, but does over HTTP/2, where a
   * request in flight costs no handshake.
   */
  answered: 48,
  /** At most one connection for so many files: one more handshake costs both sides as much as dozens of small requests. */
  filesPerConnection: 64,
  /** Most requests in flight before the first success of a run that needs several waves, so that a dead service gets few. */
  unanswered: 40,
  /** Time between two looks at a run whose slots are all busy. */
  tickMs: 5,
  /** Added per tick in which no request ended: the service is slow, and more requests in flight shorten the run. */
  silentStep: 25,
  /** Failures within this time of each other halve the number once. */
  pushBackGraceMs: 250,
  /**
   * Added per round of successes after the service asked for fewer requests, instead of 1. Growth reaches a rate limit again
   * and again: a service that takes 50 requests per second got 2.7 requests per file with whole steps, 1.7 with these.
   */
  throttledStep: 0.25,
} as const;

/** The head start of the canary, the first request of a run, during which no other request is sent. */
export const HEAD_START = {
  /** Time after the handshake of the canary, besides two round trips, at which the other files start without its answer. */
  lengthMs: 50,
  /** Time after which connections are opened for the other files: a service that answers faster needs no more of them. */
  prepareAfterMs: 12,
  /** The head start is waited for in steps of this length: on a busy machine, where answers are as late as timers are, it lasts longer. */
  stepMs: 5,
  /** From this slowdown of the clock on its length is multiplied by it; below, cold disks and threads explain it. */
  slowFrom: 1.5,
  /** Largest factor by which a busy machine lengthens it. */
  maxSlowdown: 10,
} as const;
