/** In which circle of tests a fault is met: every change, real servers of other makes, or hours. */
export type Circle = 'test' | 'peers' | 'soak';

/** A test that meets a fault: its file below `__tests__/`, and words of its title as they stand there. */
export interface Holder {
  readonly circle: Circle;
  readonly file: string;
  readonly title: string;
}

const circleOf = (file: string): Circle =>
  file.startsWith('peers/') ? 'peers' : file.startsWith('soak/') ? 'soak' : 'test';

/** Names a test by its file, without `.test.ts`, and words of its title. */
const held = (file: string, title: string): Holder => ({ circle: circleOf(file), file: `${file}.test.ts`, title });

const SERVER = 'preflight/broken-server';
const IDENTITY = 'preflight/broken-identity';
const STATUS = 'faults/status';
const LINK = 'faults/connection';
const BODY = 'faults/body';
const FILES = 'faults/files';
const RUNNER = 'faults/runner';
const FRONTS = 'peers/http/fronts';
const DISK = 'peers/disk/disk';

/** Every fault the action is built against, by the number of its row, and the tests that meet it. */
export const ROWS: Readonly<Record<string, readonly Holder[]>> = {
  // TLS, the server's side.
  1: [held(SERVER, 'expired: its end and our clock'), held('scenarios/refusal', 'has expired')],
  2: [held(SERVER, 'not yet valid: its begin and our clock')],
  3: [held(SERVER, 'for another host: the names it bears'), held('scenarios/refusal', 'has another name')],
  4: [held(SERVER, 'that names its host in the subject only: a warning')],
  5: [held(SERVER, 'without its intermediate'), held('preflight/program', 'what an untrusted server sent')],
  6: [held(SERVER, "test('self-signed'")],
  7: [held('preflight/sound', 'the %s alone is enough')],
  8: [held(SERVER, 'meant for clients')],
  9: [held('preflight/sound', 'are green over TLS 1.2 as well')],
  10: [held(SERVER, 'TLS 1.1 only')],
  11: [held(SERVER, 'plain HTTP')],
  12: [held('faults/environment', 'row 12: an environment that an earlier step has poisoned')],
  // TLS, our identity.
  13: [held('identity/broken', 'empty inputs'), held('scenarios/events', 'runs without credentials')],
  14: [held(IDENTITY, 'a key of another certificate'), held('scenarios/refusal', 'a key of another certificate')],
  15: [held(IDENTITY, 'an encrypted key with a wrong passphrase')],
  16: [held('peers/tls/client-rejected', 'refuses: %s'), held('scenarios/refusal', 'gets no request at all')],
  17: [
    held('peers/tls/client-rejected', "['TLSv1.2', 'TLSv1.3']"),
    held(FRONTS, 'row 17, stunnel without its service'),
  ],
  18: [
    held('peers/tls/client-rejected', 'MAKES'),
    held('signing/response', '400 No required SSL certificate was sent'),
  ],
  19: [held(IDENTITY, 'an expired certificate, with its date'), held(IDENTITY, 'a certificate that ends soon')],
  20: [held(IDENTITY, 'a small RSA key'), held(IDENTITY, 'a SHA-1 certificate')],
  21: [held('identity/shapes', 'UTF-8 byte order mark'), held('preflight/sound', 'CRLF, BOM and text around')],
  22: [held('identity/shapes', 'one line with blanks'), held('preflight/sound', 'base64 of PEM')],
  23: [held('preflight/sound', 'PKCS#12 in base64'), held('preflight/sound', 'DER in base64')],
  24: [held('identity/formats', 'root first becomes leaf'), held('preflight/sound', 'root first')],
  25: [held(IDENTITY, 'a certificate that is cut off'), held(IDENTITY, 'a certificate request')],
  26: [held(IDENTITY, 'may not hold a second block that is broken')],
  27: [held(IDENTITY, 'gets the hint that its intermediate is missing')],
  // HTTP status.
  28: [held(STATUS, 'row 28: a redirect')],
  29: [
    held(STATUS, 'row 29: 401 and 403'),
    held('faults/clock', 'row 29: a refusal of a request that was over a minute old'),
  ],
  30: [held(STATUS, 'row 30: 400, 404, 405, 415, 422')],
  31: [held(STATUS, 'rows 31 and 36')],
  32: [held(STATUS, 'row 32: 413'), held(FRONTS, 'row 32: nginx refuses a file for its size')],
  33: [
    held('faults/throttling', 'row 33: %i with Retry-After'),
    held(FRONTS, 'row 33: nginx that takes 20 requests a second'),
  ],
  34: [held('faults/throttling', 'row 34: dates count from the Date')],
  35: [held(STATUS, 'row 35: 500 is tried again')],
  36: [held(STATUS, 'rows 31 and 36'), held(FRONTS, 'rows 36, 39 and 41')],
  37: [held(STATUS, 'row 37: what no repeat can change')],
  // Transport.
  38: [held('faults/reach', 'row 38: a host name')],
  39: [held('faults/reach', 'row 39: a port that refuses'), held('soak/dead', 'a service that is dead')],
  40: [held('faults/outage', 'row 40: a connection that is never answered'), held('soak/dead', 'black hole')],
  41: [
    held(LINK, 'row 41: a connection lost before, during or after'),
    held(LINK, 'row 41: the same on the very first'),
  ],
  42: [held(LINK, 'row 42: a reused connection'), held('peers/http/keep-alive', 'row 42: of 4,000 requests')],
  43: [held(LINK, 'rows 43 and 44'), held(FRONTS, 'row 43, haproxy loses its service')],
  44: [held(LINK, 'row 44: half an answer')],
  45: [held(LINK, 'row 45: silence, slow headers and a slow body')],
  46: [held(LINK, 'row 46: a header of 1 MB'), held(BODY, 'row 46: an answer of 50 MB')],
  47: [held(LINK, 'row 47: what is not HTTP/1.1')],
  48: [held(LINK, 'row 48: an unasked 100')],
  49: [held(LINK, 'row 49: HTTP/2')],
  50: [held('faults/proxy', 'row 50: the proxy of the environment'), held('peers/proxy/proxies', 'row 50: through %s')],
  // Body.
  51: [held(BODY, 'row 51: a web page with status 200')],
  52: [held(BODY, 'rows 52 and 53')],
  53: [held(BODY, 'rows 52 and 53')],
  54: [held(BODY, 'row 54: signData')],
  55: [held(BODY, 'row 55: with verify-key')],
  56: [held(BODY, 'row 56: a compressed answer')],
  // Clock.
  57: [
    held('faults/clock', 'row 57: a runner whose clock is %s'),
    held('faults/clock', 'row 57: a clock that jumps back'),
  ],
  // Files.
  58: [held(FILES, 'rows 58 and 59'), held(FILES, 'row 58: a name too long'), held(DISK, 'row 58: who may not read')],
  59: [held(FILES, 'rows 58 and 59'), held('signing/changing-file', 'test')],
  60: [held(FILES, 'rows 60 and 61'), held('soak/large', '400 MiB, where one base64 string ends')],
  61: [held(FILES, 'rows 60 and 61'), held(DISK, 'row 61: a device')],
  62: [held(FILES, 'row 62: names'), held('scenarios/hostile-names', 'no command, no mask and no markup')],
  63: [held(FILES, 'row 63: what stands where a signature goes'), held(DISK, 'row 63: the disk')],
  // Runner and upload.
  '64a': [
    held(RUNNER, 'row 64a: cancelled'),
    held('scenarios/cancel', 'by SIGKILL, ten times'),
    held('soak/kill', 'kills at random moments'),
  ],
  '64b': [held('faults/environment', 'row 64b: a crash report'), held('scenarios/secrets', 'appear nowhere')],
  '64c': [held('scenarios/upload', 'of the same name is an error'), held('scenarios/upload', 'is replaced with %s')],
  '64d': [held(RUNNER, 'row 64d: an upload that fails'), held('soak/stalled-upload', 'row 64d: an upload that stalls')],
  '64e': [held('scenarios/upload', 'is skipped with one notice on GitHub Enterprise Server')],
};
