import { expect, test } from 'vitest';
import { Session, type Token } from '../../../src/protocols/vault/session.ts';

const FOREVER = new AbortController().signal;

/** A session whose tokens are `t1`, `t2`, …, on a clock that the test moves. */
function numbered({ leaseMs = 1000, isRevocable = true }: Partial<Token> = {}) {
  const state = { now: 0, logins: 0, revoked: [] as string[] };
  const session = new Session({
    login: async () => ({ value: `t${++state.logins}`, leaseMs, isRevocable }),
    revoke: async ({ value }) => void state.revoked.push(value),
    now: () => state.now,
  });
  const use = (isRefused: (token: string) => boolean = () => false): Promise<string> =>
    session.use(async (token) => token, isRefused, FOREVER);
  return { session, state, use };
}

test('many requests at once share one login', async () => {
  const { use, state } = numbered();
  expect(await Promise.all([use(), use(), use()])).toEqual(['t1', 't1', 't1']);
  expect(state.logins).toBe(1);
});

test('a token is replaced after two thirds of its lease', async () => {
  const { use, state } = numbered({ leaseMs: 900 });
  expect(await use()).toBe('t1');
  state.now = 599;
  expect(await use()).toBe('t1');
  state.now = 600;
  expect(await use()).toBe('t2');
});

test('a token that the service does not know is replaced once, and the second refusal is the result', async () => {
  const { use, state } = numbered();
  expect(await use((token) => token === 't1')).toBe('t2');
  expect(await use(() => true)).toBe('t3');
  expect(state.logins).toBe(3);
});

test('requests that meet the same expired token cause one login', async () => {
  const { use, state } = numbered();
  await use();
  expect(await Promise.all([1, 2, 3].map(() => use((token) => token === 't1')))).toEqual(['t2', 't2', 't2']);
  expect(state.logins).toBe(2);
});

test('a token that was given is never replaced', async () => {
  const { use, state } = numbered({ leaseMs: Number.POSITIVE_INFINITY });
  expect(await use(() => true)).toBe('t1');
  expect(state.logins).toBe(1);
});

test('a failed login fails its requests and the next one tries again', async () => {
  let logins = 0;
  const session = new Session({
    async login() {
      if (++logins === 1) throw new Error('refused');
      return { value: 'good', leaseMs: 1000, isRevocable: false };
    },
    revoke: async () => {},
    now: () => 0,
  });
  const use = (): Promise<string> =>
    session.use(
      async (token) => token,
      () => false,
      FOREVER,
    );
  expect((await Promise.allSettled([use(), use()])).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await use()).toBe('good');
  expect(logins).toBe(2);
});

test('every token that can be revoked is given back at the end, also when that fails for one', async () => {
  const { session, use, state } = numbered({ leaseMs: 900 });
  await use();
  state.now = 700;
  await use();
  await session.close(FOREVER);
  expect(state.revoked).toEqual(['t1', 't2']);
  const batch = numbered({ isRevocable: false });
  await batch.use();
  await batch.session.close(FOREVER);
  expect(batch.state.revoked).toEqual([]);
});

/** A session whose only request was cancelled while its login is under way. */
async function cancelledIn(login: Promise<Token>): Promise<{ readonly session: Session; readonly revoked: string[] }> {
  const revoked: string[] = [];
  const revoke = async ({ value }: Pick<Token, 'value'>): Promise<void> => void revoked.push(value);
  const session = new Session({ login: () => login, revoke, now: () => 0 });
  const sending = session.use(
    async (token) => token,
    () => false,
    CANCELLED,
  );
  await expect(sending).rejects.toThrow('cancelled');
  return { session, revoked };
}

const CANCELLED = AbortSignal.abort(new Error('cancelled'));

test('a token that comes while the session closes is given back', async () => {
  const { promise, resolve } = Promise.withResolvers<Token>();
  const { session, revoked } = await cancelledIn(promise);
  const closed = session.close(FOREVER);
  resolve({ value: 'late', leaseMs: 1000, isRevocable: true });
  await closed;
  expect(revoked).toEqual(['late']);
});

test('a login that does not end keeps a session from closing only as long as the signal allows', async () => {
  const { session } = await cancelledIn(new Promise(() => {}));
  await session.close(CANCELLED);
});
