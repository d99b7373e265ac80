import { describe, expect, test } from 'vitest';
import {
  type ConnectionFacts,
  connectionFailure,
  lostRow,
  toFailure,
} from '../../src/connection/connection-failure.ts';
import { dialFailure } from '../../src/connection/dialling/dial-failure.ts';
import { Http2Trial } from '../../src/connection/http2-errors.ts';
import { Failure } from '../../src/signing/policy/failure.ts';

const FACTS: ConnectionFacts = { origin: 'https://signer.example', alert: undefined, stale: false };

/** An error as Node, OpenSSL and undici make them. */
function failed(code: string | undefined, message = 'failed', name = 'Error'): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}

function summary({ kind, code, facts }: Failure): unknown[] {
  return [kind, code, ...(facts.endsRun ? [facts.endsRun] : []), ...(facts.maxAttempts ? [facts.maxAttempts] : [])];
}

/** Every failure says where, what happened and what to do, in whole sentences. */
function expectExplained({ message, hint }: Failure): void {
  expect(message).toMatch(/^https:\/\/signer\.example: \w.{15,}[^.]\.$/);
  expect(hint).toMatch(/^[A-Z].{15,}\.$/);
}

test.each([
  ['ENOTFOUND', ['request', 'DNS_NOT_FOUND', 'not-found', 3]],
  ['EAI_AGAIN', ['service', 'DNS_UNAVAILABLE']],
  ['ECONNREFUSED', ['service', 'CONNECT_REFUSED']],
  ['EHOSTUNREACH', ['service', 'CONNECT_UNREACHABLE']],
  ['ENETUNREACH', ['service', 'CONNECT_UNREACHABLE']],
  ['EADDRNOTAVAIL', ['service', 'CONNECT_UNREACHABLE']],
  ['UND_ERR_HEADERS_OVERFLOW', ['file', 'RESP_TOO_LARGE']],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', ['file', 'FILE_CHANGED']],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', ['request', 'HTTP_MALFORMED', 'canary-twice']],
  ['HPE_INVALID_CONSTANT', ['request', 'HTTP_MALFORMED', 'canary-twice']],
  ['ECONNRESET', ['service', 'CONNECTION_LOST']],
  ['EPIPE', ['service', 'CONNECTION_LOST']],
  ['UND_ERR_SOCKET', ['service', 'CONNECTION_LOST']],
  ['UND_ERR_CONNECT_TIMEOUT', ['service', 'CONNECTION_LOST']],
  ['ETIMEDOUT', ['service', 'CONNECTION_LOST']],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', ['service', 'CONNECTION_LOST']],
  ['ERR_SSL_WRONG_VERSION_NUMBER', ['service', 'CONNECTION_LOST']],
  ['ERR_HTTP2_STREAM_ERROR', ['service', 'CONNECTION_LOST']],
  ['NOT_AN_HPE_CODE', ['service', 'CONNECTION_LOST']],
])('on an established connection: %s', (code, expected) => {
  const error = failed(code);
  const failure = connectionFailure(error, FACTS);
  expect(summary(failure)).toEqual(expected);
  expect(failure.cause).toBe(error);
  expect(failure.facts.staleConnection).toBeUndefined();
  expectExplained(failure);
});

test('a failure before the request was sent records the reason why no request reached the service', () => {
  const unreached = (code: string) => connectionFailure(failed(code), FACTS).facts.unreached;
  expect(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'ECONNREFUSED', 'EPIPE'].map(unreached)).toEqual([
    'the name server did not recover',
    'the name server did not recover',
    'the network did not recover',
    'no connection was made',
    undefined,
  ]);
  const lost = (when: string) => toFailure(lostRow(when, {}), undefined, FACTS.origin).facts.unreached;
  expect(['during the TLS handshake', 'before the answer was complete'].map(lost)).toEqual([
    'no connection was made',
    undefined,
  ]);
});

describe('an error of HTTP/2', () => {
  test.each([
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_REFUSED_STREAM', 'REFUSED_STREAM', false],
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM', 'ENHANCE_YOUR_CALM', true],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 2', 'INTERNAL_ERROR', false],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 11', 'ENHANCE_YOUR_CALM', true],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 13', 'HTTP_1_1_REQUIRED', false],
  ])('is named, and throttles when it asks for calm: %s, %s', (code, message, name, throttled) => {
    const failure = connectionFailure(failed(code, message), FACTS);
    expect(summary(failure)).toEqual(['service', 'CONNECTION_LOST']);
    expect(failure.message).toBe(`https://signer.example: the request was ended with the HTTP/2 error ${name}.`);
    expect(failure.hint).toMatch(
      throttled ? /set http2: false, or ask the operators of the server/ : /http2: false avoids HTTP\/2/,
    );
    expect([failure.facts.throttled, failure.facts.staleConnection]).toEqual([throttled, undefined]);
    const stale = connectionFailure(failed(code, message), { ...FACTS, stale: true });
    expect([stale.facts.throttled, stale.facts.staleConnection]).toEqual([undefined, true]);
  });

  test.each([
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_UNHEARD_OF'],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 99'],
    ['ERR_HTTP2_OTHER', 'Stream closed with error code 2, NGHTTP2_CANCEL'],
  ])('that is unknown is a lost connection: %s, %s', (code, message) => {
    expect(connectionFailure(failed(code, message), FACTS).message).toContain('the connection was lost before');
  });

  test('sends the next requests over HTTP/1.1 when the server needs that, or sends too many back', () => {
    const trial = new Http2Trial();
    const needed = failed('ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_HTTP_1_1_REQUIRED');
    expect([trial.fails(needed, 1, 1), trial.fails(failed('ERR_OTHER'), 1, 1)]).toEqual([true, false]);
    const sentBack = connectionFailure(failed('ECONNRESET'), { ...FACTS, stale: true });
    const found = Array.from({ length: 14 }, (_, nth) => trial.fails(sentBack, 10, nth % 3));
    expect(found).toEqual([...Array.from({ length: 13 }, () => false), true]);
    expect(trial.fails(sentBack, 20, 2)).toBe(false);
    expect(trial.fails(new Failure('service', 'CONNECTION_LOST', 'Lost.'), 10, 2)).toBe(false);
  });

  test('keeps HTTP/2 when two connections sent requests back, however many', () => {
    const trial = new Http2Trial();
    const sentBack = connectionFailure(failed('ECONNRESET'), { ...FACTS, stale: true });
    for (let nth = 0; nth < 100; nth++) expect(trial.fails(sentBack, 10, nth % 2)).toBe(false);
    expect(trial.fails(sentBack, 10, 2)).toBe(true);
  });
});

describe('an answer that is not HTTP/1.1', () => {
  test.each([
    ['HPE_INVALID_TOKEN', 'Parse Error: Invalid header token', 'the answer is not HTTP/1.1 (Invalid header token)'],
    [
      'UND_ERR',
      'Response does not match the HTTP/1.1 protocol (Bad method)',
      'the answer is not HTTP/1.1 (Bad method)',
    ],
    ['HPE_INVALID_TOKEN', 'A Parse Error: odd', 'the answer is not HTTP/1.1'],
    ['HPE_FOREIGN', 'speaks HTTP/2', 'the server does not speak HTTP/1.1: within TLS it speaks HTTP/2'],
    [
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'Parse Error: length',
      'the answer has another length than its headers say',
    ],
  ])('is told in the words of the parser: %s, %s', (code, message, sentence) => {
    const failure = connectionFailure(failed(code, message, 'HTTPParserError'), FACTS);
    expect(summary(failure)).toEqual(['request', 'HTTP_MALFORMED', 'canary-twice']);
    expect(failure.message).toBe(`https://signer.example: ${sentence}.`);
    expect(failure.hint).toMatch(
      code === 'HPE_FOREIGN' ? /^Set the input http2: true/ : /^The service, or a gateway in front of it, is broken/,
    );
    const later = connectionFailure(failed(code, message, 'HTTPParserError'), { ...FACTS, hasSucceeded: true });
    expect(later.hint).toMatch(/^Answers of this address were good before in this run/);
  });
});

test('a server of another protocol that did not ask for a client certificate is told with that', () => {
  const tell = (asksForCertificate: boolean | undefined): Failure =>
    connectionFailure(failed('HPE_FOREIGN', 'speaks LDAP'), { ...FACTS, asksForCertificate });
  expect(tell(false).message).toMatch(/within TLS it speaks LDAP, and did not ask for a client certificate\.$/);
  expect([tell(true), tell(undefined)].map(({ message }) => message.endsWith('speaks LDAP.'))).toEqual([true, true]);
  expect(tell(false).hint).toMatch(/^Check the port in server-url: another service than the signing service answers/);
});

test.each([
  ['within the answer', /cut its own answer: their logs say why\.$/],
  ['in the TLS handshake', /be overloaded\.$/],
  ['before the answer was complete', /be overloaded\.$/],
])('a connection that is lost %s has the hint that fits', (when, hint) => {
  const failure = toFailure(lostRow(when, {}), undefined, FACTS.origin);
  expect(failure.message).toBe(`https://signer.example: the connection was lost ${when}.`);
  expect(failure.hint).toMatch(hint);
});

test('an answer 101 after a good answer is that of a bad node, which ends no run by itself', () => {
  const upgrade = failed(undefined, 'bad upgrade', 'SocketError');
  expect(connectionFailure(upgrade, { ...FACTS, hasSucceeded: true }).facts).toMatchObject({
    endsRun: 'bad-node',
    isOneOfSeveral: true,
  });
  expect(connectionFailure(upgrade, FACTS).facts.endsRun).toBe('canary-twice');
});

test('a connection that is lost through a proxy names the proxy first', () => {
  const { hint } = toFailure(lostRow('before the answer began', { proxy: 'the proxy of x' }), undefined, FACTS.origin);
  expect(hint).toMatch(
    /^Ask the operators of the proxy of x whether it ends tunnels after some time, or after so many bytes\. If not: The service,/,
  );
});

describe('an answer that is not HTTP, told by name or words alone', () => {
  test.each([
    ['HTTPParserError', 'Response does not match', 'request', 'HTTP_MALFORMED'],
    ['SocketError', 'bad response', 'request', 'HTTP_MALFORMED'],
    ['SocketError', 'bad upgrade', 'request', 'HTTP_UPGRADE'],
    ['SocketError', 'other side closed', 'service', 'CONNECTION_LOST'],
  ])('%s: %s', (name, message, kind, code) => {
    const failure = connectionFailure(failed(undefined, message, name), FACTS);
    expect([failure.kind, failure.code]).toEqual([kind, code]);
    expectExplained(failure);
  });
});

describe('a request that cannot be sent', () => {
  test.each([
    ['UND_ERR_INVALID_ARG', 'config', 'INTERNAL'],
    ['UND_ERR_INVALID_RETURN_VALUE', 'config', 'INTERNAL'],
    ['UND_ERR_NOT_SUPPORTED', 'config', 'INTERNAL'],
    ['ERR_INVALID_CHAR', 'config', 'INTERNAL'],
    ['ERR_HTTP_INVALID_HEADER_VALUE', 'config', 'INTERNAL'],
    ['NO_ERR_INVALID_CHAR', 'service', 'CONNECTION_LOST'],
    ['ERR_INVALID_CHAR-', 'service', 'CONNECTION_LOST'],
  ])('by its code: %s', (code, kind, name) => {
    const failure = connectionFailure(failed(code), FACTS);
    expect([failure.kind, failure.code]).toEqual([kind, name]);
    expectExplained(failure);
  });

  test.each([new TypeError('a.b is undefined.'), new RangeError('a.b is undefined')])(
    'because an error in this process stopped it: %s',
    (error) => {
      const failure = connectionFailure(error, FACTS);
      expect([failure.kind, failure.code]).toEqual(['file', 'INTERNAL']);
      expect(failure.message).toBe('https://signer.example: no request can be made (a.b is undefined).');
      expectExplained(failure);
    },
  );
});

describe('a server that refuses our certificate', () => {
  const ALERTS = [
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'it got no client certificate it accepts', 'certificate required'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'it got no client certificate it accepts', 'handshake failure'],
    // OpenSSL 3.5 calls the same alert by another name.
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'it got no client certificate it accepts', 'handshake failure'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'it does not know the CA of our client certificate', 'unknown ca'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'it takes our client certificate for expired', 'certificate expired'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 'it takes our client certificate for revoked', 'certificate revoked'],
    [
      'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
      'it does not take our client certificate as one for clients',
      'unsupported certificate',
    ],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'it does not accept our client certificate', 'bad certificate'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'it does not accept our client certificate', 'certificate unknown'],
    ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'it does not accept our client certificate', 'access denied'],
    ['ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR', 'it does not accept our client certificate', 'decrypt error'],
  ] as const;

  test.each([
    ['SSLV3_ALERT_CERTIFICATE_REVOKED', /^A certificate is revoked when another one replaces it: store the newest one/],
    [
      'SSLV3_ALERT_CERTIFICATE_EXPIRED',
      /^By the clock of this machine the certificate is valid\. The clock of the server .* \(CRL\) outdated/,
    ],
    [
      'SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
      /^If this run warned .* clientAuth\)\. If not, ask the operators of the service/,
    ],
    [
      'TLSV1_ALERT_UNKNOWN_CA',
      /^Check that cert .* the server may trust other CAs now, or the certificate was revoked: ask the operators of the service\.$/,
    ],
  ])('with %s, which says whom to ask', (alert, hint) => {
    expect(dialFailure(failed(`ERR_SSL_${alert}`), FACTS.origin).hint).toMatch(hint);
  });

  test.each(ALERTS)('with %s, in the handshake or after it', (alert, why, name) => {
    const during = dialFailure(failed(alert), FACTS.origin);
    const after = connectionFailure(failed('ECONNRESET'), { ...FACTS, alert });
    for (const failure of [during, after]) {
      expect(summary(failure)).toEqual(['config', 'TLS_CLIENT_REJECTED', 'bad-node']);
      expect(failure.message).toBe(
        `https://signer.example: the server refused our client certificate: ${why} (alert ${name}).`,
      );
      expectExplained(failure);
    }
  });

  test.each(['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'ERR_SSL_SSLV3_ALERT_CLOSE_NOTIFY'])(
    '%s is no statement about the certificate',
    (alert) => {
      expect(connectionFailure(failed('ECONNRESET'), { ...FACTS, alert }).code).toBe('CONNECTION_LOST');
      expect(connectionFailure(failed(alert), FACTS).code).toBe('CONNECTION_LOST');
    },
  );

  test('a code that resembles that of an alert is not taken for one', () => {
    expect(connectionFailure(failed('ERR_SSL_CERTIFICATE_UNKNOWN'), FACTS).code).toBe('CONNECTION_LOST');
  });
});

test('a reused connection that closed is marked, so that one repeat is not counted', () => {
  const { kind, facts } = connectionFailure(failed('ECONNRESET'), { ...FACTS, stale: true });
  expect([kind, facts.staleConnection]).toEqual(['service', true]);
});

test('what is a failure already stays as it is, and anything else thrown is a lost connection', () => {
  const failure = new Failure('file', 'RESP_TOO_LARGE', 'Too large.');
  expect(connectionFailure(failure, FACTS)).toBe(failure);
  for (const thrown of ['bad upgrade', undefined, { code: 5 }]) {
    expect(summary(connectionFailure(thrown, FACTS))).toEqual(['service', 'CONNECTION_LOST']);
  }
});

describe('a dial that fails before TLS', () => {
  test.each([
    ['ECONNREFUSED', 'CONNECT_REFUSED'],
    ['ETIMEDOUT', 'CONNECT_TIMEOUT'],
    ['EHOSTUNREACH', 'CONNECT_UNREACHABLE'],
    ['ENETUNREACH', 'CONNECT_UNREACHABLE'],
    ['EAI_AGAIN', 'DNS_UNAVAILABLE'],
    ['ECONNRESET', 'CONNECTION_LOST'],
    ['EPIPE', 'CONNECTION_LOST'],
  ])('with %s is a failure of the service', (code, name) => {
    const failure = dialFailure(failed(code), FACTS.origin);
    expect([failure.kind, failure.code, failure.facts.endsRun]).toEqual(['service', name, undefined]);
    expectExplained(failure);
  });

  test.each(['EMFILE', 'ENFILE', 'EAGAIN'])(
    'with %s is a failure of this machine, and never one of the service',
    (code) => {
      const errors = [failed(code), Object.assign(new AggregateError([failed(code)]), { code })];
      for (const error of errors) {
        for (const failure of [dialFailure(error, FACTS.origin), connectionFailure(error, FACTS)]) {
          expect([failure.kind, failure.code]).toEqual(['machine', 'TOO_MANY_OPEN_FILES']);
          expect(failure.message).not.toContain(FACTS.origin);
        }
      }
    },
  );

  const at = (address: string, code: string): Error => Object.assign(failed(code), { address });

  test.each([
    [
      [at('::1', 'ECONNREFUSED'), at('10.0.0.1', 'ETIMEDOUT')],
      'CONNECT_REFUSED',
      '::1 (refused), 10.0.0.1 (no answer)',
    ],
    [
      [at('::1', 'ENETUNREACH'), at('10.0.0.1', 'ETIMEDOUT')],
      'CONNECT_TIMEOUT',
      '::1 (no route), 10.0.0.1 (no answer)',
    ],
    [
      [at('::1', 'ENETUNREACH'), at('10.0.0.1', 'EHOSTUNREACH')],
      'CONNECT_UNREACHABLE',
      '::1 (no route), 10.0.0.1 (unreachable)',
    ],
    [
      ['::1', '::2', '::3', '10.0.0.1', '10.0.0.2'].map((address) => at(address, 'ECONNREFUSED')),
      'CONNECT_REFUSED',
      '::1 (refused), ::2 (refused), ::3 (refused) and 2 more',
    ],
    [[at('::1', 'EACCES')], 'CONNECT_UNREACHABLE', '::1 (not allowed by this machine)'],
    [[at('::1', 'EODD')], 'CONNECT_UNREACHABLE', '::1 (EODD)'],
  ])('on every address says what became of each', (errors, code, addresses) => {
    const error = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    const failure = dialFailure(error, FACTS.origin);
    expect([failure.kind, failure.code]).toEqual(['service', code]);
    expect(failure.message).toBe(`https://signer.example: no address of the host can be reached: ${addresses}.`);
    expect(failure.cause).toBe(error);
  });

  test('on IPv6 alone says so, and does not where an address of IPv4 failed as well, or one of IPv6 answered', () => {
    const dial = (...errors: readonly Error[]): Failure =>
      dialFailure(errors.length > 1 ? new AggregateError(errors) : errors[0], FACTS.origin);
    const [six, also, silent] = [
      at('2001:db8::1', 'ENETUNREACH'),
      at('2001:db8::2', 'EHOSTUNREACH'),
      at('2001:db8::3', 'ETIMEDOUT'),
    ];
    for (const error of [six, also, silent]) Object.assign(error, { syscall: 'connect' });
    for (const [errors, code, listed] of [
      [[six], 'CONNECT_UNREACHABLE', '2001:db8::1 (no route)'],
      [[six, also], 'CONNECT_UNREACHABLE', '2001:db8::1 (no route), 2001:db8::2 (unreachable)'],
      [[silent, also], 'CONNECT_UNREACHABLE', '2001:db8::3 (no answer), 2001:db8::2 (unreachable)'],
      [[silent], 'CONNECT_TIMEOUT', '2001:db8::3 (no answer)'],
    ] as const) {
      const failure = dial(...errors);
      expect([failure.code, failure.message]).toEqual([
        code,
        `https://signer.example: the host name leads to IPv6 addresses only, and this runner reaches none of them: ${listed}.`,
      ]);
      expect(failure.hint).toMatch(/an IPv4 address of the host \(an A record in DNS\)/);
      expect(failure.hint?.includes('a firewall may drop')).toBe(code === 'CONNECT_TIMEOUT');
    }
    for (const other of [at('10.0.0.1', 'EHOSTUNREACH'), at('2001:db8::4', 'ECONNREFUSED')])
      expect(dial(other, also).message).not.toContain('IPv6');
    expect(dialFailure(six, 'https://[2001:db8::1]').message).toBe(
      'https://[2001:db8::1]: the host cannot be reached.',
    );
  });

  test.each(['0.0.0.0', '::', '127.0.0.1'])('that a DNS filter gives is told as that: %s', (address) => {
    const error = Object.assign(at(address, 'ECONNREFUSED'), { syscall: 'connect' });
    const { message, hint } = dialFailure(error, FACTS.origin);
    expect(message).toContain(
      `the host name leads to ${address}, which is this runner itself, and nothing listens there.`,
    );
    expect(hint).toMatch(/^The name stands in the hosts file of the runner, or a DNS filter/);
  });

  test.each([
    ['EACCES', 'CONNECT_UNREACHABLE', 'this machine does not allow a connection to the host (10.0.0.1)'],
    [
      'EADDRNOTAVAIL',
      'CONNECT_UNREACHABLE',
      'this machine has no free local port, or no local address, for the connection (10.0.0.1)',
    ],
    ['EINVAL', 'CONNECT_UNREACHABLE', 'the host cannot be reached (10.0.0.1, EINVAL)'],
    ['ECONNREFUSED', 'CONNECT_REFUSED', 'the connection was refused (10.0.0.1, port 443)'],
  ])('with %s names the address', (code, name, sentence) => {
    const failure = dialFailure(Object.assign(at('10.0.0.1', code), { syscall: 'connect' }), FACTS.origin);
    expect([failure.code, failure.message]).toEqual([name, `https://signer.example: ${sentence}.`]);
  });
});
