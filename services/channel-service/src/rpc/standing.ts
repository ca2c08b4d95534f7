import type { Queryable } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { LockedChannel } from '../store/channels.js';
import { type OfferResult, standings } from '../store/members.js';
import { isListed } from './kinds.js';

/** What a user is in a channel. The two of a direct chat are members of it, whoever opened it. */
export interface MembershipRules {
  readonly rank: 'owner' | 'admin' | 'member' | 'none';
  readonly banned: boolean;
  /** Is a member, was one, or was muted or banned there. */
  readonly known: boolean;
  /** Is a member or was one: a mute or a ban alone does not count. */
  readonly belonged: boolean;
  /** Is no member any more, by their own choice. */
  readonly leftByChoice: boolean;
  readonly offered: OfferResult | null;
  readonly offeredBy: string | null;
}

/** What these users are in the channel, in their order. */
export async function readStandings(
  client: Queryable,
  { id: channelId, kind, owner_id }: Pick<LockedChannel, 'id' | 'kind' | 'owner_id'>,
  userIds: readonly string[],
): Promise<MembershipRules[]> {
  const rows = await standings.run(client, [channelId, userIds]);
  return userIds.map((id) => {
    const row = rows.find(({ user_id }) => user_id === id);
    if (row === undefined) throw new Error(`no standing of ${id}`);
    const { known, belonged, banned, offered, offered_by: offeredBy, role } = row;
    const rank = row.inside && role !== null ? role : 'none';
    const leftByChoice = !row.inside && row.left_by_choice;
    return {
      rank: kind !== 'direct' && owner_id === id ? 'owner' : rank,
      banned,
      known,
      belonged,
      leftByChoice,
      offered,
      offeredBy,
    };
  });
}

/**
 * Whether one of such a standing knows of the channel at all: who has left a direct chat still does, and so does who was offered something.
 * @throws {Refusal} `channel-not-found`.
 */
export function mustSee({ kind }: LockedChannel, { rank, offered, known }: MembershipRules): void {
  const sees = rank !== 'none' || offered !== null || isListed(kind) || (kind === 'direct' && known);
  if (!sees) throw refuse('channel-not-found');
}

/**
 * Whether one of such a standing runs the channel: the owner of a room, the owner and the admins of a chat.
 * @throws {Refusal} `channel-not-found`, `not-owner`, `not-a-member` or `not-channel-admin`.
 */
export function mustManage(channel: LockedChannel, standing: MembershipRules): void {
  mustSee(channel, standing);
  if (standing.rank === 'owner' || standing.rank === 'admin') return;
  if (channel.kind === 'room') throw refuse('not-owner', { words: 'only the owner of the room may do this' });
  throw refuse(standing.rank === 'none' ? 'not-a-member' : 'not-channel-admin');
}
