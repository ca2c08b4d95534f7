import { type User, UserRole, UserStatus } from '@parley/contract';
import { bool, nullable, text, timestamptz, uuid } from '@parley/database';

/**
 * Columns of the SQL function `chat.profile` that a User carries. Every service reads these facts
 * through that function, so all show a user in the same way.
 * @example
 * ```ts
 * import { int4, text } from '@parley/database';
 * import { profileColumns } from '@parley/service-kit';
 *
 * export const columns = { id: text, number: int4, ...profileColumns };
 * ```
 */
export const profileColumns = {
  about: text,
  avatarId: nullable(uuid),
  /** Time of the last visit. Null if it is hidden, or there was none. */
  lastSeenAt: nullable(timestamptz),
  online: bool,
  bot: bool,
};

/** The part of a user's profile that one other user may see. */
export type SeenProfile = { readonly [Name in keyof typeof profileColumns]: (typeof profileColumns)[Name]['output'] };

/**
 * Returns the fields of a User that depend on the reader.
 * @example
 * ```ts
 * import { User } from '@parley/contract';
 * import { profileFields, type SeenProfile } from '@parley/service-kit';
 *
 * export const toUser = (id: string, seen: SeenProfile) => User.fromPartial({ id, ...profileFields(seen) });
 * ```
 */
export function profileFields({ about, avatarId, lastSeenAt, online, bot }: SeenProfile): Partial<User> {
  return { about, avatarId: avatarId ?? '', lastSeen: lastSeenAt?.getTime() ?? 0, online, bot };
}

/**
 * Roles of the contract, by their names in the database.
 * @example
 * ```ts
 * import { userRoles } from '@parley/service-kit';
 *
 * userRoles.admin; // UserRole.ADMIN
 * ```
 */
export const userRoles = { user: UserRole.USER, admin: UserRole.ADMIN, guest: UserRole.GUEST } as const;

/**
 * Statuses of the contract, by their names in the database.
 * @example
 * ```ts
 * import { userStatuses } from '@parley/service-kit';
 *
 * userStatuses.active; // UserStatus.ACTIVE
 * ```
 */
export const userStatuses = {
  active: UserStatus.ACTIVE,
  suspended: UserStatus.SUSPENDED,
  deleted: UserStatus.DELETED,
} as const;
