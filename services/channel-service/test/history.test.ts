import { openTestDatabase, type TestDatabase, utf8 } from '@parley/testkit';
import { Chats, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let member: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
});

beforeEach(async () => {
  [owner, member] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const change = (id: number, seq: number, set: string, ...values: readonly unknown[]) =>
  rig.owner.query(`UPDATE chat.message SET ${set} WHERE channel_id = $1 AND seq = $2`, [id, seq, ...values]);

describe('History', () => {
  test('pages go newest first, from a seq back to the start', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 25);
    const first = await chats.history(owner, id, { size: 10 });
    expect(first.messages.map(({ seq }) => seq)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
    expect(first).toMatchObject({ more: true, next: '', log: (await chats.head(id)).log_id });
    const last = await chats.history(owner, id, { beforeSeq: 6, size: 5 });
    expect([last.messages.map(({ seq }) => seq), last.more]).toEqual([[5, 4, 3, 2, 1], false]);
    expect(await chats.history(owner, id, { beforeSeq: 1 })).toMatchObject({ messages: [], more: false });
    expect(await chats.seqs(owner, id, { beforeSeq: 1_000_000, size: 1 })).toEqual([25]);
  });

  test('pages go oldest first after a seq, to the end', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 25);
    const page = await chats.history(owner, id, { afterSeq: 20, size: 4 });
    expect([page.messages.map(({ seq }) => seq), page.more]).toEqual([[21, 22, 23, 24], true]);
    expect(await chats.history(owner, id, { afterSeq: 24 })).toMatchObject({ messages: [{ seq: 25 }], more: false });
    expect(await chats.history(owner, id, { afterSeq: 25 })).toMatchObject({ messages: [], more: false });
  });

  test('a page has up to 100 entries if the size is 0, and size 101 or two directions are refused', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 101);
    const page = await chats.history(owner, id);
    expect([page.messages.length, page.more]).toEqual([100, true]);
    await expect(chats.history(owner, id, { size: 101 })).rejects.toEqual(reason('invalid-page'));
    await expect(chats.history(owner, id, { beforeSeq: 2, afterSeq: 1 })).rejects.toEqual(reason('invalid-page'));
    await expect(chats.history(owner, 0)).rejects.toEqual(reason('invalid-channel-id'));
  });

  test('pages leave out edits and reactions, and set `more` correctly', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 3);
    for (const kind of [1, 2, 3, 4, 5, 6]) await chats.say(id, owner, 1, kind);
    await chats.say(id, owner, 1);
    await chats.add(owner, id, member);
    await chats.say(id, owner, 2, 3);
    const page = await chats.history(owner, id, { size: 3 });
    expect([page.messages.map(({ seq }) => seq), page.more]).toEqual([[11, 10, 3], true]);
    const rest = await chats.history(owner, id, { size: 2, beforeSeq: 3 });
    expect([rest.messages.map(({ seq }) => seq), rest.more]).toEqual([[2, 1], false]);
    const up = await chats.history(owner, id, { size: 2, afterSeq: 3 });
    expect([up.messages.map(({ seq }) => seq), up.more]).toEqual([[10, 11], false]);
  });

  test('a page of pinned messages has the newest first, without deleted ones', async () => {
    const id = await chats.make(owner, 'group');
    await chats.add(owner, id, member);
    await chats.say(id, owner, 6);
    const pin = (seq: number) => change(id, seq, 'pinned_at = to_timestamp($3), pinned_by = $4', 1_000 - seq, owner.id);
    for (const seq of [2, 3, 5, 7]) await pin(seq);
    await change(id, 3, "deleted_at = now(), data = ''");
    const first = await chats.history(member, id, { pinned: true, size: 2 });
    expect([first.messages.map(({ seq, pinnedAt }) => [seq, pinnedAt]), first.more]).toEqual([
      [
        [7, 993_000],
        [5, 995_000],
      ],
      true,
    ]);
    const rest = await chats.history(member, id, { pinned: true, size: 2, beforeSeq: 5 });
    expect([rest.messages.map(({ seq }) => seq), rest.more]).toEqual([[2], false]);
    const all = await chats.history(member, id);
    expect(all.messages.map(({ seq, pinnedAt }) => [seq, pinnedAt > 0])).toEqual([
      ...[
        [7, true],
        [6, false],
        [5, true],
        [4, false],
        [3, false],
        [2, true],
        [1, false],
      ],
    ]);
    await expect(chats.history(member, id, { pinned: true, afterSeq: 1 })).rejects.toEqual(reason('invalid-page'));
    await expect(chats.history(member, id, { pinned: true, oldestFirst: true })).rejects.toEqual(
      reason('invalid-page'),
    );
  });

  test('former members see no pins, and users outside may not ask for them', async () => {
    const id = await chats.make(owner, 'group');
    await chats.add(owner, id, member);
    await chats.say(id, owner, 2);
    await change(id, 2, 'pinned_at = now(), pinned_by = $3', owner.id);
    expect((await chats.history(member, id, { pinned: true })).messages.map(({ seq }) => seq)).toEqual([2]);
    await chats.change(owner, id, member, { remove: true });
    expect(await chats.history(member, id, { pinned: true })).toMatchObject({ messages: [], more: false });
    expect((await chats.history(member, id)).messages.map(({ pinnedAt }) => pinnedAt)).toEqual([0, 0, 0, 0]);
    const other = await rig.person();
    await expect(chats.history(other, id, { pinned: true })).rejects.toEqual(reason('channel-not-found'));
  });

  test('a page of large entries ends at 1 MiB and sets `more`', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 40);
    await rig.owner.query(
      "UPDATE chat.message SET data = convert_to(repeat('x', 65536), 'UTF8') WHERE channel_id = $1",
      [id],
    );
    let before = 0;
    const pages: number[] = [];
    for (let more = true; more; ) {
      const page = await chats.history(owner, id, { beforeSeq: before });
      const bytes = page.messages.reduce((sum, { data }) => sum + data.length, 0);
      expect(bytes).toBeLessThanOrEqual(1_048_576);
      pages.push(page.messages.length);
      before = page.messages.at(-1)?.seq ?? 0;
      more = page.more;
    }
    expect(pages).toEqual([15, 15, 10]);
    expect(before).toBe(1);
  });

  test('pages go oldest first from the first entry', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 5);
    const first = await chats.history(owner, id, { oldestFirst: true, size: 3 });
    expect([first.messages.map(({ seq }) => seq), first.more]).toEqual([[1, 2, 3], true]);
    expect(await chats.seqs(owner, id, { oldestFirst: true, afterSeq: 3 })).toEqual([4, 5]);
    await expect(chats.history(owner, id, { oldestFirst: true, beforeSeq: 3 })).rejects.toEqual(reason('invalid-page'));
  });

  test("a message shows the count of its reactions, the first ten users and the reader's own reaction", async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 40);
    await rig.owner.query(
      `INSERT INTO chat.users (id, name, password_hash) SELECT 'reacting-' || repeat('r', 40) || n, 'r', '!' FROM generate_series(1000, 2199) n`,
    );
    await rig.owner.query(
      `INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) SELECT $1, s, id, '👍' FROM generate_series(1, 40) s, chat.users
       WHERE id LIKE 'reacting-%'`,
      [id],
    );
    await rig.owner.query(
      "INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) VALUES ($1, 40, $2, '👍'), ($1, 40, $2, '🎉')",
      [id, owner.id],
    );
    await rig.owner.query("DELETE FROM chat.reaction WHERE channel_id = $1 AND seq = 39 AND user_id LIKE '%21__'", [
      id,
    ]);
    const [newest, second, ...others] = (await chats.history(owner, id)).messages;
    const thumbs = newest?.reactions.find(({ emoji }) => emoji === '👍');
    expect(thumbs).toMatchObject({ count: 1_201, mine: true });
    expect(thumbs?.userIds).toHaveLength(10);
    expect(newest?.reactions.find(({ emoji }) => emoji === '🎉')).toMatchObject({
      count: 1,
      mine: true,
      userIds: [owner.id],
    });
    expect(second?.reactions).toMatchObject([{ count: 1_100, mine: false }]);
    expect(others).toHaveLength(38);
  });

  test('a page holds as many entries as fit, and the next page has the rest', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 100);
    await rig.owner.query(
      `INSERT INTO chat.reaction (channel_id, seq, user_id, emoji)
       SELECT $1, s, u.id, chr(128512 + e) FROM generate_series(1, 100) s, generate_series(0, 19) e,
         (SELECT id FROM chat.users WHERE id LIKE 'reacting-%' LIMIT 10) u`,
      [id],
    );
    const page = await chats.history(owner, id);
    expect(page.more).toBe(true);
    expect(page.messages.length).toBeGreaterThan(50);
    const rest = await chats.history(owner, id, { beforeSeq: page.messages.at(-1)?.seq ?? 0 });
    expect(page.messages.length + rest.messages.length).toBe(100);
  });
});

describe('an entry in History', () => {
  test('an entry is returned with all its fields', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 2);
    await change(id, 2, "target_seq = 1, mentions = ARRAY[$3::varchar], content_type = 'text/plain'", member.id);
    const file = await rig.one<{ id: string }>(
      `INSERT INTO chat.file (owner_id, name, content_type, size, complete) VALUES ($1, 'f', 'text/plain', 1, true) RETURNING id`,
      owner.id,
    );
    await rig.owner.query('INSERT INTO chat.message_file VALUES ($1, 2, $2)', [id, file.id]);
    const [message] = (await chats.history(owner, id, { size: 1 })).messages;
    const stored = await rig.one<{ number: number; client_id: string }>(
      'SELECT number, client_id FROM chat.users, chat.message WHERE users.id = $1 AND channel_id = $2 AND seq = 2',
      owner.id,
      id,
    );
    expect(message).toMatchObject({
      userId: stored.number,
      sender: owner.id,
      seq: 2,
      clientId: stored.client_id,
      contentType: 'text/plain',
      kind: 0,
      targetSeq: 1,
      mentions: [member.id],
      fileIds: [file.id],
      editedAt: 0,
      deleted: false,
      reactions: [],
    });
    expect(utf8(message?.data)).toBe('m2');
    expect(Math.abs((message?.timestamp ?? 0) - Date.now())).toBeLessThan(20_000);
  });

  test('an entry shows the current edits, deletions and reactions', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 3);
    await change(id, 1, "data = 'edited', edited_at = to_timestamp(1700000000.5)");
    await change(id, 2, "data = '', deleted_at = now()");
    await rig.owner.query(
      `INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) VALUES ($1, 3, $2, '👍'), ($1, 3, $3, '👍'), ($1, 3, $2, '🎉')`,
      [id, owner.id, member.id],
    );
    const [third, second, first] = (await chats.history(owner, id)).messages;
    expect([utf8(first?.data), first?.editedAt, first?.deleted]).toEqual(['edited', 1_700_000_000_500, false]);
    expect([second?.data.length, second?.deleted, second?.reactions]).toEqual([0, true, []]);
    const both = [owner.id, member.id].sort();
    expect(third?.reactions).toHaveLength(2);
    expect(third?.reactions).toEqual(
      expect.arrayContaining([
        { emoji: '👍', userIds: both, count: 2, mine: true },
        { emoji: '🎉', userIds: [owner.id], count: 1, mine: true },
      ]),
    );
  });
});

describe('read access', () => {
  test('anyone who may listen in a room with history may read it', async () => {
    const room = await chats.make(owner, 'room', { retention: { seconds: 60 } });
    await chats.say(room, owner, 2);
    expect(await chats.seqs(member, room)).toEqual([2, 1]);
    await chats.change(owner, room, member, { banUntil: 9e15 });
    await expect(chats.history(member, room)).rejects.toEqual(reason('banned'));
    expect(await chats.seqs(await rig.person(), room)).toEqual([2, 1]);
  });

  test('History returns nothing for a room without history', async () => {
    const room = await chats.make(owner, 'room');
    expect(await chats.history(member, room)).toMatchObject({ messages: [], more: false, log: '' });
  });

  test('members read a chat, and past members read it up to their last entry', async () => {
    const [open, group] = [await chats.make(owner, 'public'), await chats.make(owner, 'group')];
    const { id: direct } = await chats.direct(owner, (await rig.person()).id);
    await expect(chats.history(member, open)).rejects.toEqual(reason('not-a-member'));
    for (const id of [group, direct, 2_000_000_000]) {
      await expect(chats.history(member, id)).rejects.toEqual(reason('channel-not-found'));
    }
    await chats.say(group, owner, 2);
    await chats.add(owner, group, member);
    await chats.change(owner, group, member, { remove: true });
    await chats.say(group, owner, 2);
    expect(await chats.seqs(member, group)).toEqual([4, 3, 2, 1]);
    expect(await chats.seqs(member, group, { afterSeq: 3 })).toEqual([4]);
    expect(await chats.history(member, group, { beforeSeq: 100 })).toMatchObject({
      messages: [{ seq: 4 }, {}, {}, {}],
    });
  });

  test('History refuses everyone after the deletion of the channel, and a suspended reader', async () => {
    const id = await chats.make(owner, 'group');
    await chats.add(owner, id, member);
    await rig.owner.query("UPDATE chat.users SET status = 'suspended' WHERE id = $1", [member.id]);
    await expect(chats.history(member, id)).rejects.toEqual(reason('suspended'));
    await rig.remove(owner, id);
    await expect(chats.history(owner, id)).rejects.toEqual(reason('channel-not-found'));
  });
});
