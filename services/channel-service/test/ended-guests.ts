import { randomUUID } from 'node:crypto';
import { until } from '@parley/testkit';
import type { Chats } from './chats.js';
import type { Person, Rig } from './rig.js';

/** Opens a guest, as a gateway does. Returns the id. */
async function openGuest(rig: Rig, name: string): Promise<string> {
  const opened = "SELECT guest_id AS id FROM chat.open_guest($1, $2, 'x', sha256($3::bytea), 1000, 1000)";
  return (await rig.one<{ id: string }>(opened, name, randomUUID(), name)).id;
}

/** Ends guests, as if it had been two minutes ago. */
async function endGuests(rig: Rig, ids: readonly string[]): Promise<void> {
  await rig.owner.query('SELECT chat.close_guest(id) FROM unnest($1::varchar[]) AS ended (id)', [ids]);
  const earlier = "UPDATE chat.deletion SET started_at = started_at - interval '2 min' WHERE user_id = ANY ($1)";
  await rig.owner.query(earlier, [ids]);
}

/** Returns the accounts that are still there, in the order of their numbers. */
async function remaining(rig: Rig, ids: readonly string[]): Promise<string[]> {
  const { rows } = await rig.owner.query('SELECT id FROM chat.users WHERE id = ANY ($1) ORDER BY number', [ids]);
  return rows.map(({ id }) => id);
}

/** Lets guests end. Only those whom a message or a chat names may remain, and only until that is gone. */
export async function checkEndedGuests(rig: Rig, chats: Chats, friend: Person): Promise<void> {
  const group = await chats.make(friend, 'group');
  const names = ['silent', 'spoke', 'a', 'b', 'last'];
  const ids: string[] = [];
  for (const name of names) ids.push(await openGuest(rig, `${name}${randomUUID().slice(0, 8)}`));
  const [silent, spoke, low, high] = ids as [string, string, string, string];
  await rig.owner.query(
    `INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq) SELECT $1, id, 1, 1 FROM unnest($2::varchar[]) AS former (id)`,
    [group, [silent, spoke]],
  );
  await rig.owner.query(
    `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
     VALUES ($1, 900, $2, gen_random_uuid(), now(), 'x', sha256('x'))`,
    [group, spoke],
  );
  const direct = await rig.one<{ id: number }>(
    `INSERT INTO chat.channel (name, user_limit, owner_id, kind, pair_low, pair_high) VALUES ('', 2, $1, 'direct', $1, $2) RETURNING id`,
    low,
    high,
  );
  await rig.owner.query(
    'INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, id, 0 FROM unnest($2::varchar[]) AS pair (id)',
    [direct.id, [low, high]],
  );
  await endGuests(rig, ids);
  await until(async () => (await remaining(rig, ids)).length <= 3);
  expect(await remaining(rig, ids)).toEqual([spoke, low, high]);
  await until(async () => {
    const row = await rig.one<{ gone: boolean }>(
      'SELECT deleted_at IS NOT NULL AS gone FROM chat.channel WHERE id = $1',
      direct.id,
    );
    return row.gone;
  });
  await rig.owner.query('DELETE FROM chat.message WHERE channel_id IN ($1, $2)', [group, direct.id]);
  await rig.owner.query('DELETE FROM chat.channel WHERE id = $1', [direct.id]);
  await until(async () => (await remaining(rig, ids)).length === 0);
}

/** Checks that each foreign key finds a guest by an index, however large its table is. */
export async function checkGuestIndexes(rig: Rig): Promise<void> {
  const columns = [
    ...[['message', 'sender_id'] as const, ['message', 'pinned_by'] as const, ['reaction', 'user_id'] as const],
    ...[['member', 'user_id'] as const, ['channel', 'pair_low'] as const, ['channel', 'pair_high'] as const],
    ...[['offer', 'offered_by'] as const, ['block', 'blocked_id'] as const],
  ];
  const client = await rig.owner.connect();
  await client.query('BEGIN; SET LOCAL enable_seqscan = off');
  for (const [table, column] of columns) {
    const { rows } = await client.query(
      `EXPLAIN SELECT FROM ONLY chat.${table} x WHERE 'guest.7.ab' = ${column} FOR KEY SHARE OF x`,
    );
    expect([table, column, JSON.stringify(rows)]).toEqual([
      table,
      column,
      expect.stringMatching(/_of_guest|offer_creator|block_of/),
    ]);
  }
  await client.query('ROLLBACK');
  client.release();
}
