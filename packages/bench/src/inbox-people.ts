import { randomUUID } from 'node:crypto';
import { createPool, DatabaseClock } from '@parley/database';
import { SigningKey, userAudience, userToken } from '@parley/service-kit';
import type { Trio } from '@parley/testkit';

/**
 * Number of chats of each user. From user to user, it grows from `least` to `most` and then begins
 * again.
 */
export const chatsOfUser = { least: 20, most: 50 };
/**
 * Distance between the ids of two chats of a user. No total number of chats is a multiple of it.
 */
const step = 101;

const makeUsers = `INSERT INTO chat.users (id, name, password_hash)
  SELECT $1::text || '-' || n, 'bench', '!' FROM generate_series(1, $2::int) n RETURNING id, number`;
const makeSessions = `INSERT INTO chat.session (user_id, expires_at)
  SELECT $1::text || '-' || n, now() + interval '1 day' FROM generate_series(1, $2::int) n RETURNING id, user_id`;
const makeChats = `INSERT INTO chat.channel (name, owner_id, user_limit, kind)
  SELECT $1::text || '-' || c, $1::text || '-1', 100000, 'group' FROM generate_series(1, $2::int) c RETURNING id`;
const joinChats = `INSERT INTO chat.member (channel_id, user_id, joined_seq)
  SELECT ($2::int[])[1 + (n + k * ${step}) % cardinality($2::int[])], $1::text || '-' || n, 0
  FROM generate_series(1, $3::int) n, generate_series(1, $5::int) k WHERE k <= $4::int + n % ($5::int - $4::int + 1)`;

/** Users with sessions, and their chats. */
export interface InboxPeople {
  readonly tokens: readonly string[];
  readonly channelIds: readonly number[];
  /** For each user, the id of one of the user's chats. */
  readonly ownChats: readonly number[];
}

let crowds = 0;

/**
 * Creates users, with tokens as Login issues them. Each is in 20 to 50 chats of about 70 members,
 * or all are in one chat that the first user owns.
 */
export async function makeInboxPeople(
  { people, database }: Trio,
  count: number,
  share: 'many' | 'one' = 'many',
): Promise<InboxPeople> {
  crowds += 1;
  const prefix = `i${crowds}`;
  const { least, most } = share === 'one' ? { least: 1, most: 1 } : chatsOfUser;
  const chats = share === 'one' ? 1 : Math.max(2 * most, Math.ceil(count / 2));
  const users = await people.sql(makeUsers, [prefix, count]);
  const sessions = await people.sql(makeSessions, [prefix, count]);
  const channelIds = (await people.sql(makeChats, [prefix, chats % step === 0 ? chats + 1 : chats])).map(({ id }) =>
    Number(id),
  );
  await people.sql(joinChats, [prefix, channelIds, count, least, most]);
  await people.sql('ANALYZE chat.member, chat.channel, chat.channel_head, chat.session, chat.users');
  const numberOf = new Map(users.map(({ id, number }) => [String(id), Number(number)]));
  const pool = createPool({ url: database.urlFor('chat_user'), applicationName: 'bench', max: 1 });
  try {
    const key = new SigningKey(userToken, randomUUID(), pool, await DatabaseClock.start(pool));
    const sign = (id: string, sid: string) =>
      key.sign({ sub: id, num: numberOf.get(id) ?? 0, name: 'bench', role: 'user', sid }, userAudience);
    const tokens = await Promise.all(sessions.map(({ id, user_id }) => sign(String(user_id), String(id))));
    const ownChats = tokens.map((_, at) => channelIds[(at + 1 + step) % channelIds.length] ?? 0);
    return { tokens, channelIds, ownChats };
  } finally {
    await pool.end();
  }
}
