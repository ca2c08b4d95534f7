import { MemberRole, Notify } from '@parley/contract';
import type { Notify as NotifyWord } from '@parley/database';

/**
 * Ranks of members in the contract, by name in the database.
 * @example
 * ```ts
 * import { ranks } from '@parley/service-kit';
 *
 * ranks.owner; // MemberRole.OWNER
 * ```
 */
export const ranks = {
  owner: MemberRole.OWNER,
  admin: MemberRole.ADMIN,
  member: MemberRole.MEMBER,
  none: MemberRole.UNSPECIFIED,
} as const;

/**
 * Levels of notifications in the contract, by name in the database.
 * @example
 * ```ts
 * import { notifyWords } from '@parley/service-kit';
 *
 * notifyWords.mentions; // Notify.MENTIONS
 * ```
 */
export const notifyWords: Readonly<Record<NotifyWord, Notify>> = {
  all: Notify.ALL,
  mentions: Notify.MENTIONS,
  none: Notify.NONE,
};
