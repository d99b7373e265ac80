import { describe, expect, test } from 'vitest';
import { findSuspicious, findTaps, tidyEnvironment } from '../../src/runner/environment.ts';

describe('NODE_OPTIONS', () => {
  test.each([
    ['', []],
    ['--max-old-space-size=8192 --no-warnings --enable-source-maps', []],
    ['--max_old_space_size=8192', []],
    ['--tls-keylog=/tmp/keys', ['NODE_OPTIONS with --tls-keylog']],
    ['--tls_keylog=/tmp/keys', ['NODE_OPTIONS with --tls-keylog']],
    ['"--tls-keylog=/tmp/a b"', ['NODE_OPTIONS with --tls-keylog']],
    ['--"tls-keylog"=/tmp/keys', ['NODE_OPTIONS with --tls-keylog']],
    ['  --require /tmp/a.js  -r b --import=c', ['NODE_OPTIONS with --require and -r and --import']],
    ['--title="a --inspect b"', []],
    ['--frozen-intrinsics', ['NODE_OPTIONS with --frozen-intrinsics']],
    ['--an-option-of-next-year', ['NODE_OPTIONS with --an-option-of-next-year']],
  ])('of “%s” names %j', (NODE_OPTIONS, expected) => {
    expect(findSuspicious({ NODE_OPTIONS })).toEqual(expected);
  });

  test.each([
    ['--tls-keylog=/tmp/keys', ['--tls-keylog']],
    ['--inspect', ['--inspect']],
    ['--inspect-brk=0 --inspect_wait', ['--inspect-brk', '--inspect-wait']],
    ['--debug-port=1', ['--debug-port']],
    ['--title=--inspect', []],
    ['--require --inspect', ['--inspect']],
    ['--trace-tls', []],
  ])('of “%s” taps by %j', (NODE_OPTIONS, expected) => {
    expect(findTaps({ NODE_OPTIONS })).toEqual(expected);
  });
});

describe('variables', () => {
  test('are named with what they carry', () => {
    expect(
      findSuspicious({
        OPENSSL_CONF: '/tmp/openssl.cnf',
        LD_PRELOAD: '/tmp/a.so',
        NODE_V8_COVERAGE: '/tmp/coverage',
        DEBUG: '*',
        NODE_COMPILE_CACHE: '/tmp/cache',
        ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true',
        NODE_EXTRA_CA_CERTS: 'x'.repeat(200),
      }),
    ).toEqual([
      'NODE_EXTRA_CA_CERTS with a text of 200 characters',
      'NODE_V8_COVERAGE with /tmp/coverage',
      'NODE_COMPILE_CACHE with /tmp/cache',
      'DEBUG with *',
      'OPENSSL_CONF with /tmp/openssl.cnf',
      'LD_PRELOAD with /tmp/a.so',
      'ACTIONS_ALLOW_UNSECURE_COMMANDS',
    ]);
  });

  test('that are empty or as they should be are not', () => {
    expect(findSuspicious({ LD_PRELOAD: '', NODE_TLS_REJECT_UNAUTHORIZED: '1', PATH: '/bin' })).toEqual([]);
  });

  test('that libraries heed at each connection are taken out or completed', () => {
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0', https_proxy: 'proxy:3128', HTTP_PROXY: 'http://x' };
    tidyEnvironment(environment);
    expect(environment).toEqual({ https_proxy: 'http://proxy:3128', HTTP_PROXY: 'http://x' });
  });
});
