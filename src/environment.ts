/** The variables of this process; no other file reads them from Node. */
export const environment: NodeJS.ProcessEnv = process.env;
