import { resolve } from 'node:path';
import { ActionError, toActionError } from '../errors.ts';
import { show } from '../files/names.ts';
import { readSmallFile } from '../files/reading/read-small.ts';
import { pathInside } from '../files/real-path.ts';
import { containsPrivateKey, misplacedKeys } from '../identity/secrets.ts';
import type { Runner } from '../runner.ts';
import {
  type Algorithm,
  type AlgorithmName,
  algorithmOf,
  chooseAlgorithm,
  SIGNATURE_ALGORITHMS,
} from '../verifying/algorithm.ts';
import type { Verification } from '../verifying/check.ts';
import type { SignatureEncoding } from '../verifying/encoding.ts';
import { readVerifyKey } from '../verifying/key.ts';
import { createVerifier, type Verifier } from '../verifying/verifier.ts';
import type { FieldReader } from './field-reader.ts';

const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Algorithm, key and text form of signatures. */
export interface SignatureFields {
  /** `undefined` when it is given by neither `verify-key` nor `signature-algorithm`. */
  readonly algorithm: Algorithm | undefined;
  readonly encoding: SignatureEncoding;
  readonly verification: Verification | undefined;
  /** Whether a key was given, even an unreadable one. */
  readonly isChecked: boolean;
}

/** Reads the form of signatures and the key to verify them. */
export function readSignatureForm(reader: FieldReader, runner: Runner): SignatureFields {
  const value = reader.text('verify-key');
  const requested = reader.choice('signature-algorithm', ['auto', ...SIGNATURE_ALGORITHMS]);
  const encoding = reader.choice('signature-encoding', ['base64', 'hex']);
  const verifier = value === undefined ? undefined : readKey(value, requested, reader, runner);
  const named = requested === 'auto' ? undefined : algorithmOf(requested);
  const verification = verifier && { verifier, encoding };
  return { algorithm: verifier?.algorithm ?? named, encoding, verification, isChecked: value !== undefined };
}

function readKey(
  value: string,
  requested: AlgorithmName | 'auto',
  reader: FieldReader,
  runner: Runner,
): Verifier | undefined {
  try {
    const isText = value.includes('-----BEGIN') || containsPrivateKey(value);
    const key = readVerifyKey(isText ? value : readKeyFile(value, runner));
    return createVerifier(key, chooseAlgorithm(key, requested));
  } catch (error) {
    reader.add(toActionError(error, 'VERIFY_KEY_UNREADABLE', 'Input verify-key cannot be read.'));
    return undefined;
  }
}

function readKeyFile(value: string, runner: Runner): string {
  const { workspace } = runner.facts;
  const path = resolve(workspace, value);
  const text = readWhole(path, value, runner);
  // The file may hold the private key by mistake.
  runner.mask(misplacedKeys(text));
  const pathInCheckout = pathInside(workspace, path);
  if (pathInCheckout !== undefined) warnOfForeignKey(pathInCheckout, runner);
  return text;
}

/** Warns on events for which the checkout, and so the key, may belong to somebody else. */
function warnOfForeignKey(path: string, { facts, annotate }: Runner): void {
  const { eventName, stranger, starters } = facts;
  const isPullRequest = eventName.startsWith('pull_request');
  if (!isPullRequest && stranger === 'nothing') return;
  const who = isPullRequest
    ? 'so whoever wrote the pull request chose the key'
    : `and if the checkout is not the repository's own, somebody else chose the key: ${starters} can start a run of ${eventName}`;
  annotate(
    'warning',
    isPullRequest ? 'The key comes from the pull request' : 'The key comes from the checkout',
    `verify-key is the file ${path} of this checkout, ${who}. Give the key as text in the workflow, or from a place that the author cannot change.`,
  );
}

function readWhole(path: string, value: string, runner: Runner): string {
  const file = readSmallFile(path, { maxBytes: MAX_KEY_FILE_BYTES, longer: 'refused', links: 'followed' });
  if (file?.bytes) return file.bytes.toString('utf8');
  const hint = 'Give the path of a PEM file in the workspace, or the PEM text itself, with its BEGIN and END lines.';
  if (!isSurelyPath(value)) {
    // The system's error would quote the text as a path. Parts of a key in JSON, hex or base64 are masked as well.
    runner.mask([value, value.replace(/\s/g, ''), ...(value.match(/[^\s"',{}]{16,}/g) ?? [])]);
    const sentence =
      'Input verify-key is neither PEM text nor the path of a file that can be read; the text is not shown.';
    throw new ActionError('VERIFY_KEY_UNREADABLE', sentence, { hint });
  }
  const reason = file?.reason ?? 'it is not there';
  throw new ActionError(
    'VERIFY_KEY_UNREADABLE',
    `Input verify-key: the file ${show(value)} cannot be read: ${reason}.`,
    { hint, cause: file?.cause },
  );
}

/** Tells whether a text is surely a path: a private key has 32 characters, and ends unlike the name of a file. */
function isSurelyPath(value: string): boolean {
  return /^[^\r\n]{1,31}$/.test(value) || /^[^\r\n]{1,200}\.[A-Za-z][A-Za-z0-9]{0,7}$/.test(value);
}
