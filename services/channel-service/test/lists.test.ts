import { ChannelService, ListChannelsRequest, type ListChannelsResponse } from '@parley/contract';
import { limits } from '@parley/runtime';
import { callPatiently, openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { describe as describeStatement } from '../src/channels/channel-store.js';
import { listNamed, listOwn, listPublic } from '../src/channels/list-store.js';
import { followActivity } from '../src/placement/activity-store.js';
import { Chats, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

const rooms = 50_000;
let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let stranger: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  stranger = await rig.person();
  // Each owner has as many rooms as a user may have. Half of the rooms share one name. This test
  // does not need the events of their creation.
  await rig.owner.query(`
    INSERT INTO chat.users (id, name, password_hash)
      SELECT 'owner-' || n, 'Owner', '!' FROM generate_series(0, ${rooms / limits.channelsPerUser - 1}) n;
    ALTER TABLE chat.channel DISABLE TRIGGER channel_changed;
    INSERT INTO chat.channel (name, owner_id, retention_seconds)
      SELECT CASE WHEN n % 2 = 0 THEN 'Lobby' ELSE 'room ' || n END, 'owner-' || n % ${rooms / limits.channelsPerUser}, 0 FROM generate_series(1, ${rooms}) n;
    UPDATE chat.listing SET active_at = now() - channel_id * interval '10 ms';
    ALTER TABLE chat.channel ENABLE TRIGGER channel_changed;
    ANALYZE`);
});

beforeEach(() => rig.clear());

afterAll(async () => {
  await rig.close();
  await database.close();
});

type Asked = Parameters<typeof ListChannelsRequest.fromPartial>[0];

function ask(who: Person, asked: Asked): Promise<ListChannelsResponse> {
  const { manager } = rig;
  const request = ListChannelsRequest.fromPartial(asked);
  return callPatiently(manager, ChannelService.listChannels, request, { token: who.token, withinMs: 30_000 });
}

async function everyPage(who: Person, asked: Asked, pages = 1_000): Promise<number[]> {
  const ids: number[] = [];
  let after = '';
  for (let n = 0; n < pages; n++) {
    const page = await ask(who, { ...asked, page: { size: 100, after } });
    ids.push(...page.ids);
    after = page.next;
    if (after === '') break;
  }
  return ids;
}

describe('with 50,000 rooms of strangers', () => {
  test('a list shows new channels to their members and finds the room by name', async () => {
    const [me, friend] = [await rig.person(), await rig.person()];
    const room = (await rig.create(me, { name: 'Our Room', limit: 5 })).id;
    const group = await chats.make(me, 'group');
    await chats.add(me, group, friend);
    const direct = (await chats.direct(friend, me.id)).id;
    expect((await ask(me, { mine: true })).ids.toSorted()).toEqual([room, group, direct].toSorted());
    expect((await ask(friend, { mine: true })).ids.toSorted()).toEqual([group, direct].toSorted());
    expect((await ask(stranger, {})).ids[0]).toBe(room);
    expect((await ask(stranger, { name: 'our rOOm' })).ids).toEqual([room]);
    expect((await ask(stranger, { name: 'a group' })).ids).toEqual([]);
    expect((await ask(me, { mine: true, name: 'A GROUP' })).ids).toEqual([group]);
    const all = (await rig.list(me)).map(({ id }) => id);
    expect(all.slice(0, 3).toSorted()).toEqual([room, group, direct].toSorted());
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeLessThanOrEqual(2 * limits.channelsPerList);
  });

  test('a list goes page by page without gap or repeat, most active first', async () => {
    const me = await rig.person();
    const ids = await everyPage(me, {}, 12);
    expect(new Set(ids).size).toBe(1_200);
    const { rows } = await rig.owner.query<{ channel_id: number }>(
      'SELECT channel_id FROM chat.listing ORDER BY active_at DESC, channel_id DESC LIMIT 1200',
    );
    expect(ids).toEqual(rows.map(({ channel_id }) => channel_id));
    const lobbies = await ask(me, { name: 'lobby', page: { size: 5, after: '' } });
    expect(lobbies.channels.map(({ name }) => name)).toEqual(Array(5).fill('Lobby'));
    expect(lobbies.next).not.toBe('');
  });

  test('a repeated call returns only channels that have changed', async () => {
    const me = await rig.person();
    const ids = [await chats.make(me, 'group'), await chats.make(me, 'public'), await chats.make(me, 'private')];
    const before = await ask(me, { mine: true });
    const known = before.channels.map(({ id, version }) => ({ id, version }));
    expect(await ask(me, { mine: true, known })).toEqual({ channels: [], ids: before.ids, next: '' });
    await chats.update(me, ids[1] as number, { name: 'renamed' });
    await chats.say(ids[2] as number, me);
    const after = await ask(me, { mine: true, known });
    expect(after.channels.map(({ id }) => id).toSorted()).toEqual([ids[1], ids[2]].toSorted());
    expect(after.ids[0]).toBe(ids[2]);
  });

  test.each(planModes)('a list reads no more rows than a page needs (%s)', async (mode) => {
    const me = await rig.person();
    await chats.make(me, 'group');
    const plan = (text: string, values: readonly unknown[]) => planOf(rig.owner, { text, values, mode });
    const start = { at: Number.MAX_SAFE_INTEGER, id: limits.channelId, size: 101 };
    const byActivity = await plan(listPublic.text, listPublic.valuesOf({ ...start, maxAgeDays: 30 }));
    expect(byActivity).toContain('listing_active');
    expect(byActivity).not.toMatch(/Seq Scan|Sort/);
    const byName = await plan(listNamed.text, listNamed.valuesOf({ ...start, name: 'lobby' }));
    expect(byName).toContain('listing_name');
    expect(byName).not.toMatch(/Seq Scan|Sort/);
    const mine = listOwn.valuesOf({ ...start, userId: me.id, withoutChats: false, name: null });
    const own = listOwn.valuesOf({ ...start, userId: me.id, withoutChats: true, name: null });
    for (const values of [mine, own])
      expect(await plan(listOwn.text, values)).not.toMatch(/Seq Scan on (channel|listing|channel_head)/);
    const { rows } = await rig.owner.query('SELECT channel_id FROM chat.listing ORDER BY random() LIMIT 100');
    const page = describeStatement.valuesOf({
      channelIds: rows.map((row) => row.channel_id),
      maxUsersOfRoom: 25,
      maxUsersOfChat: 100,
      readerId: me.id,
      maxCounted: limits.usersCounted,
    });
    const described = await plan(describeStatement.text, page);
    expect(described).not.toMatch(/Seq Scan on (channel|listing|channel_head)/);
  });
});

describe('the order of activity', () => {
  test('the rooms of one owner rise 5 times in a row, even with concurrent Listens', async () => {
    const [me, ...people] = await rig.persons(9);
    await rig.server();
    if (me === undefined) throw new Error('nobody');
    const rooms = await Promise.all(people.map(() => rig.room(me)));
    await rig.owner.query("UPDATE chat.listing SET active_at = now() - interval '3 h'");
    await Promise.all(people.map((who, n) => rig.listen(who, rooms[n] as number)));
    const { n } = await rig.one<{ n: number }>(
      "SELECT count(*)::int AS n FROM chat.listing WHERE channel_id = ANY ($1) AND active_at > now() - interval '1 h'",
      rooms,
    );
    expect(n).toBe(5);
  });

  test('one listener can raise only one room of an owner in 10 minutes, and others can raise the rest', async () => {
    const [me, visitor, other] = await rig.persons(3);
    await rig.server();
    if (me === undefined || visitor === undefined || other === undefined) throw new Error('nobody');
    const rooms: number[] = [];
    for (let n = 0; n < 6; n++) rooms.push(await rig.room(me));
    await rig.owner.query("UPDATE chat.listing SET active_at = now() - interval '3 h'");
    const risen = async () => {
      const sql =
        "SELECT channel_id AS id FROM chat.listing WHERE channel_id = ANY ($1) AND active_at > now() - interval '1 h'";
      return (await rig.owner.query<{ id: number }>(`${sql} ORDER BY id`, [rooms])).rows.map(({ id }) => Number(id));
    };
    for (const id of rooms.slice(0, 3)) await rig.listen(visitor, id);
    expect(await risen()).toEqual(rooms.slice(0, 1));
    await rig.listen(other, rooms[5] as number);
    expect(await risen()).toEqual([rooms[0], rooms[5]]);
  });

  test('messages let at most 5 rooms of one owner rise', async () => {
    const me = await rig.person();
    await rig.server();
    const rooms: number[] = [];
    for (let n = 0; n < 8; n++) {
      const id = await chats.make(me, 'room', { retention: { everything: true } });
      await rig.listen(await rig.person(), id);
      await chats.say(id, me);
      rooms.push(id);
    }
    await rig.owner.query("UPDATE chat.listing SET active_at = now() - interval '3 h'");
    for (let pass = 0; pass < 2; pass++) {
      for (const id of rooms.slice(0, 3)) await chats.say(id, me);
      await followActivity(rig.owner);
      const { n } = await rig.one<{ n: number }>(
        "SELECT count(*)::int AS n FROM chat.listing WHERE channel_id = ANY ($1) AND active_at > now() - interval '2 h'",
        rooms,
      );
      expect(n).toBe(5);
      rooms.reverse();
    }
  });

  test('a Listen moves a room once in 10 minutes', async () => {
    const me = await rig.person();
    await rig.server();
    const id = await rig.room(me);
    const at = async (minutes: number) => {
      await rig.owner.query("UPDATE chat.listing SET active_at = now() - $2 * interval '1 min' WHERE channel_id = $1", [
        id,
        minutes,
      ]);
      await rig.listen(await rig.person(), id);
      const row = await rig.one<{ old: boolean }>(
        "SELECT active_at < now() - interval '3 min' AS old FROM chat.listing WHERE channel_id = $1",
        id,
      );
      return row.old;
    };
    expect(await at(5)).toBe(true);
    expect(await at(11)).toBe(false);
  });

  test('a Listen of another user moves a room without history to the front, and a message moves one with history', async () => {
    const me = await rig.person();
    await rig.server();
    const [quiet, kept] = [await rig.room(me), await chats.make(me, 'room', { retention: { everything: true } })];
    const old = () => rig.owner.query("UPDATE chat.listing SET active_at = now() - interval '3 h'");
    await old();
    await rig.listen(me, quiet);
    expect((await ask(stranger, {})).ids[0]).not.toBe(quiet);
    await rig.listen(await rig.person(), quiet);
    expect((await ask(stranger, {})).ids[0]).toBe(quiet);
    await old();
    await rig.listen(await rig.person(), kept);
    await old();
    await chats.say(kept, me);
    await followActivity(rig.owner);
    expect((await ask(stranger, {})).ids[0]).toBe(kept);
  });

  test('a channel unused for 30 days is listed only to its owner or by name, until a Listen', async () => {
    const me = await rig.person();
    await rig.server();
    const room = (await rig.create(me, { name: 'forgotten', limit: 5 })).id;
    await rig.owner.query("UPDATE chat.listing SET active_at = now() - interval '31 days' WHERE channel_id = $1", [
      room,
    ]);
    expect((await ask(stranger, { page: { size: 1, after: '' } })).ids).not.toContain(room);
    const { rows } = await rig.owner.query('SELECT count(*)::int AS n FROM chat.listing');
    expect(rows[0].n).toBeGreaterThan(rooms);
    expect((await ask(me, { mine: true })).ids).toEqual([room]);
    expect((await ask(stranger, { name: 'forgotten' })).ids).toEqual([room]);
    await rig.listen(stranger, room);
    expect((await ask(stranger, {})).ids[0]).toBe(room);
  });
});

describe('a channel in a list', () => {
  test('a channel shows role, log id and last seq only to users who may read it', async () => {
    const [owner, member, other] = await rig.persons(3);
    const id = await chats.make(owner as Person, 'public');
    await chats.join(member as Person, id);
    await chats.say(id, owner as Person, 3);
    const { log_id, last_seq } = await chats.head(id);
    const seen = async (who: Person) => (await rig.list(who, id))[0];
    expect(await seen(owner as Person)).toMatchObject({ myRole: 3, lastSeq: last_seq, log: log_id });
    expect(await seen(member as Person)).toMatchObject({ myRole: 1, lastSeq: last_seq, log: log_id });
    expect(await seen(other as Person)).toMatchObject({ myRole: 0, lastSeq: 0, log: '' });
  });

  test('a channel counts all present users, and hides from outsiders those whom they cannot find', async () => {
    const [owner, hidden, shown, outsider] = await rig.persons(4);
    await rig.server();
    await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [hidden?.id]);
    const room = await rig.room(owner as Person);
    for (const who of [hidden, shown]) {
      await rig.listen(who as Person, room);
      await rig.take(room, who?.id as string);
    }
    const seen = async (who: Person) => (await rig.list(who, room))[0];
    const both = [hidden?.id, shown?.id].toSorted();
    expect((await seen(outsider as Person))?.users.map(({ id }) => id)).toEqual([shown?.id]);
    expect((await seen(outsider as Person))?.userCount).toBe(2);
    for (const who of [owner, hidden, shown]) {
      expect((await seen(who as Person))?.users.map(({ id }) => id)).toEqual(both);
    }
  });
});

test.each([{ page: { size: 101 } }, { page: { after: 'x' } }, { page: { after: '1-99999999999' } }])(
  'ListChannels refuses %j',
  async (asked) => {
    await expect(ask(stranger, asked)).rejects.toEqual(reason('invalid-page'));
  },
);

test('an own list without chats has the rooms of the user and the channels offered to them', async () => {
  const [me, host] = [await rig.person(), await rig.person()];
  const room = (await rig.create(me, { name: 'My Room', limit: 5 })).id;
  await chats.make(me, 'group');
  await chats.direct(me, host.id);
  const offered = await chats.make(host, 'group');
  await chats.add(host, offered, me);
  await chats.change(me, offered, me, { remove: true });
  await chats.add(host, offered, me);
  expect((await ask(me, { mine: true })).ids).toHaveLength(4);
  const withoutChats = { mine: true, withoutChats: true };
  expect((await ask(me, withoutChats)).ids).toEqual([room, offered]);
  expect((await ask(me, { ...withoutChats, name: 'my room' })).ids).toEqual([room]);
  expect(await everyPage(me, withoutChats)).toEqual([room, offered]);
  await expect(ask(me, { withoutChats: true })).rejects.toEqual(reason('malformed'));
});

test('ListChannels refuses more than 100 known channels and an invalid name', async () => {
  const known = Array.from({ length: 101 }, (_, id) => ({ id, version: 1 }));
  await expect(ask(stranger, { known })).rejects.toEqual(reason('invalid-page'));
  for (const name of ['x'.repeat(65), '\0']) {
    await expect(ask(stranger, { name })).rejects.toEqual(reason('invalid-name'));
  }
});
