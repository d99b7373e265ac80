/** The environment variables of this process; no other file reads `process.env`. */
export const environment: NodeJS.ProcessEnv = process.env;

/** An environment variable that names a proxy. */
export interface ProxyVariable {
  /** Spelled as in the environment, such as `https_proxy` or `ALL_PROXY`. */
  readonly name: string;
  readonly value: string;
}
