/** Variables that change what this process runs, whom it trusts, or where its secrets may go. */
const SUSPICIOUS = [
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_EXTRA_CA_CERTS',
  'SSLKEYLOGFILE',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
  'DEBUG',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
  'LD_PRELOAD',
  'LD_AUDIT',
  'DYLD_INSERT_LIBRARIES',
  'ACTIONS_ALLOW_UNSECURE_COMMANDS',
];

/** Options of Node that many workflows set and that reach neither TLS nor secrets nor the code that runs; every other one is named. */
const HARMLESS_OPTIONS = [
  /^--(?:max-(?:old|new)-space-size|(?:max|min)-semi-space-size|max-old-space-size-percentage|stack-trace-limit|title)$/,
  /^--(?:no-)?(?:warnings|deprecation|pending-deprecation|trace-warnings|trace-deprecation|trace-uncaught|enable-source-maps)$/,
  /^--(?:disable-warning|unhandled-rejections|dns-result-order|openssl-legacy-provider|use-bundled-ca|expose-gc)$/,
  /^--(?:no-)?(?:network-family-autoselection(?:-attempt-timeout)?|experimental-(?:vm|json|wasm)-modules)$/,
  /^--(?:no-)?experimental-(?:strip-types|transform-types|require-module|detect-module|fetch|global-\w+|webstorage)$/,
];

/** Options that hand out what TLS protects: the keys of connections, or the memory of this process. */
const TAPS = /^--(?:tls-keylog|inspect.*|debug-port)$/;

/** The value of a variable that is shown; a longer one is only counted. */
const MAX_SHOWN = 100;

/** What the environment holds that changes this process, for a person to read: names of variables with what they carry. */
export function findSuspicious(environment: NodeJS.ProcessEnv): string[] {
  const options = nodeOptions(environment).filter((name) => !HARMLESS_OPTIONS.some((pattern) => pattern.test(name)));
  const named = options.length > 0 ? [`NODE_OPTIONS with ${[...new Set(options)].join(' and ')}`] : [];
  return [...named, ...SUSPICIOUS.flatMap((name) => describe(name, environment[name]))];
}

/** Options of Node in the environment that let others read what TLS protects. */
export function findTaps(environment: NodeJS.ProcessEnv): string[] {
  return [...new Set(nodeOptions(environment).filter((name) => TAPS.test(name)))];
}

/** Takes variables out that libraries heed at each connection, and completes those that they would not understand. */
export function tidyEnvironment(environment: NodeJS.ProcessEnv): void {
  // It switches the verification of every server off for which a library gives no option of its own.
  delete environment['NODE_TLS_REJECT_UNAUTHORIZED'];
  // The artifact client breaks on a proxy without a scheme, which other tools take.
  for (const name of ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) {
    const value = environment[name]?.trim();
    if (value && !value.includes('://')) environment[name] = `http://${value}`;
  }
}

function describe(name: string, value: string | undefined): string[] {
  if (!value) return [];
  switch (name) {
    case 'NODE_TLS_REJECT_UNAUTHORIZED':
      return value === '0' ? [name] : [];
    case 'ACTIONS_ALLOW_UNSECURE_COMMANDS':
      return [name];
    default:
      return [`${name} with ${value.length > MAX_SHOWN ? `a text of ${value.length} characters` : value}`];
  }
}

/** The names of the options in `NODE_OPTIONS`, read as Node reads them: quotes may stand anywhere, and `_` means `-`. */
function nodeOptions(environment: NodeJS.ProcessEnv): string[] {
  const unquoted = (environment['NODE_OPTIONS'] ?? '').replace(/"((?:\\.|[^"\\])*)"?/gs, (_, inner: string) =>
    inner.replace(/\\(.)/gs, '$1').replaceAll(' ', '\0'),
  );
  const words = unquoted.split(' ').filter((word) => word.startsWith('-'));
  return words.map((word) => (word.split('=')[0] ?? '').replaceAll('_', '-'));
}
