import { limits } from '@parley/runtime';
import { dictionary } from '@zxcvbn-ts/language-common';

/**
 * Common passwords from leaked lists, in lower case. Shorter passwords are left out, because their
 * length is refused anyway.
 */
const common = new Set(dictionary['passwords-common'].filter((one) => one.length >= limits.passwordMinBytes));

/** Returns whether a password is common, ignoring case. */
export function isCommonPassword(password: string): boolean {
  return common.has(password.toLowerCase());
}
