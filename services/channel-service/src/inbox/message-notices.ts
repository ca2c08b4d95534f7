import { kindConstants } from '@parley/contract';
import { array, int4, int8, loadSql, type Queryable, text, uuid } from '@parley/database';
import type { LogPart } from '../search/indexer.js';

const notify = loadSql('message-notices.sql', import.meta.url, kindConstants).statement(
  'notifyOfMessages',
  { channelIds: array(int4), logIds: array(uuid), afterSeqs: array(int8), lastSeqs: array(int8) },
  { userId: text },
);

/**
 * Notifies users of mentions, replies and direct messages in parts of logs. A message that is seen
 * again notifies nobody again.
 */
export async function notifyOfMessages(client: Queryable, parts: readonly LogPart[]): Promise<void> {
  if (parts.length === 0) return;
  await notify.run(client, {
    channelIds: parts.map(({ channelId }) => channelId),
    logIds: parts.map(({ logId }) => logId),
    afterSeqs: parts.map(({ afterSeq }) => afterSeq),
    lastSeqs: parts.map(({ lastSeq }) => lastSeq),
  });
}
