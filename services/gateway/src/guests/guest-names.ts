/** Beginning of the user ids of guests. No account may have it. */
const prefix = 'guest.';
/** Beginning of the names of accounts at the doors of guests. No name of a guest begins with it. */
const accountMark = '@';

/**
 * Returns the name of a user at the doors of guests. The user id of a guest contains the name. The
 * name of an account is `@` and its user id, so no guest can look like an account.
 */
export function guestDoorName(userId: string): string {
  if (!userId.startsWith(prefix)) return accountMark + userId;
  const [, plain = '', encoded = ''] = userId.split('.');
  return plain === '' ? Buffer.from(encoded, 'base64url').toString() : plain;
}

/** Returns the user id of an account by its name at the doors of guests; undefined for a guest's name. */
export function accountOf(name: string): string | undefined {
  return name.startsWith(accountMark) ? name.slice(accountMark.length) : undefined;
}

/** Sorts names: numbers by value, then all others. */
export function byName(one: string, other: string): number {
  const [a, b] = [Number(one), Number(other)];
  if (Number.isNaN(a) || Number.isNaN(b))
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || (one < other ? -1 : 1);
  return a - b;
}
