/** What is wrong with a request to a stand-in, in a sentence for the person who wrote the request. */
export class Mistake extends Error {
  /** Status of the answer. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'Mistake';
    this.status = status;
  }
}
