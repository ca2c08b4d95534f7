/**
 * Returns whether a text has the form of a token: 1 to 8,192 characters of printable ASCII without
 * spaces, so that it fits into an `Authorization` header.
 * @example
 * ```ts
 * import { isToken } from '@parley/client';
 *
 * isToken('abc.def.ghi'); // true
 * isToken('two words'); // false
 * ```
 */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,8192}$/.test(text);
}
