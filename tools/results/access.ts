import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { BackendIds } from './artifact-api.ts';

/** Access control of a results service: a token, or a signed URL. */
export interface ResultsAccess {
  readonly ids: BackendIds;
  /** A JSON Web Token whose `scp` claim names the ids. */
  readonly token: string;
  /** Adds a signature of its path to a URL. */
  signUrl(address: string): string;
  /** Tells whether a URL has the signature of its path. */
  isSigned(url: URL): boolean;
}

/** Creates ids, a token and a signing key. */
export function createResultsAccess(): ResultsAccess {
  const key = randomBytes(32);
  const ids = { run: randomUUID(), job: randomUUID() };
  const signatureOf = (path: string) => createHmac('sha256', key).update(path).digest('base64');
  return {
    ids,
    token: createToken(ids),
    signUrl(address) {
      const url = new URL(address);
      url.searchParams.set('sv', '2025-11-05');
      url.searchParams.set('sig', signatureOf(url.pathname));
      return url.href;
    },
    isSigned(url) {
      const given = Buffer.from(url.searchParams.get('sig') ?? '');
      const expected = Buffer.from(signatureOf(url.pathname));
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

/** Clients read only the claims, so a random signature is enough; it keeps the token as secret as a real one. */
function createToken(ids: BackendIds): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = encode({ scp: `Actions.ExampleScope Actions.Results:${ids.run}:${ids.job}` });
  return `${encode({ alg: 'HS256', typ: 'JWT' })}.${claims}.${randomBytes(32).toString('base64url')}`;
}
