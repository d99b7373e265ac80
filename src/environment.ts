/** The variables of this process; no other file reads them from Node. */
export const environment: NodeJS.ProcessEnv = process.env;

/** An environment variable that names a proxy. */
export interface ProxyVariable {
  /** As it is written in the environment, such as `https_proxy` or `ALL_PROXY`. */
  readonly name: string;
  readonly value: string;
}
