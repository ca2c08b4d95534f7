import { limits } from '@parley/runtime';
import { dictionary } from '@zxcvbn-ts/language-common';

/** Common passwords from leaked lists, in lower case. Shorter ones are refused for their length. */
const common = new Set(dictionary['passwords-common'].filter((one) => one.length >= limits.passwordMinBytes));

/** Returns whether a password is common, ignoring case. */
export function isCommonPassword(password: string): boolean {
  return common.has(password.toLowerCase());
}
