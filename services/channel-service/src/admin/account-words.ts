import { UserRole, UserStatus } from '@parley/contract';

/** Roles of the protocol, by their names in the database. */
export const userRoles = { user: UserRole.USER, admin: UserRole.ADMIN, guest: UserRole.GUEST } as const;

/** Statuses of the protocol, by their names in the database. */
export const userStatuses = {
  active: UserStatus.ACTIVE,
  suspended: UserStatus.SUSPENDED,
  deleted: UserStatus.DELETED,
} as const;
