/** Thrown for a wrong request to a stand-in, with a sentence for the author of the request. */
export class Mistake extends Error {
  /** Status of the answer. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'Mistake';
    this.status = status;
  }
}
