import type { ChangeMemberRequest, User } from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import type { Call, UserCaller } from '@parley/rpc';
import { refuse } from '@parley/runtime';
import type { ChatServers, Target } from '../clients/chat-servers.js';
import { audit, type LockedChannel } from '../store/channels.js';
import { endSeats, type PersonRow } from '../store/members.js';
import { oneChannel } from './channel-id.js';
import { withChannel } from './locked.js';
import { type Change, changeOf } from './member-changes.js';
import { asMember, findPerson, throttleChanges } from './membership.js';
import { mustSee, readStandings, type Standing } from './standing.js';

export interface ChangeMemberDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

interface Done {
  readonly rank: Standing['rank'];
  /** The servers where the user had a seat in the channel. */
  readonly ended: readonly Target[];
}

async function changeIn(
  client: PoolClient,
  channel: LockedChannel,
  me: UserCaller,
  person: PersonRow,
  change: Change,
): Promise<Done> {
  const [mine, theirs] = await readStandings(client, channel, [me.id, person.id]);
  if (mine === undefined || theirs === undefined) throw refuse('channel-not-found');
  if (channel.kind === 'direct') {
    mustSee(channel, mine);
    throw refuse('wrong-kind', { words: 'a direct chat is of two people for good' });
  }
  const { rank, out } = await change({ client, channel, me, mine, person, theirs });
  if (mine.rank !== 'owner' && mine.rank !== 'admin' && me.role === 'admin' && person.id !== me.id) {
    await audit.run(client, [me.id, 'channel.member', String(channel.id), { user: person.id, out }]);
  }
  const ended = out ? await endSeats.run(client, [channel.id, person.id]) : [];
  return { rank, ended };
}

/** ChangeMember: one change of one member. Who is removed is told at once where that is possible, within a second otherwise. */
export function createChangeMember({ pool, servers }: ChangeMemberDeps) {
  return async (request: ChangeMemberRequest, me: UserCaller, call: Call): Promise<User> => {
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    const change = changeOf(request);
    await throttleChanges(pool, me);
    const person = await findPerson(pool, me, request.userId);
    const { rank, ended } = await withChannel(pool, id, (client, channel) =>
      changeIn(client, channel, me, person, change),
    );
    for (const server of ended) servers.endUser(server, id, person.id);
    return asMember(person, rank);
  };
}
