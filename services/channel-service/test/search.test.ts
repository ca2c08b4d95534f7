import { HistoryResponse, SearchRequest } from '@parley/contract';
import { DatabaseClock, type Pool } from '@parley/database';
import type { Call } from '@parley/service-kit';
import { openTestDatabase, openTestPool, type TestDatabase, utf8 } from '@parley/testkit';
import { Retention } from '../src/history/retention.js';
import { createSearch } from '../src/search/search.js';
import { openSearchPool } from '../src/search/search-pool.js';
import { Chats, reason } from './chats.js';
import { type Person, Rig } from './rig.js';
import { amend, indexAll, indexed, rebuilt } from './search-index.js';

const { jest } = import.meta;
let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;
let searchPool: Pool;
let clock: DatabaseClock;
let owner: Person;
let member: Person;
let stranger: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  const url = database.urlFor('chat_manager');
  pool = openTestPool(url, 4, 'test indexer');
  searchPool = openSearchPool(url, () => {});
  clock = await DatabaseClock.start(pool);
});

beforeEach(async () => {
  [owner, member, stranger] = (await rig.persons(3)) as [Person, Person, Person];
});

afterAll(async () => {
  await Promise.all([pool.end(), searchPool.end()]);
  await rig.close();
  await database.close();
});

const index = () => indexAll(rig, pool);

type Query = Parameters<Chats['search']>[1];

/**
 * Searches twice: by a call, and as for a user of many channels, whose rights are read after the
 * matches. Expects the same results from both.
 */
async function search(who: Person, query: Query): Promise<HistoryResponse> {
  const response = await chats.search(who, query);
  const ofMany = createSearch({ pool, searchPool, clock }, -1);
  const me = { ...who, name: who.id, role: 'user' } as const;
  const again = await ofMany(SearchRequest.fromPartial(query), me, { facts: {} } as Call);
  expect(HistoryResponse.toJSON(again)).toEqual(HistoryResponse.toJSON(response));
  return response;
}

/** Indexes, searches, and returns the texts that were found. */
async function find(who: Person, query: Query): Promise<string[]> {
  await index();
  return (await search(who, query)).messages.map(({ data }) => utf8(data));
}

async function group(...members: readonly Person[]): Promise<number> {
  const id = await chats.make(owner, 'group');
  await chats.add(owner, id, ...members);
  return id;
}

describe('results', () => {
  test('the newest come first, even if the clock of the manager is days behind that of the database', async () => {
    const id = await group();
    await chats.tell(id, owner, 'an old fig', 'another old fig');
    const daysMs = 10 * 86_400_000;
    await rig.owner.query("UPDATE chat.message SET sent_at = sent_at - interval '10 d' WHERE channel_id = $1", [id]);
    await chats.tell(id, owner, 'a new fig');
    await index();
    const late = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - daysMs);
    const request = SearchRequest.fromPartial({ text: 'fig', channelId: id, page: { size: 1 } });
    const me = { ...owner, name: owner.id, role: 'user' } as const;
    const { messages } = await createSearch({ pool, searchPool, clock })(request, me, { facts: {} } as Call);
    late.mockRestore();
    expect(messages.map(({ data }) => utf8(data))).toEqual(['a new fig']);
  });

  test('results come from all chats of the caller, newest first, with their channels', async () => {
    const [one, two] = [await group(), await group()];
    await chats.tell(one, owner, 'first apple');
    await chats.tell(two, owner, 'second apple', 'a pear');
    await chats.tell(one, owner, 'third apple');
    await index();
    const { messages, more, next, log } = await search(owner, { text: 'apple' });
    expect(messages.map(({ channelId, data }) => [channelId, utf8(data)])).toEqual([
      [one, 'third apple'],
      [two, 'second apple'],
      [one, 'first apple'],
    ]);
    expect({ more, next, log }).toEqual({ more: false, next: '', log: '' });
  });

  test('results come in pages that neither repeat nor skip a message', async () => {
    const ids = [await group(), await group()];
    for (let n = 0; n < 12; n++) await chats.tell(ids[n % 2] ?? 0, owner, `plum ${n}`, `plum too ${n}`);
    await index();
    const seen: { readonly text: string; readonly at: number }[] = [];
    for (let after = '', more = true; more; ) {
      const page = await search(owner, { text: 'plum', page: { size: 5, after } });
      expect(page.messages.length).toBeLessThanOrEqual(5);
      expect(page.more).toBe(page.next !== '');
      seen.push(...page.messages.map(({ data, timestamp }) => ({ text: utf8(data), at: timestamp })));
      ({ next: after, more } = page);
    }
    const texts = Array.from({ length: 24 }, (_, n) => `plum ${n % 2 ? 'too ' : ''}${Math.floor(n / 2)}`);
    expect(seen.map(({ text }) => text).toSorted()).toEqual(texts.toSorted());
    const times = seen.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test('results can be limited to one channel, one sender or a time', async () => {
    const [one, two] = [await group(member), await group(member)];
    await chats.tell(one, owner, 'kiwi by owner');
    await chats.tell(one, member, 'kiwi by member');
    await chats.tell(two, member, 'another kiwi');
    await chats.age(one, 3, '400 days');
    const yearAgo = Date.now() - 365 * 86_400_000;
    expect(await find(owner, { text: 'kiwi', channelId: one })).toEqual(['kiwi by member', 'kiwi by owner']);
    expect(await find(owner, { text: 'kiwi', sender: member.id.toUpperCase() })).toEqual([
      'another kiwi',
      'kiwi by member',
    ]);
    expect(await find(owner, { sender: member.id, channelId: one })).toEqual(['kiwi by member']);
    expect(await find(owner, { text: 'kiwi', before: yearAgo })).toEqual(['kiwi by member', 'kiwi by owner']);
    expect(await find(owner, { text: 'kiwi', after: yearAgo })).toEqual(['another kiwi']);
    expect(await find(owner, { text: 'kiwi', sender: stranger.id })).toEqual([]);
    expect(await find(owner, { text: 'kiwi', sender: 'nobody-has-this-id' })).toEqual([]);
  });

  test('results are only messages with text', async () => {
    const id = await group();
    await chats.tell(id, owner, 'grape one', 'grape two', 'grape three', 'grape four');
    const set = (seq: number, what: string) =>
      rig.owner.query(`UPDATE chat.message SET ${what} WHERE channel_id = $1 AND data = $2`, [
        id,
        Buffer.from(['', 'grape one', 'grape two', 'grape three'][seq] ?? ''),
      ]);
    await set(1, "content_type = 'application/json'");
    await set(2, "content_type = ''");
    await set(3, "data = decode('6772617065ff', 'hex')");
    expect(await find(owner, { text: 'grape' })).toEqual(['grape four', 'grape two']);
  });

  test('results follow edits and deletions, and never show or find earlier text', async () => {
    const id = await group();
    await chats.tell(id, owner, 'lemon', 'lime', 'orange');
    expect(await find(owner, { text: 'lemon' })).toEqual(['lemon']);
    const [lemon, lime] = await Promise.all(['lemon', 'lime'].map((text) => amend.seqOf(rig, id, text)));
    await amend.edit(rig, id, lemon ?? 0, 'melon');
    await amend.remove(rig, id, lime ?? 0);
    expect((await search(owner, { text: 'lemon' })).messages).toEqual([]);
    expect((await search(owner, { text: 'lime' })).messages).toEqual([]);
    expect(await find(owner, { text: 'melon' })).toEqual(['melon']);
    expect(await find(owner, { text: 'lemon' })).toEqual([]);
    expect(await indexed(rig)).toEqual(await rebuilt(rig, pool));
  });

  test('results leave out messages that retention has removed, and so does the index', async () => {
    const id = await chats.make(owner, 'group', { retention: { seconds: 3_600 } });
    await chats.tell(id, owner, 'cherry one', 'cherry two');
    await index();
    await chats.age(id, 2, '2 hours');
    await chats.tell(id, owner, 'cherry three');
    await new Retention(pool).run();
    expect((await search(owner, { text: 'cherry' })).messages).toEqual([]);
    expect(await find(owner, { text: 'cherry' })).toEqual(['cherry three']);
    const { rows } = await rig.owner.query('SELECT seq FROM chat.search WHERE channel_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });

  test('results belong to the current log', async () => {
    const id = await group();
    await chats.tell(id, owner, 'old fig');
    expect(await find(owner, { text: 'fig' })).toEqual(['old fig']);
    await chats.update(owner, id, { retention: { nothing: true } });
    expect((await search(owner, { text: 'fig' })).messages).toEqual([]);
    await chats.update(owner, id, { retention: { everything: true } });
    await chats.tell(id, owner, 'new date');
    expect((await search(owner, { text: 'fig' })).messages).toEqual([]);
    expect(await find(owner, { text: 'date' })).toEqual(['new date']);
    await rig.owner.query('SELECT chat.restored()');
    expect((await search(owner, { text: 'date' })).messages).toEqual([]);
    expect(await find(owner, { text: 'date' })).toEqual(['new date']);
    expect(await indexed(rig)).toEqual(await rebuilt(rig, pool));
  });

  test('a deleted channel has no results, and its words are deleted with its messages', async () => {
    const id = await group();
    await chats.tell(id, owner, 'last mango');
    await index();
    await rig.remove(owner, id);
    expect((await search(owner, { text: 'mango' })).messages).toEqual([]);
    await rig.owner.query("UPDATE chat.channel SET deleted_at = now() - interval '2 days' WHERE id = $1", [id]);
    await chats.age(id, 10, '1 hour');
    await new Retention(pool).run();
    await index();
    await new Retention(pool).run();
    for (const table of ['search', 'search_progress', 'message'])
      expect((await rig.owner.query(`SELECT FROM chat.${table} WHERE channel_id = $1`, [id])).rowCount).toBe(0);
    expect((await rig.owner.query('SELECT FROM chat.channel WHERE id = $1', [id])).rowCount).toBe(0);
  });
});

describe('the rights of a search', () => {
  test('Search shows a former member messages up to the removal, and a returned member all or only new ones', async () => {
    const open = await group(member);
    const closed = await chats.make(owner, 'group', { closedHistory: true });
    await chats.tell(closed, owner, 'quince before');
    await chats.add(owner, closed, member);
    for (const id of [open, closed]) await chats.tell(id, owner, `quince during`);
    for (const id of [open, closed]) await chats.change(owner, id, member, { remove: true });
    for (const id of [open, closed]) await chats.tell(id, owner, `quince after`);
    expect(await find(member, { text: 'quince', channelId: open })).toEqual(['quince during']);
    expect(await find(member, { text: 'quince', channelId: closed })).toEqual(['quince during']);
    expect(await find(member, { text: 'quince' })).toEqual(['quince during', 'quince during']);
    await chats.add(owner, open, member);
    await chats.add(owner, closed, member);
    await chats.tell(closed, owner, 'quince again');
    expect(await find(member, { text: 'quince', channelId: open })).toEqual(['quince after', 'quince during']);
    expect(await find(member, { text: 'quince', channelId: closed })).toEqual(['quince again']);
    expect(await find(stranger, { text: 'quince' })).toEqual([]);
  });

  test('Search refuses a stranger with the same text as History, for every kind of channel', async () => {
    const ids = [999_999, await group(), await chats.make(owner, 'private'), await chats.make(owner, 'public')];
    const refusalOf = async (call: Promise<unknown>) =>
      call.then(
        () => 'none',
        ({ reason: word, message }) => `${word}: ${message}`,
      );
    for (const channelId of ids) {
      const refused = await refusalOf(search(stranger, { text: 'word', channelId }));
      expect(refused).toBe(await refusalOf(chats.history(stranger, channelId)));
      expect(refused).not.toBe('none');
    }
    const direct = (await chats.direct(owner, member.id)).id;
    await expect(search(stranger, { text: 'word', channelId: direct })).rejects.toEqual(reason('channel-not-found'));
  });

  test('anyone who is not banned can search a room with history by its id, and its owner finds its messages without the id too', async () => {
    const id = await chats.make(owner, 'room', { retention: { everything: true } });
    await chats.tell(id, owner, 'papaya');
    expect(await find(stranger, { text: 'papaya', channelId: id })).toEqual(['papaya']);
    expect(await find(stranger, { text: 'papaya' })).toEqual([]);
    expect(await find(owner, { text: 'papaya' })).toEqual(['papaya']);
    await chats.change(owner, id, stranger, { banUntil: Date.now() + 3_600_000 });
    await expect(search(stranger, { text: 'papaya', channelId: id })).rejects.toEqual(reason('banned'));
  });
});

describe('a search', () => {
  test.each([
    ['no text', {}],
    ['spaces', { text: '  \n' }],
    ['punctuation', { text: '?!... -- "" ()' }],
    ['punctuation with a sender', { text: '?!', sender: 'bob' }],
    ['control characters', { text: '\u0000\u0007\u202e\u200b' }],
    ['too much text', { text: 'word '.repeat(2_000) }],
  ])('Search refuses %s', async (_name, query) => {
    await expect(search(owner, query)).rejects.toEqual(reason('invalid-search'));
  });

  test('Search refuses impossible ids and pages', async () => {
    const search = (query: Query) => chats.search(owner, { text: 'word', ...query });
    await expect(search({ sender: "bob' | 'x" })).rejects.toEqual(reason('invalid-user-id'));
    await expect(search({ channelId: 2 ** 31 })).rejects.toEqual(reason('invalid-channel-id'));
    await expect(search({ page: { size: 101 } })).rejects.toEqual(reason('invalid-page'));
    for (const after of ['x', '1-2', '1-2-3-4', '-1-2-3', '1-9999999999-3', '9'.repeat(17)])
      await expect(search({ page: { after } })).rejects.toEqual(reason('invalid-page'));
  });

  test('Search is not confused by a text that looks like a query', async () => {
    await group();
    for (const text of ["a' | 'b", "it''s", 'a\\', ':*', 'word:*', 'a & !b', '<-> word', '"open', '#1 @1 <bob']) {
      const outcome = await search(owner, { text }).catch(({ reason: word }) => word);
      expect(outcome === 'invalid-search' || Array.isArray(outcome.messages)).toBe(true);
    }
    const dates = { text: 'word', before: Number.MAX_SAFE_INTEGER, after: Number.MAX_SAFE_INTEGER };
    expect((await search(owner, dates)).messages).toEqual([]);
  });
});

test('a stranger does not find a message whose text looks like the labels of its channel', async () => {
  const id = await group();
  await chats.tell(id, owner, `#${id} <${owner.id} @1 hello`);
  const { rows } = await rig.owner.query<{ words: string }>(
    'SELECT words::text FROM chat.search WHERE channel_id = $1',
    [id],
  );
  await index();
  expect(rows).toEqual([]);
  expect(await find(stranger, { text: `#${id}` })).toEqual([]);
});
