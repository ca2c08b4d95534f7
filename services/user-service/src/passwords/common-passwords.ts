import { limits } from '@parley/runtime';
import { dictionary } from '@zxcvbn-ts/language-common';

/** The most common ones of leaked lists, in small letters; shorter ones are refused for their length. */
const common = new Set(dictionary['passwords-common'].filter((one) => one.length >= limits.passwordMinBytes));

/** Whether a password is among those that are tried first. Capital letters do not make it a better one. */
export function isCommonPassword(password: string): boolean {
  return common.has(password.toLowerCase());
}
