/** A transit key at OpenBao or Vault. */
export interface TransitKey {
  /** Path of the engine, with its namespace in front if there is one, such as `team/transit`. */
  readonly mount: string;
  readonly name: string;
  /** The version to sign with; the newest when absent. */
  readonly version?: number | undefined;
}

/** Mount of an auth method. */
export interface LoginMount {
  /** Path of the auth mount with its namespace, such as `auth/cert` or `team/auth/github`. */
  readonly path: string;
  /** Path prefix of the namespace, which ends with `/`; empty for the root namespace. */
  readonly namespace: string;
}

/** Parses `name@3`; returns `undefined` when that is not the name of a key. */
export function parseKeyName(
  text: string,
): { readonly name: string; readonly version: number | undefined } | undefined {
  const [, name = '', version] = /^([\w.-]+)(?:@([1-9]\d{0,8}))?$/.exec(text) ?? [];
  return name === '' ? undefined : { name, version: version === undefined ? undefined : Number(version) };
}

/** Parses a mount path such as `team/transit` and strips slashes at its ends; `undefined` when it is invalid. */
export function parseMount(text: string): string | undefined {
  const path = text.replace(/^\/+|\/+$/g, '');
  return /^[\w.-]+(?:\/[\w.-]+)*$/.test(path) && !path.split('/').some((part) => /^\.+$/.test(part)) ? path : undefined;
}

/** Returns the mount of a login method: `at` is another mount name, or a path that contains `auth/`. */
export function loginMount(method: 'cert' | 'jwt', at: string | undefined): LoginMount {
  const given = at ?? method;
  const path = /(?:^|\/)auth\//.test(given) ? given : `auth/${given}`;
  return { path, namespace: path.slice(0, path.search(/(?:^|\/)auth\//)).replace(/(.)$/, '$1/') };
}
