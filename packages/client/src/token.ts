/**
 * Whether a text has the form of a token: 1 to 8,192 characters of printable ASCII without spaces,
 * so that it fits into an `Authorization` header.
 */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,8192}$/.test(text);
}
