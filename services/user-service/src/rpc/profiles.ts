import { User, Visibility } from '@parley/contract';
import { profileFields, userRoles, userStatuses } from '@parley/service-kit';
import type { Profile } from '../store/accounts.js';
import type { SearchHit } from '../store/search.js';

/** Visibilities of the protocol, by name in the database. */
export const visibilities = {
  everyone: Visibility.EVERYONE,
  users: Visibility.USERS,
  contacts: Visibility.CONTACTS,
  nobody: Visibility.NOBODY,
};

/** Converts a profile to the protocol's User. */
export function userFrom(profile: Profile): User {
  const { id, name, number, role, status, email, emailVerified, visibility, privateReads, createdMs, blocked } =
    profile;
  return User.fromPartial({
    ...{ id, name, number, role: userRoles[role], status: userStatuses[status], ...profileFields(profile) },
    email: email ?? '',
    emailVerified,
    visibility: visibility === null ? Visibility.UNSPECIFIED : visibilities[visibility],
    privateReads,
    createdAt: createdMs ?? 0,
    blocked,
  });
}

/** Converts a user of a list, without the fields that only the user sees. */
export function userOfHit(hit: SearchHit): User {
  return userFrom({
    ...hit,
    email: null,
    emailVerified: false,
    visibility: null,
    privateReads: false,
    createdMs: null,
  });
}
