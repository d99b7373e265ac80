import type { X509Certificate } from 'node:crypto';
import type { HttpProtocol } from '../connection/dialler.ts';
import type { ActionError } from '../errors.ts';
import type { Pattern } from '../files/finding/patterns.ts';
import type { Shard } from '../files/finding/shard.ts';
import type { AuthoritySettings } from '../identity/issued/authority.ts';
import type { IdentityText } from '../identity/text/inputs.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Verification } from '../verifying/check.ts';

/** Which files, and where what is written goes. */
export interface FileInputs {
  readonly patterns: readonly Pattern[];
  /** Absolute. */
  readonly root: string;
  readonly includeHiddenFiles: boolean;
  readonly followSymbolicLinks: boolean;
  readonly ifNoFilesFound: 'error' | 'warn' | 'ignore';
  /** 0 for no limit. */
  readonly maxFiles: number;
  readonly suffix: string;
  /** Absolute; `undefined` when signatures go beside their files. */
  readonly outputDirectory: string | undefined;
  /** Relative to the output tree; `undefined` for a place of our own. */
  readonly manifest: string | undefined;
  /** Relative to the output tree; `undefined` when none is to be written. */
  readonly checksums: string | undefined;
  /** The time stamp over the checksums; `undefined` when there is none to be made or checked. */
  readonly timestamp: TimestampInputs | undefined;
  /** Where the verification kit goes; `undefined` when none is to be written. */
  readonly kit: KitPaths | undefined;
  /** Paths of checksums, time stamp, manifest and kit, of all slices: never signed as files of the release. */
  readonly ownPaths: readonly string[];
  /** The slice of this run; the whole is `1/1`. */
  readonly shard: Shard;
}

/** Whom to ask for time stamps, and whom to believe. */
export interface TimestampAuthorities {
  /** In the order in which they are asked; empty in a verification. */
  readonly authorities: readonly URL[];
  /** What the signer of a stamp must chain to; `undefined` for the roots that Node brings. */
  readonly anchors: readonly X509Certificate[] | undefined;
}

/** The time stamp over the checksums. */
export interface TimestampInputs extends TimestampAuthorities {
  /** Relative to the output tree. */
  readonly path: string;
}

/** The files of a verification kit, relative to the output tree. */
export interface KitPaths {
  /** The page that checks the release in a browser. */
  readonly page: string;
  /** The commands that check it in a shell. */
  readonly guide: string;
}

/** How the service is reached and what proves who we are. */
export interface ServiceInputs {
  readonly serverUrl: URL;
  readonly identity: IdentityText;
  /** What the service is shown: what `identity` holds, what `authority` issues for this run, or nothing but a token. */
  readonly shows: 'stored certificate' | 'issued certificate' | 'no certificate';
  /** Who issues the certificate; `undefined` when nobody does, or when its inputs have a problem. */
  readonly authority: AuthoritySettings | undefined;
  readonly expiryWarningDays: number;
  readonly http: HttpProtocol;
}

/** How hard to try. */
export interface EffortInputs {
  readonly concurrency: number;
  readonly attempts: number;
  readonly timeoutMs: number;
  /** 0 for none. */
  readonly deadlineMs: number;
  /** What to do once a file is lost: try the others all the same, or end the run. */
  readonly onFailure: 'collect' | 'stop';
}

/** What to upload; `undefined` in place of it when nothing is. */
export interface UploadInputs {
  readonly artifactName: string;
  readonly retentionDays: number | undefined;
  readonly overwrite: 'auto' | 'true' | 'false';
}

/** Inputs of `mode: sign`. */
export interface SignInputs {
  readonly mode: 'sign';
  readonly files: FileInputs;
  readonly service: ServiceInputs;
  readonly protocol: Protocol;
  readonly effort: EffortInputs;
  readonly verification: Verification | undefined;
  readonly reuse: boolean;
  readonly upload: UploadInputs | undefined;
}

/** Inputs of `mode: rehearse`. */
export interface RehearseInputs {
  readonly mode: 'rehearse';
  readonly files: FileInputs;
  readonly effort: EffortInputs;
  readonly upload: UploadInputs | undefined;
  /** A protocol whose messages are built and checked; `undefined` for `es-auth`, which the rehearsal itself speaks. */
  readonly protocol: Protocol | undefined;
}

/** Inputs of `mode: verify`. */
export interface VerifyInputs {
  readonly mode: 'verify';
  readonly files: FileInputs;
  readonly verification: Verification;
  /** Files that the checksums name may be missing. */
  readonly isPartial: boolean;
}

/** Inputs of `mode: preflight`; where one has a problem, a harmless value stands in its place. */
export interface PreflightInputs {
  readonly mode: 'preflight';
  readonly service: ServiceInputs;
  /** `undefined` when its inputs have a problem. */
  readonly protocol: Protocol | undefined;
  /** Whether `service` is sound, certificates and keys apart. */
  readonly isCallable: boolean;
  /** Everything wrong with the inputs. */
  readonly problems: readonly ActionError[];
  readonly effort: EffortInputs;
  readonly verification: Verification | undefined;
  /** `undefined` when no stamps are wanted. */
  readonly timestamp: TimestampAuthorities | undefined;
}

/** There are no credentials, as is to be expected of this event, and the user wants nothing done then. */
interface SkippedInputs {
  readonly mode: 'skipped';
}

/** All inputs, valid as they stand, by what the action is to do. */
export type Inputs = SignInputs | RehearseInputs | VerifyInputs | PreflightInputs | SkippedInputs;
