import type { SignatureState } from '../judging/verdict.ts';
import type { Signing } from '../verifier/verifier.ts';

/** Messages from the page to the worker; files are sent one after the other, in chunks. */
export type Request =
  | { readonly do: 'open'; readonly signing: Signing }
  | { readonly do: 'begin'; readonly signature: string | undefined }
  | { readonly do: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly do: 'end' }
  | { readonly do: 'verify'; readonly signature: string; readonly digest: Uint8Array };

/** Result of a pass over a file. */
export interface PassResult {
  /** Lower-case hex. */
  readonly sha256: string;
  /** Digest for verifying later signatures; `undefined` when they need another pass. */
  readonly reusable: Uint8Array | undefined;
  readonly signature: SignatureState;
}

/** Answers of the worker, in the order of the requests; `begin` has no answer. */
export type Reply =
  | { readonly did: 'open' }
  | { readonly did: 'chunk' }
  | { readonly did: 'end'; readonly result: PassResult }
  | { readonly did: 'verify'; readonly signature: SignatureState }
  | { readonly did: 'fail'; readonly reason: string };
