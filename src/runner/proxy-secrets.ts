const NAMES = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
/** A shorter password would mask unrelated text. */
const MIN_LENGTH = 8;

/** Lists the credentials in all proxy variables, of which each library reads others, as they stand and are sent. */
export function proxySecrets(environment: NodeJS.ProcessEnv): string[] {
  return NAMES.flatMap((name) => credentialsIn(environment[name] ?? '')).flatMap(({ user, password }) => {
    const encoded = Buffer.from(`${decode(user)}:${decode(password)}`).toString('base64');
    const plain = decode(password || user);
    const forms = plain.length < MIN_LENGTH ? [] : [password || user, plain, encodeURIComponent(plain.toWellFormed())];
    return [`Basic ${encoded}`, encoded, ...forms];
  });
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Reads a proxy variable in each way in which a program may read it. */
function credentialsIn(text: string): Credentials[] {
  const urls = [text, `http://${text}`].flatMap((each) => (URL.canParse(each) ? [new URL(each)] : []));
  const [, user = '', password = ''] = /^(?:[a-z][\w+.-]*:\/\/)?([^:]*):?(.*)@/i.exec(text.trim()) ?? [];
  const read = [
    ...urls.map(({ username, password: secret }) => ({ user: username, password: secret })),
    { user, password },
  ];
  return read.filter((each) => each.user !== '' || each.password !== '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
