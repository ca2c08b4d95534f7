import { MemberRole } from '@parley/contract';
import { int4, loadSql, type PoolClient, text } from '@parley/database';
import type { LockedChannel } from '../transactions/locks.js';
import { recordChange } from './membership.js';

const sql = loadSql('heirs.sql', import.meta.url);

const findHeir = sql.statement('findHeir', { channelId: int4, userId: text }, { id: text });
const inherit = sql.statement('inherit', { channelId: int4, heirId: text });
export const deleteChannel = sql.statement('deleteChannel', { channelId: int4 });

/**
 * Gives a channel whose owner goes for good to an heir, or deletes it if there is none. Returns whether
 * there is an heir.
 */
export async function handOver(client: PoolClient, channel: LockedChannel): Promise<boolean> {
  const { id: channelId, ownerId } = channel;
  const [heir] = await findHeir.run(client, { channelId, userId: ownerId });
  if (heir === undefined) {
    await deleteChannel.run(client, { channelId });
    return false;
  }
  await recordChange(client, channel, { userId: heir.id, joined: true, role: MemberRole.OWNER, by: ownerId });
  await inherit.run(client, { channelId, heirId: heir.id });
  return true;
}
