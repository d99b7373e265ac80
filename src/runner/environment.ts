import { isPacFile } from '../environment.ts';
import { show } from '../files/names.ts';

/**
 * Variables that change the code, trust, written files or secrets of this process.
 *
 * Node 24, its OpenSSL, the system's loader and the bundled libraries read more variables. These are not listed:
 * - colours, warnings, the number of threads and the time zone, which affect none of these;
 * - `NODE_PATH` and `NODE_PRESERVE_SYMLINKS`: the bundle loads nothing from outside; `SSL_CERT_FILE` and `SSL_CERT_DIR`
 * have an effect only with a listed option or variable;
 * - `NODE_USE_ENV_PROXY`: the action and the artifact client use the proxy of the environment in any case;
 * - `LD_LIBRARY_PATH` and `DYLD_LIBRARY_PATH`: `actions/setup-python` sets the first in many valid workflows.
 */
const SUSPICIOUS = `
  NODE_TLS_REJECT_UNAUTHORIZED NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA SSLKEYLOGFILE NODE_DEBUG
  NODE_DEBUG_NATIVE NODE_REDIRECT_WARNINGS NODE_V8_COVERAGE NODE_COMPILE_CACHE NODE_ICU_DATA DEBUG
  AZURE_LOG_LEVEL TYPESPEC_RUNTIME_LOG_LEVEL UNDICI_USE_MILO __MINIMATCH_TESTING_PLATFORM__ OPENSSL_CONF
  OPENSSL_CONF_INCLUDE OPENSSL_ENGINES OPENSSL_MODULES LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES
  DYLD_FRAMEWORK_PATH ACTIONS_ALLOW_UNSECURE_COMMANDS
`
  .trim()
  .split(/\s+/);

/** Common options of Node that affect neither TLS, secrets nor code; all others are reported. */
const HARMLESS_OPTIONS = [
  /^--(?:max-(?:old|new)-space-size|(?:max|min)-semi-space-size|max-old-space-size-percentage|stack-trace-limit|title)$/,
  /^--(?:no-)?(?:warnings|deprecation|pending-deprecation|trace-warnings|trace-deprecation|trace-uncaught|enable-source-maps)$/,
  /^--(?:disable-warning|unhandled-rejections|dns-result-order|openssl-legacy-provider|use-bundled-ca|use-env-proxy|expose-gc)$/,
  /^--(?:no-)?(?:network-family-autoselection(?:-attempt-timeout)?|experimental-(?:vm|json|wasm)-modules)$/,
  /^--(?:no-)?experimental-(?:strip-types|transform-types|require-module|detect-module|fetch|global-\w+|webstorage)$/,
];

/** Options that expose the TLS keys or the memory of this process. */
const TAPS = /^--(?:tls-keylog|inspect.*|debug-port)$/;

/** Longest value that is shown, in characters; of a longer one, only the length. */
const MAX_SHOWN = 100;

/** Lists variables that change this process, with their values, for a reader. */
export function findSuspicious(environment: NodeJS.ProcessEnv): string[] {
  const options = nodeOptions(environment).filter((name) => !HARMLESS_OPTIONS.some((pattern) => pattern.test(name)));
  const named = options.length > 0 ? [`NODE_OPTIONS with ${[...new Set(options)].join(' and ')}`] : [];
  return [...named, ...SUSPICIOUS.flatMap((name) => describe(name, environment[name]))];
}

/** Lists options of Node in the environment that expose what TLS protects. */
export function findTaps(environment: NodeJS.ProcessEnv): string[] {
  return [...new Set(nodeOptions(environment).filter((name) => TAPS.test(name)))];
}

/** Removes a variable that weakens TLS in libraries, and completes proxy URLs for them. */
export function tidyEnvironment(environment: NodeJS.ProcessEnv): void {
  // Would disable the verification of servers in libraries that do not set an option of their own.
  delete environment['NODE_TLS_REJECT_UNAUTHORIZED'];
  // The artifact client fails with a proxy without a scheme, or with a path, which other tools accept.
  for (const name of ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) {
    const value = environment[name]?.trim();
    if (value) environment[name] = withoutPath(value.includes('://') ? value : `http://${value}`);
  }
}

/** Removes the path of a proxy's URL, except the name of a PAC file, which is a mistake to be told. */
function withoutPath(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || isPacFile(url) || url.pathname + url.search + url.hash === '/') return text;
  return Object.assign(url, { pathname: '/', search: '', hash: '' }).href;
}

function describe(name: string, value: string | undefined): string[] {
  if (!value) return [];
  switch (name) {
    case 'NODE_TLS_REJECT_UNAUTHORIZED':
      return value === '0' ? [name] : [];
    case 'NODE_USE_SYSTEM_CA':
      return value === '1' ? [name] : [];
    case 'ACTIONS_ALLOW_UNSECURE_COMMANDS':
      return [name];
    default:
      return [`${name} with ${value.length > MAX_SHOWN ? `a text of ${value.length} characters` : show(value)}`];
  }
}

/** Lists the options in `NODE_OPTIONS` as Node parses them: quotes may be anywhere, and `_` means `-`. */
function nodeOptions(environment: NodeJS.ProcessEnv): string[] {
  const unquoted = (environment['NODE_OPTIONS'] ?? '').replace(/"((?:\\.|[^"\\])*)"?/gs, (_, inner: string) =>
    inner.replace(/\\(.)/gs, '$1').replaceAll(' ', '\0'),
  );
  const words = unquoted.split(' ').filter((word) => word.startsWith('-'));
  return words.map((word) => (word.split('=')[0] ?? '').replaceAll('_', '-'));
}
