import { createPool, type Pool, type SqlFields, type Statement } from '@parley/database';
import { type TestPerson, Trio } from '@parley/testkit';
import { CallTimes, describeCalls, loadService, measureCalls, takeTurns } from './calls.js';
import { type BenchRound, playInTurn } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

const chatCount = 10_000;
const callerCount = 50;
const myChats = 100;
const receiptUsers = 1_000;
const base = 'a call that reads one row';

const makeUsers = `INSERT INTO chat.users (id, name, password_hash)
  SELECT 'u' || n, 'bench', '!' FROM generate_series(1, ${receiptUsers}) n`;
const makeChats = `INSERT INTO chat.channel (name, owner_id, kind, user_limit)
  SELECT 'bench', 'u1', 'group', 10000 FROM generate_series(1, ${chatCount})`;
/**
 * Creates members. Each chat with an even id has 15 members, one of which is a caller, and each
 * other chat has two. Channel 1 has all users except the callers.
 */
const makeMembers = `INSERT INTO chat.member (channel_id, user_id, joined_seq)
  SELECT c.id, 'u' || (c.id + n) % ${receiptUsers} + 1, 0 FROM chat.channel c
    CROSS JOIN generate_series(1, CASE WHEN c.id % 2 = 0 THEN 14 ELSE 2 END) n WHERE c.id > 1
  UNION ALL SELECT c.id, 'caller-' || c.id / 2 % ${callerCount} + 1, 0 FROM chat.channel c WHERE c.id % 2 = 0
  UNION ALL SELECT 1, 'u' || n, 0 FROM generate_series(1, ${receiptUsers}) n`;
/** Creates 40 entries in each chat of a caller, of which 30 are unread messages. */
const makeMessages = `INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
  SELECT c.id, s, CASE WHEN s % 4 = 0 THEN 3 ELSE 0 END, 'u1', gen_random_uuid(), now(), CASE WHEN s % 4 = 0 THEN 1 END, 'words', sha256('')
  FROM chat.channel c, generate_series(1, 40) s WHERE c.id % 2 = 0`;
const moveHeads = `UPDATE chat.channel_head SET last_seq = CASE channel_id WHEN 1 THEN 1000000000 ELSE 40 END, last_at = now() - channel_id * interval '1 s'`;

/**
 * Marks all entries as indexed and searched for notifications, so that the manager does neither.
 */
const markAsIndexed = `WITH searched AS (
    INSERT INTO chat.search_progress (channel_id, log_id, rules, seq, first_seq) SELECT channel_id, log_id, 1000, last_seq, first_seq FROM chat.channel_head
  ) INSERT INTO chat.notice_progress (channel_id, log_id, seq) SELECT channel_id, log_id, last_seq FROM chat.channel_head`;

/** Bare statement that reads the rows of the chats of one caller, and counts nothing. */
const bareChats = {
  name: 'bareChats',
  text: `SELECT * FROM chat.member m JOIN chat.channel c ON c.id = m.channel_id JOIN chat.channel_head h ON h.channel_id = m.channel_id
    WHERE m.user_id = $1 AND m.left_seq IS NULL ORDER BY h.last_at DESC, c.id DESC LIMIT 100`,
  values: ['caller-1'],
};
const bareReceipts = `UPDATE chat.member m SET read_seq = n.read, delivered_seq = n.read, receipt_at = now()
  FROM unnest($1::varchar[], $2::bigint[]) AS n (user_id, read) WHERE m.channel_id = 1 AND m.user_id = n.user_id RETURNING m.user_id`;

async function fill(owner: Pool): Promise<string> {
  await owner.query('ALTER TABLE chat.channel DISABLE TRIGGER channel_changed');
  await owner.query('ALTER TABLE chat.member DISABLE TRIGGER members_added');
  for (const text of [makeUsers, makeChats, makeMembers, makeMessages, moveHeads, markAsIndexed])
    await owner.query(text);
  await owner.query('VACUUM ANALYZE');
  const { rows } = await owner.query<{ log: string }>(
    'SELECT log_id AS log FROM chat.channel_head WHERE channel_id = 1',
  );
  return rows[0]?.log ?? '';
}

/**
 * Returns two calls that move the receipts of all users in one statement: the call of the chat
 * server, and a bare statement.
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

const hasRows = (rows: number) => (read: readonly unknown[]) =>
  read.length === rows ? undefined : `${read.length} rows`;

/**
 * Plays a round in which each caller makes a pair of calls a second: first a call that reads one
 * member of a chat, then Overview. Both run under the same load. If callers fall behind, both calls
 * mostly wait in the same queue, so their ratio means nothing and the round is not valid.
 */
async function playPairs(trio: Trio, callers: readonly TestPerson[], seconds: number) {
  const chatOf = ({ id }: TestPerson) => 2 * (callerCount + Number(id.slice('caller-'.length)) - 1);
  const [oneRow, overview] = [new CallTimes(hasRows(1)), new CallTimes(hasRows(myChats))];
  const turns = callers.map((caller) => async () => {
    await oneRow.measure(async () => (await trio.listMembers(caller, chatOf(caller), 1)).users);
    await overview.measure(async () => (await trio.overview(caller, myChats)).chats);
  });
  await takeTurns(turns, seconds, () => {
    for (const times of [oneRow, overview]) times.fail('callers fell behind');
  });
  return { oneRow: oneRow.round(), overview: overview.round() };
}

async function playersOf(trio: Trio, pools: { readonly manager: Pool; readonly owner: Pool }, seconds: number) {
  const callers = await trio.people.makeMany('caller', callerCount);
  const receipts = await receiptCalls(pools.owner, await fill(pools.owner));
  const reads = (call: () => Promise<readonly unknown[]>, rows: number) => () =>
    measureCalls(call, seconds, hasRows(rows));
  let pairs: Awaited<ReturnType<typeof playPairs>>;
  const playOneRow = async () => {
    pairs = await playPairs(trio, callers, seconds);
    return pairs.oneRow;
  };
  return new Map<string, () => Promise<BenchRound>>([
    [base, playOneRow],
    ['Overview of 100 chats', async () => pairs.overview],
    ['rows of 100 chats, bare', reads(async () => (await pools.manager.query(bareChats)).rows, myChats)],
    ['1,000 receipts, bare', reads(receipts.bare, receiptUsers)],
    ['1,000 receipts', reads(receipts.ours, receiptUsers)],
  ]);
}

/**
 * Compares Overview with a call that reads one row, over RPC with 50 callers, and receipts with a
 * bare statement.
 */
export async function benchInbox(plan: SuitePlan): Promise<SuiteResult> {
  const trio = await Trio.start({ chatServers: 0, env: { PARLEY_LOG_LEVEL: 'error' } });
  const { database } = trio;
  const owner = createPool({ url: database.ownerUrl, applicationName: 'bench', max: 1 });
  const manager = createPool({ url: database.urlFor('chat_manager'), applicationName: 'bench', max: 1 });
  try {
    const players = await playersOf(trio, { manager, owner }, plan.seconds);
    const rounds = await playInTurn(players, { name: 'inbox', ...plan, describe: describeCalls });
    const description = `${myChats} of ${chatCount} chats, with 15 members and 30 unread messages each; ${callerCount} callers, each with one pair of calls a second`;
    return { shape: 'inbox', description, figure: 'ms a call', lowerIsBetter: true, rounds, base };
  } finally {
    await Promise.all([owner.end(), manager.end()]);
    await trio.stop();
  }
}
