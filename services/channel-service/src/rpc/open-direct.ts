import type { Channel, User } from '@parley/contract';
import { type Pool, type PoolClient, transaction } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import { refuse } from '@parley/runtime';
import { createDirect, findDirect } from '../store/channels.js';
import { enter } from '../store/members.js';
import { createRate } from './create.js';
import { describeChannel } from './describe.js';
import { findPerson } from './membership.js';
import { throttle } from './throttle.js';

type Pair = [low: string, high: string];

async function make(client: PoolClient, me: UserCaller, pair: Pair): Promise<number | undefined> {
  const [made] = await createDirect.run(client, [me.id, ...pair]);
  if (made === undefined) return undefined;
  for (const id of pair) await enter.run(client, [made.id, id, 0, true]);
  return made.id;
}

async function open(pool: Pool, me: UserCaller, otherId: string): Promise<number | undefined> {
  const other = await findPerson(pool, me, otherId);
  const pair = [me.id, other.id].sort() as Pair;
  const [known] = await findDirect.run(pool, pair);
  if (known !== undefined) return known.id;
  if (!other.reachable) throw refuse('user-not-found');
  await throttle(pool, createRate, me, 'create-too-often');
  const made = await transaction(pool, (client) => make(client, me, pair));
  return made ?? (await findDirect.run(pool, pair))[0]?.id;
}

/** OpenDirect: the one chat of two people, made by whoever asks first. */
export function createOpenDirect(pool: Pool) {
  return async ({ id: otherId }: User, me: UserCaller): Promise<Channel> => {
    if (otherId === me.id) throw refuse('invalid-user-id', { words: 'a direct chat is with somebody else' });
    const id = await open(pool, me, otherId);
    if (id === undefined) throw refuse('channel-not-found');
    return describeChannel(pool, me, id);
  };
}
