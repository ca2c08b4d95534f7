import { MemberRole } from '@parley/contract';

/** Ranks of the protocol by their names in the database. */
export const ranks = {
  owner: MemberRole.OWNER,
  admin: MemberRole.ADMIN,
  member: MemberRole.MEMBER,
  none: MemberRole.UNSPECIFIED,
} as const;
