import { Empty, type RegisterRequest } from '@parley/contract';
import type { Pool } from '@parley/database';
import { displayName } from '@parley/runtime';
import { addressKey, type Call, type Proxies } from '@parley/service-kit';
import type { Passwords } from '../passwords/passwords.js';
import { createAccount } from '../store/accounts.js';
import { checkEmail, checkPassword, checkUserId } from './checks.js';
import { registerOfAddress, throttle } from './throttle.js';

export interface RegisterDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
  readonly proxies: Proxies;
}

/** Handles Register: creates an account. The default name is the user id. */
export function createRegister({ pool, passwords, proxies }: RegisterDeps) {
  return async (request: RegisterRequest, call: Call): Promise<Empty> => {
    const { userId, email } = request;
    const name = request.name === '' ? userId : displayName(request.name);
    checkUserId(userId);
    checkPassword(request.password);
    if (email !== '') checkEmail(email);
    const address = proxies.callerOf(call);
    call.facts.address = address;
    await throttle(pool, registerOfAddress, addressKey(address), 'register-too-often');
    const passwordHash = await passwords.hash(request.password, addressKey(address));
    await createAccount(pool, { id: userId, name, passwordHash, email: email === '' ? null : email });
    call.facts.user = userId;
    return Empty.create();
  };
}
