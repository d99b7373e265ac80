import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { findSuspicious, findTaps, tidyEnvironment } from '../../src/runner/environment.ts';
import { readFacts } from '../../src/runner/facts.ts';

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
    ['--use-env-proxy', []],
    ['--use-system-ca', ['NODE_OPTIONS with --use-system-ca']],
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
        NODE_USE_SYSTEM_CA: '1',
        NODE_REDIRECT_WARNINGS: '/tmp/warnings',
        OPENSSL_ENGINES: '/tmp/engines',
        AZURE_LOG_LEVEL: 'verbose',
      }),
    ).toEqual([
      'NODE_EXTRA_CA_CERTS with a text of 200 characters',
      'NODE_USE_SYSTEM_CA',
      'NODE_REDIRECT_WARNINGS with /tmp/warnings',
      'NODE_V8_COVERAGE with /tmp/coverage',
      'NODE_COMPILE_CACHE with /tmp/cache',
      'DEBUG with *',
      'AZURE_LOG_LEVEL with verbose',
      'OPENSSL_CONF with /tmp/openssl.cnf',
      'OPENSSL_ENGINES with /tmp/engines',
      'LD_PRELOAD with /tmp/a.so',
      'ACTIONS_ALLOW_UNSECURE_COMMANDS',
    ]);
  });

  test('that are empty or as they should be are not', () => {
    expect(findSuspicious({ LD_PRELOAD: '', NODE_TLS_REJECT_UNAUTHORIZED: '1', PATH: '/bin' })).toEqual([]);
  });

  test('that the help of Node lists are named, or known to reach neither code nor trust nor a file', () => {
    const [, help = ''] = execFileSync(process.execPath, ['--help'], { encoding: 'utf8' }).split(
      'Environment variables:',
    );
    const listed = [...help.matchAll(/^([A-Z][A-Z0-9_]+)\s/gm)].map(([, name = '']) => name);
    expect(listed).toContain('NODE_REDIRECT_WARNINGS');
    const harmless = `
      FORCE_COLOR NO_COLOR NODE_DISABLE_COLORS NODE_NO_WARNINGS NODE_PENDING_DEPRECATION TZ NODE_PATH NODE_PRESERVE_SYMLINKS
      NODE_USE_ENV_PROXY NODE_SKIP_PLATFORM_CHECK NODE_REPL_EXTERNAL_MODULE NODE_REPL_HISTORY NODE_PENDING_PIPE_INSTANCES
      UV_THREADPOOL_SIZE
    `.split(/\s+/);
    // An option of a later Node has a meaning that somebody has to look up.
    const undecided = listed.filter(
      (name) => name !== 'NODE_OPTIONS' && ['0', '1'].every((value) => findSuspicious({ [name]: value }).length === 0),
    );
    expect(undecided.filter((name) => !harmless.includes(name))).toEqual([]);
  });

  test('that libraries read at each connection are removed or completed', () => {
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0', https_proxy: 'proxy:3128', HTTP_PROXY: 'http://x' };
    tidyEnvironment(environment);
    expect(environment).toEqual({ https_proxy: 'http://proxy:3128', HTTP_PROXY: 'http://x' });
  });
});

test.each([
  ['http://u:p%40q@proxy:3128/path?x#y', 'http://u:p%40q@proxy:3128/'],
  ['proxy:3128/path', 'http://proxy:3128/'],
  ['http://proxy:3128/', 'http://proxy:3128/'],
  ['http://wpad/proxy.pac', 'http://wpad/proxy.pac'],
  ['socks5://proxy/path', 'socks5://proxy/path'],
  ['http://[', 'http://['],
])('libraries get a proxy without a path, unless that shows a mistake: %s', (https_proxy, expected) => {
  const environment = { https_proxy };
  tidyEnvironment(environment);
  expect(environment).toEqual({ https_proxy: expected });
});

test.each([
  [{ https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }, 'https_proxy', 'http://a'],
  [{ https_proxy: '', HTTPS_PROXY: 'http://b' }, 'HTTPS_PROXY', 'http://b'],
  [{ all_proxy: 'http://c' }, 'all_proxy', 'http://c'],
  [{ ALL_PROXY: 'HTTPS://c', HTTPS_PROXY: '' }, 'ALL_PROXY', 'HTTPS://c'],
  [{ all_proxy: 'socks5://c' }, undefined, undefined],
  [{ http_proxy: 'http://d' }, undefined, undefined],
])('the proxy is chosen as curl chooses it: %j', (environment, name, value) => {
  expect(readFacts(environment).httpsProxy).toEqual(name && { name, value });
});
