import { createHash, randomUUID } from 'node:crypto';

/** A finished artifact. */
export interface Artifact {
  readonly name: string;
  readonly id: number;
  readonly size: number;
  /** `sha256:` and 64 hex digits of the zip. */
  readonly digest: string;
  readonly createdAt: Date;
  /** MIME type from the client's creation request. */
  readonly mimeType: string;
  readonly zip: Buffer;
}

/** A refusal in the terms of the Twirp protocol. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A taken name, with the bytes received so far. */
interface Reservation {
  readonly name: string;
  readonly attempt: number;
  readonly mimeType: string;
  readonly blobId: string;
  readonly blocks: Map<string, Buffer>;
  content: Buffer | undefined;
  artifact: Artifact | undefined;
}

/** What the client states at the end of an upload. */
interface Claim {
  readonly name: string;
  readonly size: number;
  /** `sha256:` and hex, or `undefined` when the client did not send it. */
  readonly hash: string | undefined;
}

/**
 * How long a name stays taken. Reports say that GitHub frees all names for each attempt of a run, which is not proven;
 * both are tested.
 */
export type NameScope = 'attempt' | 'run';

/**
 * The artifacts of one workflow run, by GitHub's rules: a name is taken when an upload starts, listed when the upload
 * is finished, and free again when a listed artifact is deleted. An unfinished upload keeps its name forever.
 */
export class ArtifactStore {
  readonly #scope: NameScope;
  #reservations: Reservation[] = [];
  #nextId = 1;
  #attempt = 1;

  constructor(scope: NameScope = 'attempt') {
    this.#scope = scope;
  }

  /** The finished artifacts of all attempts, in the order in which their uploads started. */
  get artifacts(): Artifact[] {
    return this.#reservations.flatMap((reservation) => reservation.artifact ?? []);
  }

  /** Names of unfinished uploads. */
  get pending(): string[] {
    return this.#reservations.filter((one) => one.artifact === undefined).map((one) => one.name);
  }

  /** Starts the next attempt of the run; earlier artifacts stay. */
  nextAttempt(): void {
    this.#attempt += 1;
  }

  /** Takes a name and returns the id of its blob. */
  create(name: string, mimeType: string): { readonly blobId: string } | Refusal {
    if (!/^[^":<>|*?\r\n\\/]+$/.test(name)) return refuse(400, 'invalid_argument', 'the artifact name is not valid');
    if (this.#reservations.some((one) => one.name === name && this.#isTaken(one))) {
      return refuse(409, 'already_exists', 'an artifact with this name already exists on the workflow run');
    }
    const blobId = randomUUID();
    const upload = { blobId, blocks: new Map(), content: undefined, artifact: undefined };
    this.#reservations.push({ name, attempt: this.#attempt, mimeType, ...upload });
    return { blobId };
  }

  /** Stores a block of a blob; `false` when there is no such upload. */
  putBlock(blobId: string, blockId: string, bytes: Buffer): boolean {
    const reservation = this.#open(blobId);
    reservation?.blocks.set(blockId, bytes);
    return reservation !== undefined;
  }

  /** Sets a blob's content to blocks in the given order; `false` when one is missing or there is no such upload. */
  commitBlocks(blobId: string, blockIds: readonly string[]): boolean {
    const reservation = this.#open(blobId);
    const blocks = blockIds.flatMap((id) => reservation?.blocks.get(id) ?? []);
    if (reservation === undefined || blocks.length !== blockIds.length) return false;
    reservation.content = Buffer.concat(blocks);
    return true;
  }

  /** Sets a blob's content in one piece; `false` when there is no such upload. */
  putBlob(blobId: string, bytes: Buffer): boolean {
    const reservation = this.#open(blobId);
    if (reservation !== undefined) reservation.content = bytes;
    return reservation !== undefined;
  }

  /** Finishes an upload if its stated size and hash match the received bytes. */
  finalize(claim: Claim): Artifact | Refusal {
    const reservation = this.#reservations.findLast((one) => one.name === claim.name);
    if (reservation?.content === undefined || reservation.artifact !== undefined) {
      return refuse(404, 'not_found', 'no upload of this name waits to be finalized');
    }
    const zip = reservation.content;
    const digest = `sha256:${createHash('sha256').update(zip).digest('hex')}`;
    if (claim.size !== zip.length) return refuse(400, 'invalid_argument', `size is ${zip.length}, not ${claim.size}`);
    if (claim.hash !== undefined && claim.hash !== digest)
      return refuse(400, 'invalid_argument', 'hash does not match');
    const { name, mimeType } = reservation;
    reservation.artifact = { name, id: this.#nextId++, size: zip.length, digest, createdAt: new Date(), mimeType, zip };
    return reservation.artifact;
  }

  /** Deletes the newest finished artifact of a name and frees the name. */
  delete(name: string): Artifact | Refusal {
    const found = this.#reservations.findLast((one) => one.name === name && one.artifact !== undefined);
    if (found?.artifact === undefined) return refuse(404, 'not_found', 'artifact not found');
    this.#reservations = this.#reservations.filter((one) => one !== found);
    return found.artifact;
  }

  #isTaken({ attempt }: Reservation): boolean {
    return this.#scope === 'run' || attempt === this.#attempt;
  }

  #open(blobId: string): Reservation | undefined {
    return this.#reservations.find((one) => one.blobId === blobId && one.artifact === undefined);
  }
}

/** Tells whether a result is a refusal. */
export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'status' in value;
}

function refuse(status: number, code: string, message: string): Refusal {
  return { status, code, message };
}
