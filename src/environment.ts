/** The environment variables of this process; no other file reads `process.env`. */
export const environment: NodeJS.ProcessEnv = process.env;

/** Tells whether a URL leads to a file that tells browsers which proxy to use, and not to a proxy. */
export function isPacFile({ pathname }: URL): boolean {
  return /\.(?:pac|dat)$/i.test(pathname);
}

/** An environment variable that names a proxy. */
export interface ProxyVariable {
  /** Spelled as in the environment, such as `https_proxy` or `ALL_PROXY`. */
  readonly name: string;
  readonly value: string;
}
