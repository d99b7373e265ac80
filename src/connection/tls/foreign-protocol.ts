/** Protocols by the first bytes of a server; the first match counts. */
const PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/\d/, 'plain HTTP'],
  [/^\s*<(?:!doctype|html|head|title|h1)\b/i, 'plain HTTP'],
  [/^\0\0.[\x04\x07].\0{4}/s, 'HTTP/2'],
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
  [/^0(?:[\0-\x7F]|[\x81-\x84].{1,4}?)\x02\x01.[\x61\x64\x65\x73\x78]/s, 'LDAP'],
  [/^-ERR\b|^-NOAUTH\b/, 'Redis'],
  [/^.{3}\0(?:\x0A\d+\.\d+.*\0|\xFF)/s, 'MySQL'],
  [/^[NS]$|^E(?:\0\0|SFATAL)/, 'PostgreSQL'],
  [/^\xff[\xfb-\xfe]/, 'Telnet'],
];

/** Longest quote of a greeting, in characters. */
const MAX_SHOWN = 60;

/** Names the protocol of a server that sent these bytes, as `speaks SSH`; `undefined` for a TLS record, or no bytes. */
export function nameForeign(bytes: Buffer): string | undefined {
  if (bytes.length === 0 || isTlsRecord(bytes)) return undefined;
  return `speaks ${protocolIn(bytes) ?? 'another protocol'}`;
}

function protocolIn(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  return PROTOCOLS.find(([greeting]) => greeting.test(text))?.[1];
}

/**
 * Does the same with a quote of the bytes, as `speaks SSH (it sent “…”)`. Use it only for bytes that arrive before any
 * secret is sent: a cut quote may show a part of a secret, which no mask recognises.
 */
export function describeForeign(bytes: Buffer): string | undefined {
  const named = nameForeign(bytes);
  const line = /^\s*([^\r\n]+)/.exec(bytes.toString('latin1'))?.[1] ?? '';
  const isText = /^[\x20-\x7E]+$/.test(line);
  if (named === undefined || (!isText && protocolIn(bytes))) return named;
  const shown = isText ? `“${line.slice(0, MAX_SHOWN)}${line.length > MAX_SHOWN ? '…' : ''}”` : bytesShown(bytes);
  return `${named} (it sent ${shown})`;
}

/** Most bytes that are shown. */
const MAX_BYTES = 8;

function bytesShown(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, MAX_BYTES).replace(/..(?=.)/g, '$& ');
  return `the ${bytes.length === 1 ? 'byte' : 'bytes'} ${hex}${bytes.length > MAX_BYTES ? ' …' : ''}`;
}

/** Tells whether bytes start with an alert or a handshake message of any TLS version. */
function isTlsRecord(bytes: Buffer): boolean {
  return (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03;
}
