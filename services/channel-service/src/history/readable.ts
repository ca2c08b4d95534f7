import { type Refusal, refuse } from '@parley/runtime';
import type { Access } from '../members/member-store.js';
import { isListed } from '../requests/kinds.js';

/** The facts that decide what a user may read. */
type ReadAccess = Omit<Access, 'role' | 'ownerId' | 'logId'>;

/**
 * First and last seq that a user may read. `last` is below `first` if there is nothing to read.
 */
export type Readable = readonly [first: number, last: number];

const nothing: Readable = [1, 0];

/**
 * Returns the refusal for a user who is not a member. It does not reveal that an unlisted channel
 * exists.
 */
export function refusalOutside({ kind, bannedForMs }: ReadAccess): Refusal {
  if (!isListed(kind)) return refuse('channel-not-found');
  return bannedForMs > 0 ? refuse('banned', { retryAfterMs: bannedForMs }) : refuse('not-a-member');
}

/** Returns whether a user was a member, and is none now. */
export function isFormer({ leftSeq }: Pick<ReadAccess, 'leftSeq'>): boolean {
  return (leftSeq ?? 0) > 0;
}

/**
 * Returns the last seq that a user may read. For a past member, that is the seq of the entry that
 * ended the membership.
 * @throws {Refusal} `channel-not-found`, `banned` or `not-a-member`.
 */
function lastOfMember(access: ReadAccess): number {
  const { inside, leftSeq, lastSeq } = access;
  if (inside) return lastSeq;
  if (isFormer(access)) return Math.min(leftSeq ?? 0, lastSeq);
  throw refusalOutside(access);
}

/**
 * Returns the range of seqs in a channel that a user may read.
 * @throws {Refusal} `channel-not-found`, `banned` or `not-a-member`.
 */
export function readable(access: ReadAccess): Readable {
  const { kind, hasHistory, bannedForMs, openHistory, firstSeq, joinedSeq } = access;
  if (kind === 'room' && bannedForMs > 0) throw refuse('banned', { retryAfterMs: bannedForMs });
  const last = kind === 'room' ? access.lastSeq : lastOfMember(access);
  const first = openHistory ? firstSeq : Math.max(firstSeq, (joinedSeq ?? 0) + 1);
  return hasHistory ? [first, last] : nothing;
}
