import { type LoginRequest, LoginResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { isUserId, type Logger, refuse } from '@parley/runtime';
import {
  addressKey,
  type Call,
  type Proxies,
  type SigningKey,
  type UserClaims,
  userAudience,
  userToken,
} from '@parley/service-kit';
import type { Fit, Passwords } from '../passwords/passwords.js';
import { findAccount, type LoginAccount, ownProfile, type Profile, rehash } from '../store/accounts.js';
import { openSession } from '../store/sessions.js';
import { isEmail, isOldPassword } from './checks.js';
import { userFrom } from './profiles.js';
import { failuresOfOwner, failuresOfStrangers, loginOfAddress, throttle, throttleFailures } from './throttle.js';

export interface LoginDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
  readonly key: SigningKey<UserClaims>;
  readonly proxies: Proxies;
  readonly log: Logger;
}

const deviceCharacters = 100;

/** A new session with the profile of its user. */
interface OpenedSession {
  readonly sessionId: string;
  readonly expiresAt: Date;
  readonly mustChangePassword: boolean;
  readonly profile: Profile;
}

/** Returns the printable part of a device name. */
function deviceOf(text: string): string {
  return [...text.replace(/\p{C}/gu, '')].slice(0, deviceCharacters).join('');
}

/**
 * Refuses impossible credentials before they cost a hash. This reveals nothing about accounts,
 * because only the form of the input decides.
 */
function checkForms({ userId, password }: LoginRequest): void {
  if (!isOldPassword(password) || !(isUserId(userId) || isEmail(userId))) throw refuse('wrong-credentials');
}

/**
 * Verifies a password and counts failures. All unfamiliar addresses share one budget for each typed
 * name, and each familiar address has its own. So strangers cannot lock the owner out. The user id
 * and the email address of an account have separate budgets: a shared one would reveal that they
 * belong together.
 */
function createVerify({ pool, passwords }: LoginDeps) {
  return ({ userId, password }: LoginRequest, account: LoginAccount | undefined, from: string): Promise<Fit> => {
    const folded = userId.toLowerCase();
    const attempt = () => passwords.verify(password, account?.passwordHash, from, account?.isFamiliar);
    const failed = (fit: Fit) => fit === 'no';
    if (account?.isFamiliar !== true) return throttleFailures(pool, failuresOfStrangers, folded, attempt, failed);
    return throttleFailures(pool, failuresOfOwner, `${folded}:${from}`, attempt, failed);
  };
}

/** Rehashes a password with the current scheme. If this fails, the next login tries again. */
function createUpgrade({ pool, passwords, log }: LoginDeps) {
  return async (id: string, password: string, old: string, from: string): Promise<void> => {
    try {
      await rehash(pool, id, old, await passwords.hash(password, from, true));
    } catch (err) {
      log.warn({ err, user: id }, 'cannot rehash a password');
    }
  };
}

/**
 * Opens a session if the password is right. Only then does the caller learn that the account is
 * suspended.
 */
function createOpen(deps: LoginDeps) {
  const { pool, passwords } = deps;
  const [verify, upgrade] = [createVerify(deps), createUpgrade(deps)];
  return async (request: LoginRequest, from: string): Promise<OpenedSession> => {
    const { userId, password, device } = request;
    const [account] = await findAccount.run(pool, { userId, address: from });
    const fit = await verify(request, account, from);
    if (account === undefined || fit === 'no') throw refuse('wrong-credentials');
    if (account.status === 'suspended') throw refuse('suspended');
    const { id, passwordHash } = account;
    const [session] = await openSession.run(pool, {
      userId: id,
      verifiedHash: passwordHash,
      device: deviceOf(device),
      address: from,
      lifeSeconds: userToken.lifeSeconds,
    });
    if (session === undefined) throw refuse('wrong-credentials');
    if (fit === 'otherwise' || !passwords.isCurrent(passwordHash)) await upgrade(id, password, passwordHash, from);
    return { ...session, profile: await ownProfile(pool, id) };
  };
}

/**
 * Handles Login. An unknown user gets the same refusal as a wrong password, after the same time.
 */
export function createLogin(deps: LoginDeps) {
  const { pool, key, proxies } = deps;
  const open = createOpen(deps);
  return async (request: LoginRequest, call: Call): Promise<LoginResponse> => {
    const address = proxies.callerOf(call);
    call.facts.address = address;
    if (isUserId(request.userId) || isEmail(request.userId)) call.facts.login = request.userId;
    const from = addressKey(address);
    await throttle(pool, loginOfAddress, from);
    checkForms(request);
    const { sessionId: sid, expiresAt, profile, mustChangePassword } = await open(request, from);
    const { id, number, name, role } = profile;
    call.facts.user = id;
    const token = await key.sign({ sub: id, num: number, name, role, sid }, userAudience);
    return LoginResponse.fromPartial({
      ...{ token, user: userFrom(profile), mustChangePassword },
      expiresAt: expiresAt.getTime(),
    });
  };
}
