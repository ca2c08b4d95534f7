import { type SearchUsersRequest, SearchUsersResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { nextAfter, pageSize, type UserCaller } from '@parley/service-kit';
import { type Profile, readProfile } from '../store/accounts.js';
import { type SearchHit, searchUsers } from '../store/search.js';
import { userFrom, userOfHit } from './profiles.js';
import { numbersOfUser, throttle } from './throttle.js';

const maxNumber = 2_147_483_647;
const unprintable = /\p{C}/u;

/** Position in the order of results: a folded id or name, and a user number. */
interface SearchPosition {
  readonly key: string;
  readonly number: number;
}

const start: SearchPosition = { key: '', number: 0 };

/** Checks the text of a search. */
function checkText(text: string): void {
  const isVisible = text.normalize('NFKD').replace(/[\p{M}\s]/gu, '') !== '';
  if (!isVisible || unprintable.test(text) || [...text].length > limits.nameCharacters) {
    throw refuse('invalid-search', {
      message: 'Invalid search text. Use 1 to 64 visible characters of an id or a name, or a number.',
    });
  }
}

function encodePosition({ key, number }: SearchPosition): string {
  return Buffer.from(JSON.stringify([key, number])).toString('base64url');
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** Decodes a page token, the position at the end of the previous page. */
function decodePosition(token: string): SearchPosition {
  if (token === '') return start;
  const found = token.length > 1_024 ? undefined : parsed(token);
  const [key, number] = Array.isArray(found) ? (found as unknown[]) : [];
  const isKey = typeof key === 'string' && key !== '' && !unprintable.test(key);
  if (!isKey || !Number.isInteger(number)) throw refuse('invalid-page');
  if (Number(number) < 1 || Number(number) > maxNumber) throw refuse('invalid-page');
  return { key, number: Number(number) };
}

/** Returns the user number that a text spells, or 0 if it spells none. */
function numberOf(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return number <= maxNumber ? number : 0;
}

/**
 * Handles Search: returns users whose id or name begins with the text. If the text is a number, the
 * user with that number comes first. Finds only users whose profile the caller may see, so a hidden
 * user looks like a missing one.
 */
export function createSearchUsers(pool: Pool) {
  async function withNumber(number: number, me: UserCaller): Promise<Profile[]> {
    if (number === 0) return [];
    await throttle(pool, numbersOfUser, me.id, 'read-too-often');
    const found = await readProfile.run(pool, { readerId: me.id, readerRole: me.role, userId: null, number });
    return found.filter(({ status }) => status === 'active' || me.role === 'admin');
  }

  function matching(text: string, after: SearchPosition, size: number, me: UserCaller): Promise<SearchHit[]> {
    return searchUsers.run(pool, {
      afterKey: after.key,
      afterNumber: after.number,
      text,
      classes: me.role === 'admin' ? [true, false] : [true],
      scan: 2 * size + 2,
      readerId: me.id,
      readerRole: me.role,
      exceptNumber: numberOf(text),
      size: size + 1,
    });
  }

  return async ({ text: asked, page }: SearchUsersRequest, me: UserCaller): Promise<SearchUsersResponse> => {
    const text = asked.trimStart();
    checkText(text);
    const size = pageSize(page?.size ?? 0);
    const after = decodePosition(page?.after ?? '');
    const first = after === start ? await withNumber(numberOf(text), me) : [];
    const rows = await matching(text, after, size, me);
    return SearchUsersResponse.fromPartial({
      users: [...first.map(userFrom), ...rows.slice(0, size).map(userOfHit)],
      next: nextAfter(rows, size, ({ key, number }) => encodePosition({ key: key ?? '', number })),
    });
  };
}
