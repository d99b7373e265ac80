import type { X509Certificate } from 'node:crypto';
import type { ActionError } from '../errors.ts';
import { type Inspection, inspectAnchors, inspectIdentity } from '../identity/identity.ts';
import { nameOnOneLine } from '../identity/material/certificate.ts';
import { readClient } from '../identity/material/client.ts';
import { isBlank, readBlocks } from '../identity/text/blocks.ts';
import type { IdentityText } from '../identity/text/inputs.ts';
import type { InputName } from '../identity/text/pem.ts';
import type { ValidityOptions } from '../identity/validity.ts';
import { type Finding, failed, notChecked, passed, warned } from './finding.ts';

/** Findings about certificate, key and chain, and the inspection behind them. */
export interface IdentityCheck {
  readonly inspection: Inspection;
  readonly findings: readonly Finding[];
  /** The client's own certificate, if it could be identified, even when it cannot be used. */
  readonly leaf: X509Certificate | undefined;
}

const INPUTS = ['cert', 'key', 'chain'] as const satisfies readonly InputName[];
const BY_CODE: Readonly<Record<string, string>> = {
  IDENTITY_KEY_MISMATCH: 'key matches cert',
  IDENTITY_EXPIRED: 'validity',
  IDENTITY_NOT_YET_VALID: 'validity',
};
const DAY_MS = 24 * 3600 * 1000;

/** Examines the identity without opening a file or a socket. */
export function checkIdentityText(text: IdentityText, options: ValidityOptions): IdentityCheck {
  const startedAt = performance.now();
  const inspection = inspectIdentity(text, options);
  const inspectMs = performance.now() - startedAt;
  const { identity, problems, warnings, notices } = inspection;
  const leaf = identity ? identity.certificates[0] : readClient(text).chain?.leaf.x509;
  const bad = [...problems.map(toFinding), ...warnings.map((text) => warned(checkOfWarning(text), text))];
  const same = identity && `SHA-256 of the public key (SPKI) is ${identity.certificate.publicKeySha256} for both`;
  const good = [
    ...INPUTS.flatMap((input) => describeInput(input, text)),
    ...(same ? [passed('key matches cert', same, inspectMs)] : []),
    ...(leaf ? [passed('validity', describeValidity(leaf, options.now)), passed('client use', CLIENT_USE)] : []),
  ].filter(({ check }) => bad.every((finding) => finding.check !== check));
  return { inspection, leaf, findings: [...good, ...bad, ...notices.map((notice) => passed('tidied', notice))] };
}

/** Examines `chain` alone, for a run without a stored certificate. */
export function checkChainText(chain: string | undefined, options: ValidityOptions): IdentityCheck {
  const { problems, warnings } = inspectAnchors(chain, options);
  const bad = [
    ...problems.map((problem) => failed('chain', problem)),
    ...warnings.map((text) => warned('chain', text)),
  ];
  const text = { cert: undefined, key: undefined, keyPassphrase: undefined, chain };
  const inspection = { identity: undefined, problems, notices: [], warnings };
  return { inspection, leaf: undefined, findings: bad.length > 0 ? bad : describeInput('chain', text) };
}

const CLIENT_USE = 'the client certificate may be used for client authentication';

/** Converts a problem; empty inputs are reported together elsewhere. */
function toFinding(problem: ActionError): Finding {
  const check = BY_CODE[problem.code] ?? inputIn(problem.message);
  return problem.code === 'CREDENTIALS_MISSING' ? notChecked(check, problem.message) : failed(check, problem);
}

function checkOfWarning(text: string): string {
  if (text.includes('not issued for client authentication')) return 'client use';
  return text.includes('the client certificate') ? 'validity' : inputIn(text);
}

/** Returns the input of a sentence about an identity, which is the first one that it names. */
function inputIn(text: string): string {
  return /\binput (cert|key-passphrase|key|chain)\b/.exec(text)?.[1] ?? 'cert';
}

function describeInput(input: (typeof INPUTS)[number], text: IdentityText): Finding[] {
  const value = text[input];
  if (isBlank(value))
    return input === 'key' ? [passed('key', 'input key is empty; the key is looked for in cert')] : [];
  const startedAt = performance.now();
  const { blocks } = readBlocks(input, value);
  if (blocks.length === 0) return [];
  const labels = new Map<string, number>();
  for (const { label } of blocks) labels.set(label, (labels.get(label) ?? 0) + 1);
  const counted = [...labels].map(([label, count]) => `${count} × ${label}`).join(', ');
  return [passed(input, `input ${input} holds ${counted}, read whole`, performance.now() - startedAt)];
}

function describeValidity(leaf: X509Certificate, now: Date): string {
  const days = Math.floor((leaf.validToDate.getTime() - now.getTime()) / DAY_MS);
  const dates = `${leaf.validFromDate.toISOString()} to ${leaf.validToDate.toISOString()}`;
  return `${nameOnOneLine(leaf.subject)}, issued by ${nameOnOneLine(leaf.issuer)}, is valid from ${dates}, ${days} more days`;
}
