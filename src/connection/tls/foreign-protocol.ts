/** Protocols by what a server says first; the first one that fits counts. */
const PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/\d/, 'plain HTTP'],
  [/^\s*<(?:!doctype|html|head|title|h1)\b/i, 'plain HTTP'],
  [/^\0\0.[\x04\x07].\0{4}/s, 'HTTP/2 without TLS'],
  [/^SSH-/, 'SSH'],
  [/^[245]\d\d[ -][^\n]*FTP/i, 'FTP'],
  [/^[245]\d\d[ -][^\n]*\bE?SMTP\b/i, 'SMTP'],
  [/^\* (?:OK|BYE|PREAUTH)\b/, 'IMAP'],
  [/^\+OK\b/, 'POP3'],
  [/^RFB \d/, 'VNC'],
  [
    /^PROXY (?:TCP|UNKNOWN)|^\r\n\r\n\0\r\nQUIT\n/,
    'the PROXY protocol, which balancers speak to servers and not to clients',
  ],
  [/^AMQP/, 'AMQP'],
  [/^-ERR\b|^-NOAUTH\b/, 'Redis'],
  [/^.{3}\0(?:\x0A\d+\.\d+.*\0|\xFF)/s, 'MySQL'],
  [/^[NS]$|^E(?:\0\0|SFATAL)/, 'PostgreSQL'],
  [/^\xff[\xfb-\xfe]/, 'Telnet'],
];

/** Most characters of a greeting that a sentence shows. */
const MAX_SHOWN = 60;

/** Says what a server that sent these bytes does, as `speaks SSH (it sent “…”)`; `undefined` for a record of TLS, other bytes, and none. */
export function describeForeign(bytes: Buffer): string | undefined {
  if (bytes.length === 0 || isTlsRecord(bytes)) return undefined;
  const text = bytes.toString('latin1');
  const protocol = PROTOCOLS.find(([greeting]) => greeting.test(text))?.[1];
  const line = /^\s*([^\r\n]+)/.exec(text)?.[1] ?? '';
  const shown = /^[\x20-\x7E]+$/.test(line)
    ? ` (it sent “${line.slice(0, MAX_SHOWN)}${line.length > MAX_SHOWN ? '…' : ''}”)`
    : '';
  if (protocol) return `speaks ${protocol}${shown}`;
  return shown === '' ? undefined : `speaks another protocol${shown}`;
}

/** Tells whether bytes begin an alert or a message of a handshake, in any version of TLS. */
export function isTlsRecord(bytes: Buffer): boolean {
  return (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03;
}
