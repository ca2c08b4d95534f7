import { MemberRole } from '@parley/contract';

/** The ranks of the contract, by their names in the database. */
export const ranks = {
  owner: MemberRole.OWNER,
  admin: MemberRole.ADMIN,
  member: MemberRole.MEMBER,
  none: MemberRole.UNSPECIFIED,
} as const;
