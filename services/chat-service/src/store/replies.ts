import { kindConstants } from '@parley/contract';
import { array, int4, int8, loadSql, type Queryable } from '@parley/database';
import type { LogEntry } from '../core/entry.js';
import { hasEffect } from './effects.js';

const sql = loadSql('replies.sql', import.meta.url, kindConstants);
export const findWithoutMessage = sql.statement(
  'findWithoutMessage',
  { channelIds: array(int4), seqs: array(int8) },
  { position: int4 },
);

/**
 * Returns the replies whose target is not a stored message. Reads nothing if no entry is a reply.
 */
export async function repliesToNothing(client: Queryable, batch: readonly LogEntry[]): Promise<LogEntry[]> {
  const replies = batch.filter((entry) => entry.targetSeq > 0 && !hasEffect(entry));
  if (replies.length === 0) return [];
  const found = await findWithoutMessage.run(client, {
    channelIds: replies.map(({ channelId }) => channelId),
    seqs: replies.map(({ targetSeq }) => targetSeq),
  });
  return found.map(({ position }) => replies[position] as LogEntry);
}
