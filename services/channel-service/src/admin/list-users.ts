import { type ListUsersRequest, ListUsersResponse, User, UserStatus } from '@parley/contract';
import type { Pool, UserStatus as Status } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { type UserCaller, userRoles, userStatuses } from '@parley/service-kit';
import { isStorable } from '../channels/settings.js';
import { nextAfter, pageNumber, pageSize } from '../requests/page.js';
import { findNumbers, type ListedAccount, listNumbers, listNumbersOfStatus, readAccounts } from './list-store.js';

/**
 * Checks the text that an operator searches for: the start of a name, a user id or an email
 * address. Returns it unchanged.
 * @throws {Refusal} `invalid-search`.
 */
export function searchedPrefix(text: string): string {
  if ([...text].length > limits.emailCharacters || !isStorable(text)) {
    throw refuse('invalid-search', {
      message: `Invalid search text. Use at most ${limits.emailCharacters} characters, without NUL.`,
    });
  }
  return text;
}

function statusOf(asked: UserStatus): Status | null {
  if (asked === UserStatus.UNSPECIFIED) return null;
  const name = (Object.keys(userStatuses) as Status[]).find((one) => userStatuses[one] === asked);
  if (name === undefined)
    throw refuse('invalid-search', { message: 'Unknown user status. Use active, suspended or deleted.' });
  return name;
}

function toUser({ lastSeenMs, createdMs, role, status, ...account }: ListedAccount): User {
  const times = { lastSeen: lastSeenMs, createdAt: createdMs };
  return User.fromPartial({ ...account, role: userRoles[role], status: userStatuses[status], ...times });
}

function find(pool: Pool, prefix: string, status: Status | null, afterNumber: number, size: number) {
  if (prefix !== '') return findNumbers.run(pool, { prefix, status, afterNumber, size });
  if (status !== null) return listNumbersOfStatus.run(pool, { status, afterNumber, size });
  return listNumbers.run(pool, { afterNumber, size });
}

/** Handles ListUsers: returns a page of accounts, by number. */
export function createListUsers(pool: Pool) {
  return async ({ text, status, page }: ListUsersRequest, me: UserCaller): Promise<ListUsersResponse> => {
    const size = pageSize(page?.size ?? 0);
    const found = await find(pool, searchedPrefix(text), statusOf(status), pageNumber(page) ?? 0, size + 1);
    const numbers = found.slice(0, size).map(({ number }) => number);
    const users = (await readAccounts.run(pool, { readerId: me.id, numbers })).map(toUser);
    return ListUsersResponse.fromPartial({ users, next: nextAfter(found, size, ({ number }) => String(number)) });
  };
}
