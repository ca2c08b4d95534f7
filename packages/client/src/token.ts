/** Whether a text can be a token: printable ASCII without spaces, which is all that fits behind `Bearer`. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,8192}$/.test(text);
}
