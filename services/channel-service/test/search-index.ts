import { type Pool, transaction } from '@parley/database';
import { notifyOfMessages } from '../src/inbox/message-notices.js';
import { Indexer } from '../src/search/indexer.js';
import type { Rig } from './rig.js';

/** Reads the whole index. */
export async function indexed({ owner }: Pick<Rig, 'owner'>): Promise<unknown[]> {
  const text = 'SELECT channel_id, seq, sent_ms, edited_us, words::text FROM chat.search ORDER BY channel_id, seq';
  return (await owner.query(text)).rows;
}

/** Returns whether every log is indexed and searched for notifications to its end. */
export async function isIndexed({ owner }: Pick<Rig, 'owner'>): Promise<boolean> {
  const behind = `SELECT FROM chat.channel_head h LEFT JOIN chat.search_progress p ON p.channel_id = h.channel_id
    LEFT JOIN chat.notice_progress n ON n.channel_id = h.channel_id
    WHERE CASE WHEN p.channel_id IS NULL OR n.channel_id IS NULL THEN h.last_seq >= h.first_seq
      ELSE p.log_id <> h.log_id OR p.seq < h.last_seq OR p.first_seq < h.first_seq OR n.log_id <> h.log_id OR n.seq < h.last_seq END`;
  return (await owner.query(behind)).rowCount === 0;
}

/** Indexes until nothing is left. */
export async function indexAll(rig: Pick<Rig, 'owner'>, pool: Pool): Promise<void> {
  while (!(await isIndexed(rig))) {
    await rig.owner.query("UPDATE chat.upkeep_turn SET taken_at = '-infinity'");
    await new Indexer(pool, notifyOfMessages).run();
  }
}

/** Discards the index, builds it again and returns it. */
export async function rebuilt(rig: Pick<Rig, 'owner'>, pool: Pool): Promise<unknown[]> {
  await rig.owner.query('TRUNCATE chat.search, chat.search_progress');
  await indexAll(rig, pool);
  return indexed(rig);
}

type Amendment = readonly [channelId: number, seq: number, kind: number, text: string, change: string];

/** Appends an entry and changes its target in one transaction. */
function append(rig: Rig, ...[channelId, seq, kind, text, change]: Amendment): Promise<void> {
  const entry = `WITH head AS (UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = now() WHERE channel_id = $1 RETURNING last_seq, last_at)
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, content_type, data, digest)
    SELECT $1, last_seq, $3, (SELECT sender_id FROM chat.message WHERE channel_id = $1 AND seq = $2), gen_random_uuid(), last_at, $2, 'text/plain', $4, sha256('')
    FROM head`;
  const data = Buffer.from(text);
  return transaction(rig.owner, async (client) => {
    await client.query(entry, [channelId, seq, kind, data]);
    await client.query(`UPDATE chat.message SET data = $3, ${change} WHERE channel_id = $1 AND seq = $2`, [
      channelId,
      seq,
      data,
    ]);
  });
}

/** Changes to messages as a chat server writes them. */
export const amend = {
  async seqOf(rig: Rig, channelId: number, text: string): Promise<number> {
    const found = 'SELECT seq FROM chat.message WHERE channel_id = $1 AND data = $2 AND kind = 0';
    return (await rig.one<{ seq: number }>(found, channelId, Buffer.from(text))).seq;
  },
  edit: (rig: Rig, channelId: number, seq: number, text: string) =>
    append(rig, channelId, seq, 1, text, 'edited_at = clock_timestamp()'),
  remove: (rig: Rig, channelId: number, seq: number) => append(rig, channelId, seq, 2, '', 'deleted_at = now()'),
};
