import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { ActionError } from '../../../src/errors.ts';
import { createPki } from '../../../src/rehearsal/pki.ts';
import { type IssueOptions, type Issuing, issue } from './world.ts';

type Answer = readonly [status: number, body: object];
interface Seen {
  readonly path: string | undefined;
  readonly token: unknown;
  readonly marked: unknown;
}

const NO_SUCH_ROLE = [403, { errors: ['permission denied'] }] as const;

/** Asks a server that answers each login with a new token, and certificate requests with these answers, then with 403. */
async function ask(
  answers: readonly Answer[],
  asked: Partial<IssueOptions> = {},
  tokenOf: (nth: number) => unknown = (nth) => `token-${nth}`,
): Promise<Issuing & { readonly seen: readonly Seen[] }> {
  const pki = await createPki();
  const seen: Seen[] = [];
  let [logins, signed] = [0, 0];
  const server = createServer({ cert: pki.server.cert, key: pki.server.key }, (request, response) => {
    const { 'x-vault-token': token, 'x-vault-request': marked } = request.headers;
    const path = request.url?.split('/').at(-1);
    seen.push({ path, token, marked });
    const policies = Array(500).fill('signing');
    const login: Answer = [200, { auth: { client_token: tokenOf(logins + 1), policies } }];
    if (path === 'login') logins++;
    const [status, body] = path === 'login' ? login : path === 'ci' ? (answers[signed++] ?? NO_SUCH_ROLE) : [204, {}];
    request.resume();
    response.writeHead(status).end(status === 204 ? undefined : JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const drawIdToken = async (): Promise<string> => 'e30.e30.e30';
    const result = await issue({ from: 'vault', url, chain: pki.root.cert, drawIdToken, hurry: 100, ...asked });
    return { ...result, seen };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a token that expired between two attempts is replaced once; when the new one is refused too, the error blames the policies', async () => {
  const { error, seen, steps } = await ask([[503, {}], NO_SUCH_ROLE]);
  expect(error?.message).toMatch(/answered 403: permission denied/);
  expect(seen.map(({ path, token }) => [path, token])).toEqual([
    ['login', undefined],
    ['ci', 'token-1'],
    ['ci', 'token-1'],
    ['login', undefined],
    ['ci', 'token-2'],
    ['revoke-self', 'token-1'],
    ['revoke-self', 'token-2'],
  ]);
  expect(steps.find(({ check }) => check === 'login')?.what).toMatch(/policies: (?:signing, ){33}sig$/);
  expect(new Set(seen.map(({ marked }) => marked)), 'agents refuse requests without the header').toEqual(
    new Set(['true']),
  );
});

test('a token that was just issued and is refused is no reason to log in again', async () => {
  const { seen } = await ask([]);
  expect(seen.map(({ path }) => path)).toEqual(['login', 'ci', 'revoke-self']);
});

test('the token of a login that is answered after the end of the run is given back', async () => {
  const cancelling = new AbortController();
  const { seen, masked } = await ask([], { signal: cancelling.signal }, () => {
    cancelling.abort(new ActionError('CANCELLED', 'The run was cancelled.'));
    return 'late';
  });
  expect(seen.map(({ path, token }) => [path, token])).toEqual([
    ['login', undefined],
    ['revoke-self', 'late'],
  ]);
  expect(masked).toContain('late');
});

test('a token that arrives after the time for a certificate is over is not sent', async () => {
  let aheadMs = 0;
  const drawIdToken = async (): Promise<string> => {
    aheadMs = 61_000;
    return 'e30.e30.e30';
  };
  const { error, seen } = await ask([], { drawIdToken, aheadMs: () => aheadMs });
  expect(error?.message).toMatch(/^The authority https:\S+ gave no certificate within 60 s\.$/);
  expect(seen).toEqual([]);
});

test.each([
  ['a line end', 'hvs.one\r\nX-Forged: 1'],
  ['a character beyond ASCII', 'hvs.\u2603'],
  ['more characters than a header holds', 'x'.repeat(900_000)],
  ['no text', 7],
])('a token with %s is not sent, and is no fault of the role', async (_, token) => {
  const { error, seen, masked } = await ask([], {}, () => token);
  expect(error?.code).toBe('LOGIN_REFUSED');
  expect(error?.message).toMatch(/answered 200 to the login at auth\/jwt, but its answer holds no usable token/);
  expect(seen.map(({ path }) => path)).toEqual(['login']);
  expect(masked).toEqual(['e30.e30.e30']);
});
