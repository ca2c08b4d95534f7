import { Empty, type RegisterRequest } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { displayName } from '@parley/runtime';
import { addressKey, type Call, type Proxies } from '@parley/service-kit';
import type { Passwords } from '../passwords/passwords.js';
import { createAccount } from '../store/accounts.js';
import type { Admission } from './admission.js';
import { checkEmail, checkNewUserId, checkPassword, type PasswordRules } from './checks.js';
import { registerOfAddress, throttle } from './throttle.js';

export interface RegisterDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly proxies: Proxies;
  readonly admission: Admission;
}

/** Handles Register: creates an account. The default name is the user id. */
export function createRegister({ pool, passwords, passwordRules, proxies, admission }: RegisterDeps) {
  return async (request: RegisterRequest, call: Call): Promise<Empty> => {
    const { userId, email, invite } = request;
    checkNewUserId(userId);
    const name = request.name === '' ? userId : displayName(request.name);
    checkPassword(request.password, passwordRules);
    if (email !== '') checkEmail(email);
    const address = proxies.callerOf(call);
    call.facts.address = address;
    await throttle(pool, registerOfAddress, addressKey(address), 'register-too-often');
    await admission.check(pool, invite);
    const passwordHash = await passwords.hash(request.password, addressKey(address));
    await transaction(pool, async (client) => {
      await admission.admit(client, invite);
      await createAccount(client, { id: userId, name, passwordHash, email: email === '' ? null : email });
    });
    call.facts.user = userId;
    return Empty.create();
  };
}
