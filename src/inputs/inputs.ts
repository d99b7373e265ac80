import type { X509Certificate } from 'node:crypto';
import type { HttpProtocol } from '../connection/dialler.ts';
import type { ActionError } from '../errors.ts';
import type { Pattern } from '../files/finding/patterns.ts';
import type { Shard } from '../files/finding/shard.ts';
import type { AuthoritySettings } from '../identity/issued/authority.ts';
import type { IdentityText } from '../identity/text/inputs.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Verification } from '../verifying/check.ts';

/** Which files are selected, and where the output goes. */
export interface FileInputs {
  readonly patterns: readonly Pattern[];
  /** Absolute path. */
  readonly root: string;
  readonly includeHiddenFiles: boolean;
  readonly followSymbolicLinks: boolean;
  readonly ifNoFilesFound: 'error' | 'warn' | 'ignore';
  /** Largest number of files; 0 for no limit. */
  readonly maxFiles: number;
  readonly suffix: string;
  /** Absolute path; `undefined` when signatures go next to their files. */
  readonly outputDirectory: string | undefined;
  /** Path relative to the output tree; `undefined` for the default place. */
  readonly manifest: string | undefined;
  /** Path relative to the output tree; `undefined` to write none. */
  readonly checksums: string | undefined;
  /** The time stamp over the checksums; `undefined` to make or check none. */
  readonly timestamp: TimestampInputs | undefined;
  /** Paths of the verification kit; `undefined` to write none. */
  readonly kit: KitPaths | undefined;
  /** Paths of checksums, time stamp, manifest and kit, of all slices: never signed as files of the release. */
  readonly ownPaths: readonly string[];
  /** The slice of this run; `1/1` without slices. */
  readonly shard: Shard;
}

/** The authorities that issue time stamps, and the roots that are trusted. */
export interface TimestampAuthorities {
  /** In the order of the requests; empty in a verification. */
  readonly authorities: readonly URL[];
  /** Anchors for the signer of a stamp; `undefined` for Node's bundled roots. */
  readonly anchors: readonly X509Certificate[] | undefined;
}

/** The time stamp over the checksums. */
export interface TimestampInputs extends TimestampAuthorities {
  /** Path relative to the output tree. */
  readonly path: string;
}

/** The files of a verification kit, relative to the output tree. */
export interface KitPaths {
  /** Path of the page that checks the release in a browser. */
  readonly page: string;
  /** Path of the guide with commands that check the release in a shell. */
  readonly guide: string;
}

/** How to reach the service and how to authenticate. */
export interface ServiceInputs {
  readonly serverUrl: URL;
  readonly identity: IdentityText;
  /** The client certificate for the service: the one in `identity`, one that `authority` issues, or none. */
  readonly shows: 'stored certificate' | 'issued certificate' | 'no certificate';
  /** The authority that issues the certificate; `undefined` without one, or when its inputs have a problem. */
  readonly authority: AuthoritySettings | undefined;
  readonly expiryWarningDays: number;
  readonly http: HttpProtocol;
}

/** Limits for retries and time. */
export interface EffortInputs {
  readonly concurrency: number;
  readonly attempts: number;
  readonly timeoutMs: number;
  /** Deadline in milliseconds; 0 for none. */
  readonly deadlineMs: number;
  /** Whether to continue with the other files after one has failed for good, or to end the run. */
  readonly onFailure: 'collect' | 'stop';
}

/** What to upload. */
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
  /** A protocol whose messages are built and checked; `undefined` for `es-auth`, which the rehearsal service speaks. */
  readonly protocol: Protocol | undefined;
}

/** Inputs of `mode: verify`. */
export interface VerifyInputs {
  readonly mode: 'verify';
  readonly files: FileInputs;
  readonly verification: Verification;
  /** Whether files in the checksums may be missing. */
  readonly isPartial: boolean;
}

/** Inputs of `mode: preflight`; an invalid input has a harmless value. */
export interface PreflightInputs {
  readonly mode: 'preflight';
  readonly service: ServiceInputs;
  /** `undefined` when its inputs have a problem. */
  readonly protocol: Protocol | undefined;
  /** Whether `service` is valid, apart from certificates and keys. */
  readonly isCallable: boolean;
  /** All problems of the inputs. */
  readonly problems: readonly ActionError[];
  readonly effort: EffortInputs;
  readonly verification: Verification | undefined;
  /** `undefined` when no time stamp is requested. */
  readonly timestamp: TimestampAuthorities | undefined;
}

/** All inputs, validated, by mode; `skipped` when credentials are missing, as expected for this event and chosen. */
export type Inputs = SignInputs | RehearseInputs | VerifyInputs | PreflightInputs | { readonly mode: 'skipped' };
