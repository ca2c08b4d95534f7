import {
  bool,
  type ChannelKind,
  enumeration,
  int4,
  loadSql,
  type PoolClient,
  type RowOf,
  text,
} from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';

const sql = loadSql('locks.sql', import.meta.url);

const lockedColumns = {
  id: int4,
  name: text,
  kind: enumeration<ChannelKind>('chat.channel_kind'),
  userLimit: int4,
  ownerId: text,
  hasHistory: bool,
  openHistory: bool,
};

export const lockChannel = sql.statement('lockChannel', { channelId: int4 }, lockedColumns);
const lockVisible = sql.statement(
  'lockVisibleChannel',
  { channelId: int4, userId: text, isOperator: bool },
  lockedColumns,
);
export const lockUser = sql.statement('lockUser', { userId: text }, { id: text, isNew: bool });

/**
 * A locked channel, the starting point of a transaction. `hasHistory` says whether its log is in
 * the database.
 */
export type LockedChannel = RowOf<typeof lockChannel>;

/**
 * Locks a channel for a user who may know of it. A channel that appears not to exist is not locked,
 * so neither the response nor its time says that there is one.
 * @throws {Refusal} `channel-not-found`.
 */
export async function lockVisibleChannel(
  client: PoolClient,
  { id: userId, role }: Pick<UserCaller, 'id' | 'role'>,
  channelId: number,
): Promise<LockedChannel> {
  const [channel] = await lockVisible.run(client, { channelId, userId, isOperator: role === 'admin' });
  if (channel === undefined) throw refuse('channel-not-found');
  return channel;
}
