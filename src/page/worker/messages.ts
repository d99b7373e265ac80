import type { SignatureState } from '../judging/verdict.ts';
import type { Signing } from '../verifier/verifier.ts';

/** What the page asks of the worker; files come one after the other, in chunks. */
export type Request =
  | { readonly do: 'open'; readonly signing: Signing }
  | { readonly do: 'begin'; readonly signature: string | undefined }
  | { readonly do: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly do: 'end' }
  | { readonly do: 'verify'; readonly signature: string; readonly digest: Uint8Array };

/** What a pass over a file found. */
export interface PassResult {
  /** Lower-case hex. */
  readonly sha256: string;
  /** To check signatures that are given later; `undefined` when that needs another pass. */
  readonly reusable: Uint8Array | undefined;
  readonly signature: SignatureState;
}

/** What the worker answers, each request in its order; `begin` is answered by nothing. */
export type Reply =
  | { readonly did: 'open' }
  | { readonly did: 'chunk' }
  | { readonly did: 'end'; readonly result: PassResult }
  | { readonly did: 'verify'; readonly signature: SignatureState }
  | { readonly did: 'fail'; readonly reason: string };
