import { array, int4, loadSql, type Queryable, text } from '@parley/database';
import type { LogEntry } from '../core/entry.js';

const sql = loadSql('mentions.sql', import.meta.url);
const findOutsiders = sql.statement(
  'findOutsiders',
  { channelIds: array(int4), userIds: array(text) },
  { position: int4 },
);

interface Mention {
  readonly channelId: number;
  readonly userId: string;
  readonly entries: LogEntry[];
}

/** Returns each mentioned user of each channel once, with the entries that mention them. */
function mentionsOf(batch: readonly LogEntry[]): Mention[] {
  const mentions = new Map<string, Mention>();
  for (const entry of batch) {
    const { channelId } = entry;
    for (const userId of entry.mentions) {
      const key = `${channelId} ${userId}`;
      const mention = mentions.get(key) ?? { channelId, userId, entries: [] };
      mention.entries.push(entry);
      mentions.set(key, mention);
    }
  }
  return [...mentions.values()];
}

/**
 * Returns the entries that mention a user who does not belong to the channel. Reads nothing if no
 * entry has a mention.
 */
export async function entriesMentioningOutsiders(client: Queryable, batch: readonly LogEntry[]): Promise<LogEntry[]> {
  const mentions = mentionsOf(batch);
  if (mentions.length === 0) return [];
  const outsiders = await findOutsiders.run(client, {
    channelIds: mentions.map(({ channelId }) => channelId),
    userIds: mentions.map(({ userId }) => userId),
  });
  return outsiders.flatMap(({ position }) => mentions[position]?.entries ?? []);
}
