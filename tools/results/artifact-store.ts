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
 * The artifacts of one workflow run, by GitHub's rules: a name is taken when its upload begins, listed only when it is finished,
 * and free again only when a listed one is deleted; an upload that never finishes keeps its name for ever.
 */
export class ArtifactStore {
  readonly #reservations = new Map<string, Reservation>();
  #nextId = 1;

  /** The finished artifacts, in the order in which their uploads began. */
  get artifacts(): Artifact[] {
    return [...this.#reservations.values()].flatMap((reservation) => reservation.artifact ?? []);
  }

  /** Names of uploads that have begun and are not finished. */
  get pending(): string[] {
    return [...this.#reservations.values()].filter((one) => one.artifact === undefined).map((one) => one.name);
  }

  /** Takes a name and returns the id of its blob. */
  create(name: string, mimeType: string): { readonly blobId: string } | Refusal {
    if (!/^[^":<>|*?\r\n\\/]+$/.test(name)) return refuse(400, 'invalid_argument', 'the artifact name is not valid');
    if (this.#reservations.has(name)) {
      return refuse(409, 'already_exists', 'an artifact with this name already exists on the workflow run');
    }
    const blobId = randomUUID();
    this.#reservations.set(name, {
      name,
      mimeType,
      blobId,
      blocks: new Map(),
      content: undefined,
      artifact: undefined,
    });
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
    const reservation = this.#reservations.get(claim.name);
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

  /** Deletes a finished artifact and frees its name. */
  delete(name: string): Artifact | Refusal {
    const artifact = this.#reservations.get(name)?.artifact;
    if (artifact === undefined) return refuse(404, 'not_found', 'artifact not found');
    this.#reservations.delete(name);
    return artifact;
  }

  #open(blobId: string): Reservation | undefined {
    const found = [...this.#reservations.values()].find((reservation) => reservation.blobId === blobId);
    return found?.artifact === undefined ? found : undefined;
  }
}

/** Tells a refusal from what was asked for. */
export function isRefusal(value: object): value is Refusal {
  return 'code' in value && 'status' in value;
}

function refuse(status: number, code: string, message: string): Refusal {
  return { status, code, message };
}
