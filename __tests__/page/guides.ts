import { marked } from 'marked';
import type { KitRelease } from '../../src/kit/release.ts';
import type { ListedFile } from '../../src/page/data.ts';
import type { AlgorithmName } from '../../src/verifying/algorithm.ts';
import { pairs, type SignerName, signers } from '../verifying/signers.ts';

/** How the release of a guide is signed. */
export interface Case {
  readonly signer: SignerName;
  readonly algorithm: AlgorithmName;
  readonly encoding: 'base64' | 'hex';
  readonly layout: 'der' | 'ieee-p1363' | undefined;
  readonly checksums: string | undefined;
}

/** Every pair of key and algorithm, in both encodings, and in both layouts where there are two. */
export function casesWith(checksums: string | undefined): Case[] {
  return pairs.flatMap(([signer, algorithm]): Case[] => {
    const how = { signer, algorithm, checksums, encoding: 'base64', layout: undefined } as const;
    if (!algorithm.startsWith('ecdsa')) return [how, { ...how, encoding: 'hex' }];
    return [
      { ...how, layout: 'der' },
      { ...how, layout: 'ieee-p1363', encoding: 'hex' },
    ];
  });
}

/** A release of files as a guide describes it. */
export function kitOf(
  { signer, algorithm, encoding, layout, checksums }: Case,
  files: readonly ListedFile[],
): KitRelease {
  const { key } = signers[signer];
  const data = {
    project: 'octo/road-roller',
    ref: 'v2.4.0',
    commit: '5f1d0a7c3b9e',
    createdAt: '2026-03-14T09:26:53.000Z',
    rehearsal: false,
    key: key.keyObject.export({ format: 'der', type: 'spki' }).toString('base64'),
    keyName: key.name,
    algorithm,
    encoding,
    suffix: '.sign',
    files,
    companions: [],
  };
  return { data, key, checksums, timestamp: undefined, layout, pageName: 'verify.html' };
}

/** The code of a language under a heading. */
export function codeUnder(guide: string, heading: string, language: string): string {
  const tokens = marked.lexer(guide);
  const start = tokens.findIndex((token) => token.type === 'heading' && token.text === heading);
  const end = tokens.findIndex((token, at) => at > start && token.type === 'heading');
  const blocks = tokens.slice(start, end === -1 ? undefined : end);
  return blocks
    .flatMap((token) => (token.type === 'code' && token.lang === language ? [String(token.text)] : []))
    .join('\n');
}
