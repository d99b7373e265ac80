import { createHash, randomUUID } from 'node:crypto';

/** A finished artifact. */
export interface Artifact {
  readonly name: string;
  readonly id: number;
  readonly size: number;
  /** `sha256:` and 64 hex digits of the zip. */
  readonly digest: string;
  readonly createdAt: Date;
  /** What the client said at creation. */
  readonly mimeType: string;
  readonly zip: Buffer;
}

/** A refusal in the terms of the Twirp protocol. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A name that was taken, with the bytes that have come so far. */
interface Reservation {
  readonly name: string;
  readonly attempt: number;
  readonly mimeType: string;
  readonly blobId: string;
  readonly blocks: Map<string, Buffer>;
  content: Buffer | undefined;
  artifact: Artifact | undefined;
}

/** What an upload claims at its end. */
export interface Claim {
  readonly name: string;
  readonly size: number;
  /** `sha256:` and hex, or `undefined` when the client did not say. */
  readonly hash: string | undefined;
}

/**
 * How long a taken name stays taken: reports say that GitHub frees all names for each attempt of a run, which is not
 * proved; both are tested.
 */
export type NameScope = 'attempt' | 'run';

/**
 * The artifacts of one workflow run, by GitHub's rules: a name is taken when its upload begins, listed only when it is finished,
 * and free again only when a listed one is deleted; an upload that never finishes keeps its name for ever.
 */
export class ArtifactStore {
  readonly #scope: NameScope;
  #reservations: Reservation[] = [];
  #nextId = 1;
  #attempt = 1;

  constructor(scope: NameScope = 'attempt') {
    this.#scope = scope;
  }

  /** The finished artifacts of all attempts, in the order in which their uploads began. */
  get artifacts(): Artifact[] {
    return this.#reservations.flatMap((reservation) => reservation.artifact ?? []);
  }

  /** Names of uploads that have begun and are not finished. */
  get pending(): string[] {
    return this.#reservations.filter((one) => one.artifact === undefined).map((one) => one.name);
  }

  /** Begins the next attempt of the run; artifacts of earlier ones stay. */
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

  /** Keeps one block of a blob; `false` when there is no such upload. */
  putBlock(blobId: string, blockId: string, bytes: Buffer): boolean {
    const reservation = this.#open(blobId);
    reservation?.blocks.set(blockId, bytes);
    return reservation !== undefined;
  }

  /** Makes a blob's content of blocks in the given order; `false` when one is missing or there is no such upload. */
  commitBlocks(blobId: string, blockIds: readonly string[]): boolean {
    const reservation = this.#open(blobId);
    const blocks = blockIds.flatMap((id) => reservation?.blocks.get(id) ?? []);
    if (reservation === undefined || blocks.length !== blockIds.length) return false;
    reservation.content = Buffer.concat(blocks);
    return true;
  }

  /** Makes a blob's content of one piece; `false` when there is no such upload. */
  putBlob(blobId: string, bytes: Buffer): boolean {
    const reservation = this.#open(blobId);
    if (reservation !== undefined) reservation.content = bytes;
    return reservation !== undefined;
  }

  /** Finishes an upload if its size and hash are those of what arrived. */
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

/** Tells a refusal from what was asked for. */
export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'status' in value;
}

function refuse(status: number, code: string, message: string): Refusal {
  return { status, code, message };
}
