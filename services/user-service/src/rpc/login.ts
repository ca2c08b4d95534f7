import { type LoginRequest, LoginResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { type Call, type Proxies, type SigningKey, type UserClaims, userAudience, userToken } from '@parley/rpc';
import { type Logger, refuse } from '@parley/runtime';
import type { Passwords } from '../passwords/passwords.js';
import { type OpenedSession, openSession } from '../store/sessions.js';
import { findAccount, rehash } from '../store/users.js';
import { isEmail, isPassword, isUserId } from './checks.js';
import { userFrom } from './profiles.js';
import { loginOfAccount, loginOfAddress, throttle } from './throttle.js';

export interface LoginDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
  readonly key: SigningKey<UserClaims>;
  readonly proxies: Proxies;
  readonly log: Logger;
}

const deviceCharacters = 100;

/** What a device calls itself, as far as it can be shown. */
function deviceOf(text: string): string {
  return [...text.replace(/\p{C}/gu, '')].slice(0, deviceCharacters).join('');
}

/** Opens a session. Whatever is wrong, the answer is the same, and an unknown user costs as much time as a known one. */
export function createLogin({ pool, passwords, key, proxies, log }: LoginDeps) {
  /** What can belong to nobody is refused before it costs a hash: everybody can tell that by its form. */
  async function countAttempt({ userId, password }: LoginRequest, call: Call): Promise<void> {
    await throttle(pool, loginOfAddress, proxies.callerOf(call));
    if (!isPassword(password) || !(isUserId(userId) || isEmail(userId))) throw refuse('wrong-credentials');
    await throttle(pool, loginOfAccount, userId.toLowerCase());
  }

  async function open({ userId, password, device }: LoginRequest): Promise<OpenedSession> {
    const [account] = await findAccount.run(pool, [userId]);
    const fits = await passwords.verify(password, account?.password_hash);
    if (account === undefined || !fits) throw refuse('wrong-credentials');
    const { id, password_hash: hash } = account;
    const [session] = await openSession.run(pool, [id, hash, deviceOf(device), userToken.lifeSeconds]);
    if (session === undefined) throw refuse('wrong-credentials');
    if (!passwords.isCurrent(hash)) await upgrade(id, password, hash);
    return session;
  }

  /** A password that could not be hashed anew now will be at the next login. */
  async function upgrade(id: string, password: string, old: string): Promise<void> {
    try {
      await rehash.run(pool, [id, old, await passwords.hash(password)]);
    } catch (err) {
      log.warn({ err, user: id }, 'a password was not hashed anew');
    }
  }

  return async (request: LoginRequest, call: Call): Promise<LoginResponse> => {
    await countAttempt(request, call);
    const session = await open(request);
    const { id, number, name, role, session_id: sid, expires_at: expires } = session;
    call.facts.user = id;
    const token = await key.sign({ sub: id, num: number, name, role, sid }, userAudience);
    return LoginResponse.fromPartial({ token, user: userFrom(session), expiresAt: expires.getTime() });
  };
}
