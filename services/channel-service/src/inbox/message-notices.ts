import { kindConstants } from '@parley/contract';
import { array, bool, int4, int8, loadSql, type PoolClient, text, uuid } from '@parley/database';

const sql = loadSql('message-notices.sql', import.meta.url, kindConstants);
const channels = { channelIds: array(int4) };
const ends = { ...channels, logIds: array(uuid), lastSeqs: array(int8) };

const openNotices = sql.statement('openNotices', channels);
const lockNotices = sql.statement(
  'lockNotices',
  { ...channels, maxEntries: int8 },
  { channelId: int4, logId: uuid, afterSeq: int8, lastSeq: int8, more: bool },
);
const notify = sql.statement('notifyOfMessages', { ...ends, afterSeqs: array(int8) }, { userId: text });
const forgetDeleted = sql.statement('forgetDeleted', { ...channels, afterSeqs: array(int8), lastSeqs: array(int8) });
const saveNotices = sql.statement('saveNotices', ends);

/** Maximum number of entries of one channel that a call searches. */
const maxEntries = 500;

/**
 * Notifies users of the next mentions, replies and direct messages in the logs of channels, deletes
 * the notifications of messages that the logs delete, and records how far it has searched each log.
 * Returns the ids of the channels whose logs have more.
 */
export async function notifyOfMessages(client: PoolClient, channelIds: readonly number[]): Promise<number[]> {
  await openNotices.run(client, { channelIds });
  const parts = await lockNotices.run(client, { channelIds, maxEntries });
  if (parts.length === 0) return [];
  const end = {
    channelIds: parts.map(({ channelId }) => channelId),
    logIds: parts.map(({ logId }) => logId),
    lastSeqs: parts.map(({ lastSeq }) => lastSeq),
  };
  const afterSeqs = parts.map(({ afterSeq }) => afterSeq);
  await notify.run(client, { ...end, afterSeqs });
  await forgetDeleted.run(client, { channelIds: end.channelIds, afterSeqs, lastSeqs: end.lastSeqs });
  await saveNotices.run(client, end);
  return parts.flatMap(({ channelId, more }) => (more ? [channelId] : []));
}
