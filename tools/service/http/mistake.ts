/** What is wrong with a request, in a sentence for the person who wrote the message. */
export class Mistake extends Error {
  /** Status of the answer. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'Mistake';
    this.status = status;
  }
}
