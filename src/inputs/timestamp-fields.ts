import { readAnchors } from '../identity/material/anchors.ts';
import type { FieldReader } from './field-reader.ts';
import type { TimestampAuthorities } from './inputs.ts';

/** Most authorities; each may take part of the time before the first file is signed. */
const MAX_AUTHORITIES = 10;

/** Reads the time stamp authorities and their anchors; `undefined` without `timestamp-url`. */
export function readAuthorities(reader: FieldReader): TimestampAuthorities | undefined {
  const lines = (reader.text('timestamp-url') ?? '').split(/[\r\n]+/).map((line) => line.trim());
  const authorities = lines.filter(Boolean).flatMap((line) => readAuthority(reader, line) ?? []);
  const anchors = readTimestampChain(reader);
  if (authorities.length > MAX_AUTHORITIES)
    reader.reject('timestamp-url', `names ${authorities.length} authorities; at most ${MAX_AUTHORITIES} are allowed`);
  return lines.some(Boolean) ? { authorities, anchors } : undefined;
}

function readAuthority(reader: FieldReader, line: string): URL | undefined {
  const url = URL.parse(line);
  const sentence =
    url === null || !/^https?:$/.test(url.protocol)
      ? 'holds a line that is not a URL with https:// or http://'
      : url.username || url.password || url.hash || url.port === '0'
        ? 'must not hold a user, a password, a fragment or port 0'
        : undefined;
  if (sentence !== undefined) reader.reject('timestamp-url', sentence);
  return url !== null && sentence === undefined ? url : undefined;
}

/** Reads the anchors for the signer of a stamp; `undefined` when the input is empty. */
export function readTimestampChain(reader: FieldReader): TimestampAuthorities['anchors'] {
  const text = reader.text('timestamp-chain');
  if (text === undefined) return undefined;
  const { certificates, problems } = readAnchors(text, 'timestamp-chain');
  for (const problem of problems) reader.add(problem);
  return certificates.map(({ x509 }) => x509);
}
