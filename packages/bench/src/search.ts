import { createPool, DatabaseClock, type Pool } from '@parley/database';
import { openTestDatabase } from '@parley/testkit';
import { describeCalls, type Handler, loadService, measureCalls } from './calls.js';
import { type BenchRound, playInTurn } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

const channelCount = 5_000;
const rareWords = 5;
const pageSize = 50;

const makeUsers = `INSERT INTO chat.users (id, name, password_hash) VALUES ('every', 'bench', '!'), ('some', 'bench', '!')`;
const makeChannels = `INSERT INTO chat.channel (name, owner_id, kind, user_limit)
  SELECT 'bench', 'every', 'group', 100 FROM generate_series(1, ${channelCount})`;
/**
 * Makes one user a member of every channel, and another user a member of every hundredth channel.
 */
const makeMembers = `INSERT INTO chat.member (channel_id, user_id, joined_seq)
  SELECT id, 'every', 0 FROM chat.channel UNION ALL SELECT id, 'some', 0 FROM chat.channel WHERE id % 100 = 0`;
/**
 * Creates the messages of one year. Each has 10 of 30,000 words, a few of which are very frequent.
 * A further word is in a tenth of the messages, and five further words are rare. Some channels are
 * much busier than others.
 */
const makeMessages = `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, content_type, data, digest)
  SELECT channel, row_number() OVER (PARTITION BY channel ORDER BY n), 'every', gen_random_uuid(),
    now() - ($1::int - n) * interval '1 year' / $1::int, 'text/plain', convert_to(words || CASE WHEN random() < 0.1 THEN ' common' ELSE '' END
      || CASE WHEN n % 7000 = 0 THEN ' rare' || n / 7000 % ${rareWords} ELSE '' END, 'UTF8'), sha256('')
  FROM (
    SELECT n, CASE WHEN n % 7 = 0 THEN 100 * (1 + n % 50) ELSE 1 + floor(${channelCount} * power(random(), 3))::int END AS channel, (
      SELECT string_agg('w' || floor(30000 * power(random(), 4))::int, ' ') FROM generate_series(1, 10) WHERE n > 0
    ) AS words FROM generate_series(1, $1::int) n
  ) said`;
const moveHeads = `UPDATE chat.channel_head h SET last_seq = m.seq, last_at = m.sent_at
  FROM (SELECT channel_id, max(seq) AS seq, max(sent_at) AS sent_at FROM chat.message GROUP BY channel_id) m WHERE m.channel_id = h.channel_id`;
const countUnindexed = `SELECT count(*)::int AS unindexed FROM chat.channel_head h LEFT JOIN chat.search_progress p USING (channel_id)
  WHERE h.last_seq > 0 AND p.seq IS DISTINCT FROM h.last_seq`;

interface Page {
  readonly messages: readonly unknown[];
}

/** Handlers of a manager, called without the network. */
interface Calls {
  readonly history: Handler<Page>;
  readonly search: Handler<Page>;
}

/** Fills a database with the messages of one year. Runs more statements before, such as those that add members. */
export async function fillYear(owner: Pool, rows: number, more: readonly string[] = []): Promise<void> {
  for (const text of [makeUsers, makeChannels, ...more]) await owner.query(text);
  await owner.query('SET session_replication_role = replica');
  await owner.query(makeMessages, [rows]);
  await owner.query(moveHeads);
  await owner.query('RESET session_replication_role');
  await owner.query('ANALYZE chat.message, chat.member, chat.channel, chat.channel_head');
}

/** Indexes all messages as the managers do. Returns the duration in seconds. */
export async function indexAll(owner: Pool, pool: Pool): Promise<number> {
  type IndexerClass = new (pool: Pool, also: unknown) => { run(): Promise<void> };
  const { Indexer } = await loadService<{ Indexer: IndexerClass }>('channel-service/search/indexer.js');
  const { notifyOfMessages } = await loadService<{ notifyOfMessages: unknown }>(
    'channel-service/inbox/message-notices.js',
  );
  const began = performance.now();
  for (;;) {
    await new Indexer(pool, notifyOfMessages).run();
    const { rows } = await owner.query<{ unindexed: number }>(countUnindexed);
    if (rows[0]?.unindexed === 0) return (performance.now() - began) / 1_000;
  }
}

async function openCalls(pool: Pool, searchPool: Pool): Promise<Calls> {
  const { createHistory } = await loadService<{ createHistory: (pool: Pool) => Handler<Page> }>(
    'channel-service/history/history.js',
  );
  type SearchDeps = { readonly pool: Pool; readonly searchPool: Pool; readonly clock: DatabaseClock };
  const { createSearch } = await loadService<{ createSearch: (deps: SearchDeps) => Handler<Page> }>(
    'channel-service/search/search.js',
  );
  const clock = await DatabaseClock.start(pool);
  return { history: createHistory(pool), search: createSearch({ pool, searchPool, clock }) };
}

function measureSearch(call: () => Promise<Page>, least: number, seconds: number): Promise<BenchRound> {
  const check = ({ messages }: Page) => (messages.length < least ? `only ${messages.length} messages` : undefined);
  return measureCalls(call, seconds, check);
}

const any = (count: number) => Math.floor(Math.random() * count);
const page = { size: pageSize, after: '' };

function playersOf({ history, search }: Calls, seconds: number): Map<string, () => Promise<BenchRound>> {
  const find = (id: string, query: object) => {
    const request = { text: '', channelId: 0, sender: '', before: 0, after: 0, page, ...query };
    return search(request, { id }, { facts: {} });
  };
  const busy = () => 100 * (1 + any(50));
  const read = () =>
    history(
      { channelId: busy(), beforeSeq: 0, afterSeq: 0, size: pageSize, oldestFirst: false },
      { id: 'every' },
      { facts: {} },
    );
  const rare = () => ({ text: `"rare${any(rareWords)}"` });
  const common = { text: '"common"' };
  const frequent = { text: '"w0" "w1"' };
  return new Map<string, () => Promise<BenchRound>>([
    ['a page of History', () => measureSearch(read, pageSize, seconds)],
    ['rare, of 50 chats', () => measureSearch(() => find('some', rare()), 1, seconds)],
    ['common, of 50 chats', () => measureSearch(() => find('some', common), pageSize, seconds)],
    ['common, of one chat', () => measureSearch(() => find('some', { ...common, channelId: busy() }), 1, seconds)],
    ['rare, of 5,000 chats', () => measureSearch(() => find('every', rare()), 1, seconds)],
    ['common, of 5,000 chats', () => measureSearch(() => find('every', common), pageSize, seconds)],
    ['two frequent, of 50 chats', () => measureSearch(() => find('some', frequent), pageSize, seconds)],
    ['begins with "com"', () => measureSearch(() => find('some', { text: 'com' }), pageSize, seconds)],
    ['nothing', () => measureSearch(() => find('every', { text: '"absent" "w0"' }), 0, seconds)],
  ]);
}

/** Compares searches with a page of History, which is read along the primary key. */
export async function benchSearch({ rows, ...plan }: SuitePlan & { readonly rows: number }): Promise<SuiteResult> {
  const database = await openTestDatabase();
  const url = database.urlFor('chat_manager');
  const { searchSession } = await loadService<{ searchSession: Record<string, string> }>(
    'channel-service/search/search-pool.js',
  );
  const owner = createPool({ url: database.ownerUrl, applicationName: 'bench', max: 1 });
  const pool = createPool({ url, applicationName: 'bench', max: 2 });
  const searchPool = createPool({ url, applicationName: 'bench search', max: 2, session: searchSession });
  try {
    await fillYear(owner, rows, [makeMembers]);
    const seconds = await indexAll(owner, pool);
    plan.log(`search: indexed ${rows} messages, ${Math.round(rows / seconds)} a second`);
    await owner.query('VACUUM ANALYZE chat.search');
    const players = playersOf(await openCalls(pool, searchPool), plan.seconds);
    const rounds = await playInTurn(players, { name: 'search', ...plan, describe: describeCalls });
    const description = `pages of ${pageSize} of ${rows} messages in ${channelCount} chats, one caller`;
    return {
      shape: 'search',
      description,
      figure: 'ms a call',
      lowerIsBetter: true,
      rounds,
      base: 'a page of History',
    };
  } finally {
    await Promise.all([owner, pool, searchPool].map((one) => one.end()));
    await database.close();
  }
}
