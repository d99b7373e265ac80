/** What the summary says about the run around the action. */
export interface Surroundings {
  readonly isPullRequest: boolean;
  /** GitHub gives no secrets to this run. */
  readonly secretsWithheld: boolean;
  /** Page of the uploaded artifact; empty when there is none. */
  readonly artifactUrl: string;
}
