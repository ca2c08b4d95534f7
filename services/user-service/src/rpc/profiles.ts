import { User, UserRole, UserStatus } from '@parley/contract';
import type { Profile } from '../store/accounts.js';

const roles = { user: UserRole.USER, admin: UserRole.ADMIN, guest: UserRole.GUEST };
const statuses = { active: UserStatus.ACTIVE, suspended: UserStatus.SUSPENDED, deleted: UserStatus.DELETED };

/** Converts a profile to the protocol's User. */
export function userFrom(profile: Profile): User {
  return User.fromPartial({
    id: profile.id,
    name: profile.name,
    number: profile.number,
    role: roles[profile.role],
    status: statuses[profile.status],
    about: profile.about,
    avatarId: profile.avatarId ?? '',
    lastSeen: profile.lastSeenAt?.getTime() ?? 0,
    online: profile.online,
    email: profile.email ?? '',
  });
}
