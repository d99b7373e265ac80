const NAMES = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
/** A shorter password would mask unrelated text. */
const MIN_LENGTH = 8;

/**
 * Lists the credentials in the proxy variables of the environment, as they stand there and as they are sent.
 *
 * The variables are read by this action and by the libraries that upload, each by rules of its own: every variable counts.
 */
export function proxySecrets(environment: NodeJS.ProcessEnv): string[] {
  return NAMES.flatMap((name) => {
    const [, user = '', password = ''] = /^(?:[a-z][\w+.-]*:\/\/)?([^:]*):?(.*)@/i.exec(environment[name] ?? '') ?? [];
    if (user === '' && password === '') return [];
    const encoded = Buffer.from(`${decode(user)}:${decode(password)}`).toString('base64');
    const plain = decode(password || user);
    const forms = plain.length < MIN_LENGTH ? [] : [password || user, plain, encodeURIComponent(plain.toWellFormed())];
    return [`Basic ${encoded}`, encoded, ...forms];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
