const userId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Returns whether a text can be a user id. */
export function canBeUserId(text: string): boolean {
  return userId.test(text);
}
