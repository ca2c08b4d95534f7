import { User, UserRole, UserStatus } from '@parley/contract';
import type { ProfileRow } from '../store/users.js';

const roles = { user: UserRole.USER, admin: UserRole.ADMIN, guest: UserRole.GUEST };
const statuses = { active: UserStatus.ACTIVE, suspended: UserStatus.SUSPENDED, deleted: UserStatus.DELETED };

/** Converts a row to the protocol's User. */
export function userFrom(row: ProfileRow): User {
  return User.fromPartial({
    id: row.id,
    name: row.name,
    number: row.number,
    role: roles[row.role],
    status: statuses[row.status],
    about: row.about,
    avatarId: row.avatar_id ?? '',
    lastSeen: row.last_seen_at?.getTime() ?? 0,
    online: row.online,
    email: row.email ?? '',
  });
}
