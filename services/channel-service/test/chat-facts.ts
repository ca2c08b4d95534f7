import type { Chat } from '@parley/contract';

/**
 * SQL that counts the unread messages of user $2 in chat $1 again, without an index or a limit.
 */
export const recountUnread = `
  SELECT least(count(*), 100)::int AS unread, least(count(*) FILTER (WHERE $2 = ANY (m.mentions)), 100)::int AS mentions
  FROM chat.message m JOIN chat.member r ON r.channel_id = m.channel_id AND r.user_id = $2
  WHERE m.channel_id = $1 AND m.kind + 0 = 0 AND m.sender_id <> $2 AND m.deleted_at IS NULL
    AND m.seq > r.read_seq AND m.seq > r.joined_seq AND (r.left_seq IS NULL OR m.seq <= r.left_seq)`;

/** Checks conditions that hold within every snapshot, but not between two reads. */
export function expectOneMoment({ channel, last, unread, mentions, mine, others, log }: Chat): void {
  const end = channel?.lastSeq ?? 0;
  const seen = mine?.readSeq ?? 0;
  expect(log).toBe(channel?.log);
  expect(last?.seq ?? 0).toBeLessThanOrEqual(end);
  expect(mentions).toBeLessThanOrEqual(unread);
  if (unread > 0) expect(last?.seq).toBeGreaterThan(seen);
  for (const receipt of [...others, ...(mine ? [mine] : [])]) {
    expect(receipt.readSeq).toBeLessThanOrEqual(receipt.deliveredSeq);
    expect(receipt.deliveredSeq).toBeLessThanOrEqual(end);
  }
  expect(others.length + 1).toBe(channel?.memberCount);
}
