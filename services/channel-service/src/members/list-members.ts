import { type ListMembersRequest, ListMembersResponse, type User } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import { type Call, profileFields, type UserCaller } from '@parley/service-kit';
import { oneChannel } from '../requests/channel-id.js';
import { isListed } from '../requests/kinds.js';
import { nextAfter, pageAfter, pageSize } from '../requests/page.js';
import { type Access, type ListedMember, listMembers } from './member-store.js';
import { asMember } from './membership.js';
import { accessOf } from './membership-rules.js';

function managesIt({ kind, ownerId, inside, role }: Access, me: UserCaller): boolean {
  return kind !== 'direct' && (ownerId === me.id || (inside && role === 'admin'));
}

function toUser(row: ListedMember): User {
  const { inside, rank, offered, joinedMs } = row;
  const member = asMember(row, inside ? rank : 'none', offered ?? 'none');
  return { ...member, ...profileFields(row), joinedAt: joinedMs };
}

/**
 * Returns whether the caller may see every member. Other callers see only users that anyone may
 * find.
 */
function sharesIt({ inside, ownerId }: Access, me: UserCaller): boolean {
  return inside || ownerId === me.id || me.role === 'admin';
}

/**
 * Handles ListMembers, for anyone who may see the channel. Shows past members and banned users,
 * without a role, only to the owner and the channel admins.
 */
export function createListMembers(pool: Pool) {
  return async ({ channelId, page }: ListMembersRequest, me: UserCaller, call: Call): Promise<ListMembersResponse> => {
    const id = oneChannel({ id: channelId });
    call.facts.channel = id;
    const size = pageSize(page?.size ?? 0);
    const after = pageAfter(page);
    const access = await accessOf(pool, me, id);
    if (!access.inside && !isListed(access.kind)) throw refuse('channel-not-found');
    const rows = await listMembers.run(pool, {
      channelId: id,
      afterId: after,
      size: size + 1,
      includePast: managesIt(access, me),
      onlyPublic: !sharesIt(access, me),
      readerId: me.id,
      readerRole: me.role,
    });
    return ListMembersResponse.fromPartial({
      users: rows.slice(0, size).map(toUser),
      next: nextAfter(rows, size, ({ id }) => id),
    });
  };
}
