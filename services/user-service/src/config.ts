import type { Settings } from '@parley/runtime';
import { type HostConfig, Proxies, readHostConfig } from '@parley/service-kit';
import type { PasswordScheme } from './passwords/scheme.js';
import type { RegistrationMode } from './rpc/admission.js';
import type { PasswordRules } from './rpc/checks.js';

export interface UserServiceConfig {
  readonly host: HostConfig;
  /** Hash scheme of new passwords. */
  readonly scheme: PasswordScheme;
  /** Rules for new passwords. */
  readonly passwordRules: PasswordRules;
  readonly proxies: Proxies;
  readonly registration: RegistrationMode;
  readonly purgeEveryMs: number;
}

/**
 * Reads the settings of the user-service.
 * @throws {Error} with one sentence if a setting is missing or wrong.
 */
export function readUserServiceConfig(settings: Settings): UserServiceConfig {
  const bcrypt = settings.PASSWORD_SCHEME === 'bcrypt';
  return {
    host: readHostConfig(settings, 'user-service', 50_051, 'chat_user'),
    scheme: bcrypt ? { name: 'bcrypt', cost: settings.BCRYPT_COST } : { name: 'argon2id' },
    passwordRules: settings.PASSWORD_RULES,
    proxies: new Proxies(settings.PROXIES),
    registration: settings.REGISTRATION,
    purgeEveryMs: 600_000,
  };
}
