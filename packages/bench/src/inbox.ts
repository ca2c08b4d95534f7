import { createPool, type Pool, type SqlFields, type Statement } from '@parley/database';
import { openTestDatabase } from '@parley/testkit';
import { describeCalls, type Handler, loadService, measureCalls } from './calls.js';
import { type BenchRound, playInTurn } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

const chatCount = 10_000;
const myChats = 100;
const receiptUsers = 1_000;
const me = { id: 'me', role: 'user' };
const page = { size: myChats, after: '' };

const makeUsers = `INSERT INTO chat.users (id, name, password_hash)
  SELECT 'me', 'bench', '!' UNION ALL SELECT 'u' || n, 'bench', '!' FROM generate_series(1, ${receiptUsers}) n`;
const makeChats = `INSERT INTO chat.channel (name, owner_id, kind, user_limit)
  SELECT 'bench', 'u1', 'group', 10000 FROM generate_series(1, ${chatCount})`;
/**
 * Creates members: 15 in each chat of the user `me`, and two in each other chat. Channel 1, in
 * which `me` is not, has all users.
 */
const makeMembers = `INSERT INTO chat.member (channel_id, user_id, joined_seq)
  SELECT c.id, 'u' || (c.id + n) % ${receiptUsers} + 1, 0 FROM chat.channel c
    CROSS JOIN generate_series(1, CASE WHEN c.id % ${chatCount / myChats} = 0 THEN 14 ELSE 2 END) n WHERE c.id > 1
  UNION ALL SELECT c.id, 'me', 0 FROM chat.channel c WHERE c.id % ${chatCount / myChats} = 0
  UNION ALL SELECT 1, 'u' || n, 0 FROM generate_series(1, ${receiptUsers}) n`;
/** Creates 40 entries in each chat of the user `me`, of which 30 are unread messages. */
const makeMessages = `INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
  SELECT c.id, s, CASE WHEN s % 4 = 0 THEN 3 ELSE 0 END, 'u1', gen_random_uuid(), now(), CASE WHEN s % 4 = 0 THEN 1 END, 'words', sha256('')
  FROM chat.channel c, generate_series(1, 40) s WHERE c.id % ${chatCount / myChats} = 0`;
const moveHeads = `UPDATE chat.channel_head SET last_seq = CASE channel_id WHEN 1 THEN 1000000000 ELSE 40 END, last_at = now() - channel_id * interval '1 s'`;

/** Bare statement that reads the rows of the chats of the user `me`, and counts nothing. */
const bareChats = {
  name: 'bareChats',
  text: `SELECT * FROM chat.member m JOIN chat.channel c ON c.id = m.channel_id JOIN chat.channel_head h ON h.channel_id = m.channel_id
    WHERE m.user_id = $1 AND m.left_seq IS NULL ORDER BY h.last_at DESC, c.id DESC LIMIT 100`,
  values: ['me'],
};
const bareReceipts = `UPDATE chat.member m SET read_seq = n.read, delivered_seq = n.read, receipt_at = now()
  FROM unnest($1::varchar[], $2::bigint[]) AS n (user_id, read) WHERE m.channel_id = 1 AND m.user_id = n.user_id RETURNING m.user_id`;

async function fill(owner: Pool): Promise<string> {
  await owner.query('ALTER TABLE chat.channel DISABLE TRIGGER channel_changed');
  await owner.query('ALTER TABLE chat.member DISABLE TRIGGER members_added');
  for (const text of [makeUsers, makeChats, makeMembers, makeMessages, moveHeads]) await owner.query(text);
  await owner.query('VACUUM ANALYZE');
  const { rows } = await owner.query<{ log: string }>(
    'SELECT log_id AS log FROM chat.channel_head WHERE channel_id = 1',
  );
  return rows[0]?.log ?? '';
}

/**
 * Returns two calls that move the watermarks of all users in one statement: the one of the chat
 * server, and a bare one.
 */
async function receiptCalls(pool: Pool, log: string) {
  const { saveReceipts } = await loadService<{ saveReceipts: Statement<SqlFields, SqlFields> }>(
    'chat-service/store/receipts.js',
  );
  const userIds = Array.from({ length: receiptUsers }, (_, n) => `u${n + 1}`);
  const all = <T>(value: T) => userIds.map(() => value);
  let seq = 0;
  const ours = () => {
    const seqs = all(++seq);
    return saveReceipts.run(pool, {
      ...{ channelIds: all(1), logIds: all(log), userIds },
      ...{ deliveredSeqs: seqs, readSeqs: seqs, mostTold: 100 },
    });
  };
  const bare = async () => (await pool.query({ name: 'bare', text: bareReceipts, values: [userIds, all(++seq)] })).rows;
  return { ours, bare };
}

async function playersOf(manager: Pool, owner: Pool, log: string, seconds: number) {
  type Chats = { readonly chats: readonly unknown[] };
  type Users = { readonly users: readonly unknown[] };
  const { createOverview } = await loadService<{ createOverview: (pool: Pool) => Handler<Chats> }>(
    'channel-service/inbox/overview.js',
  );
  const { createListMembers } = await loadService<{ createListMembers: (pool: Pool) => Handler<Users> }>(
    'channel-service/members/list-members.js',
  );
  const overview = createOverview(manager);
  const members = createListMembers(manager);
  const receipts = await receiptCalls(owner, log);
  const reads = (call: () => Promise<readonly unknown[]>, rows: number) => () =>
    measureCalls(call, seconds, ({ length }) => (length === rows ? undefined : `${length} rows`));
  const one = { channelId: chatCount, page: { size: 1, after: '' } };
  return new Map<string, () => Promise<BenchRound>>([
    ['a call that reads one row', reads(async () => (await members(one, me, { facts: {} })).users, 1)],
    ['rows of 100 chats, bare', reads(async () => (await manager.query(bareChats)).rows, myChats)],
    ['Overview of 100 chats', reads(async () => (await overview({ page }, me, { facts: {} })).chats, myChats)],
    ['1,000 receipts, bare', reads(receipts.bare, receiptUsers)],
    ['1,000 receipts', reads(receipts.ours, receiptUsers)],
  ]);
}

/** Compares Overview and receipts with bare statements, and with a call that reads one row. */
export async function benchInbox(plan: SuitePlan): Promise<SuiteResult> {
  const database = await openTestDatabase();
  const owner = createPool({ url: database.ownerUrl, applicationName: 'bench', max: 1 });
  const manager = createPool({ url: database.urlFor('chat_manager'), applicationName: 'bench', max: 1 });
  try {
    const players = await playersOf(manager, owner, await fill(owner), plan.seconds);
    const rounds = await playInTurn(players, { name: 'inbox', ...plan, describe: describeCalls });
    const description = `${myChats} of ${chatCount} chats, with 15 members and 30 unread messages each`;
    const base = 'a call that reads one row';
    return { shape: 'inbox', description, figure: 'ms a call', lowerIsBetter: true, rounds, base };
  } finally {
    await Promise.all([owner.end(), manager.end()]);
    await database.close();
  }
}
