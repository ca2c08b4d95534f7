import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { purges } from '../src/placement/purge-store.js';
import { Chats, ranks, reason } from './chats.js';
import { Inbox } from './inbox-api.js';
import { type Person, Rig } from './rig.js';

const kinds = { mention: 1, reply: 2, direct: 3, added: 4, offered: 5, role: 6 } as const;

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let inbox: Inbox;
/** A connection with the rights of a manager. */
let pool: Pool;
let owner: Person;
let member: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  inbox = new Inbox(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 8);
});

beforeEach(async () => {
  await rig.clear();
  [owner, member] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

const kindsOf = async (who: Person) => (await inbox.notifications(who)).notifications.map(({ kind }) => kind);

/** Notifies users of a message as the indexer does. Returns the number of new notifications. */
async function tell(kind: string, channelId: number, seq: number, by: Person, ...users: readonly Person[]) {
  const { log_id: log } = await chats.head(channelId);
  const each = <T>(value: T) => users.map(() => value);
  const { rowCount } = await pool.query('SELECT * FROM chat.notify_of_messages($1, $2, $3, $4, $5, $6)', [
    each(kind),
    each(channelId),
    each(log),
    each(seq),
    each(by.id),
    users.map((one) => one.id),
  ]);
  return rowCount;
}

/** Notifies users as `tell` does, again if a stall lets it wait too long for the lock of a row. */
async function insistOnTelling(...told: Parameters<typeof tell>): ReturnType<typeof tell> {
  try {
    return await tell(...told);
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== '55P03') throw thrown;
    return insistOnTelling(...told);
  }
}

async function group(...people: readonly Person[]): Promise<number> {
  const id = await chats.make(owner, 'group');
  await chats.add(owner, id, ...people);
  return id;
}

describe('a change of members', () => {
  test('a user is notified when another user adds them, but not when they join by choice', async () => {
    const id = await group(member);
    expect((await inbox.notifications(member)).notifications).toMatchObject([
      { kind: kinds.added, channelId: id, seq: 0, by: owner.id, read: false },
    ]);
    const open = await chats.make(owner, 'public');
    await chats.join(member, open);
    expect(await kindsOf(member)).toEqual([kinds.added]);
    expect(await kindsOf(owner)).toEqual([]);
  });

  test('an offer notifies the user until the offer ends', async () => {
    const id = await group(member);
    await chats.change(owner, id, member, { role: ranks.owner });
    expect(await kindsOf(member)).toEqual([kinds.offered, kinds.added]);
    await chats.change(owner, id, member, { role: ranks.member });
    expect(await kindsOf(member)).toEqual([kinds.added]);
    await chats.change(member, id, member, { remove: true });
    await chats.change(owner, id, member, { add: true });
    expect(await kindsOf(member)).toEqual([kinds.offered]);
    await chats.change(member, id, member, { remove: true });
    expect(await kindsOf(member)).toEqual([]);
  });

  test('a change of role notifies the user, and a transfer notifies the former owner', async () => {
    const id = await group(member);
    await chats.change(owner, id, member, { role: ranks.admin });
    await chats.change(owner, id, member, { role: ranks.admin });
    expect(await kindsOf(member)).toEqual([kinds.role, kinds.added]);
    await chats.change(owner, id, member, { role: ranks.owner });
    await chats.change(member, id, member, { role: ranks.owner });
    expect((await inbox.notifications(owner)).notifications).toMatchObject([{ kind: kinds.role, by: member.id }]);
  });

  test('a change by a blocked user notifies nobody', async () => {
    const id = await group(member);
    await rig.owner.query('INSERT INTO chat.block (user_id, blocked_id) VALUES ($1, $2)', [member.id, owner.id]);
    await chats.change(owner, id, member, { role: ranks.admin });
    expect(await kindsOf(member)).toEqual([kinds.added]);
  });

  test('a change that fails notifies nobody', async () => {
    const id = await chats.make(owner, 'group', { limit: 1 });
    await expect(chats.add(owner, id, member)).rejects.toEqual(reason('channel-full'));
    expect(await kindsOf(member)).toEqual([]);
  });

  test.each([
    ['removes the member', { remove: true }],
    ['bans the member', { banUntil: Date.now() + 3_600_000 }],
  ])('a change that %s deletes the notifications of that channel', async (_, change) => {
    const [id, other] = [await group(member), await group(member)];
    await tell('mention', id, await chats.say(id, owner), owner, member);
    await chats.change(owner, id, member, change);
    const { notifications, unread } = await inbox.notifications(member);
    expect([notifications.map(({ channelId }) => channelId), unread]).toEqual([[other], 1]);
  });

  test('the deletion of a channel deletes its notifications', async () => {
    const id = await group(member);
    await rig.remove(owner, id);
    expect(await kindsOf(member)).toEqual([]);
  });
});

describe('a message', () => {
  test('a message notifies each member once, as the member has set for the chat', async () => {
    const id = await group(member);
    const seq = await chats.say(id, owner, 4);
    expect(await tell('mention', id, seq, owner, member, member, owner)).toBe(1);
    expect(await tell('reply', id, seq, owner, member)).toBe(0);
    await inbox.setNotify(member, id, 2);
    expect(await tell('direct', id, seq - 1, owner, member)).toBe(0);
    expect(await tell('reply', id, seq - 1, owner, member)).toBe(1);
    await inbox.setNotify(member, id, 3);
    expect(await tell('mention', id, seq - 2, owner, member)).toBe(0);
    expect(await kindsOf(member)).toEqual([kinds.reply, kinds.mention, kinds.added]);
  });

  test('a message notifies no stranger, no former or later member, and nobody if its seq is of another log', async () => {
    const [stranger, former] = (await rig.persons(2)) as [Person, Person];
    const id = await group(former);
    const seq = await chats.say(id, owner);
    await chats.add(owner, id, member);
    await chats.change(owner, id, former, { remove: true });
    expect(await tell('mention', id, seq, owner, stranger, former, member)).toBe(0);
    const late = await chats.say(id, owner);
    await rig.owner.query('UPDATE chat.channel_head SET log_id = gen_random_uuid() WHERE channel_id = $1', [id]);
    const { rowCount } = await pool.query(
      "SELECT * FROM chat.notify_of_messages('{mention}', ARRAY[$1::int], ARRAY[gen_random_uuid()], ARRAY[$2::bigint], ARRAY[$3], ARRAY[$4])",
      [id, late, owner.id, member.id],
    );
    expect(rowCount).toBe(0);
    expect(await tell('added', id, late, owner, member)).toBe(0);
  });

  test('a message that is read makes its notification read', async () => {
    const id = await group(member);
    const seq = await chats.say(id, owner, 2);
    for (const one of [seq - 1, seq]) await tell('mention', id, one, owner, member);
    const { log_id: log } = await chats.head(id);
    await inbox.receipt(member, id, { log, readSeq: seq - 1 });
    const { notifications, unread } = await inbox.notifications(member);
    expect([notifications.map(({ read }) => read), unread]).toEqual([[false, true, false], 2]);
    expect((await inbox.notifications(member, { unreadOnly: true })).notifications).toMatchObject([
      { kind: kinds.mention, seq },
      { kind: kinds.added },
    ]);
  });

  test('the notifications of one channel displace no others, and a user keeps the newest 100 of them', async () => {
    const [loud, quiet] = [await group(member), await group(member)];
    const heard = await chats.say(quiet, owner);
    await tell('mention', quiet, heard, owner, member);
    const of = async (id: number) => {
      const kept =
        'SELECT coalesce(seq, 0) AS seq FROM chat.notification WHERE user_id = $1 AND channel_id = $2 ORDER BY id';
      return (await rig.owner.query<{ seq: number }>(kept, [member.id, id])).rows.map(({ seq }) => seq);
    };
    const last = await chats.say(loud, owner, 1_100);
    const { log_id: log } = await chats.head(loud);
    for (const [from, to] of [
      [1, 60],
      [61, 120],
      [121, last],
    ] as const) {
      const each = (value: string) => `ARRAY(SELECT ${value} FROM generate_series($4::bigint, $5::bigint) n)`;
      await pool.query(
        `SELECT FROM chat.notify_of_messages(${each("'mention'")}, ${each('$1::int')}, ${each('$2::uuid')}, ${each('n')},
           ${each('$3::varchar')}, ${each('$6::varchar')})`,
        [loud, log, owner.id, from, to, member.id],
      );
      const newest = await of(loud);
      expect(newest.length).toBeLessThanOrEqual(100);
      expect(newest.at(-1)).toBe(to);
    }
    expect(await of(loud)).toEqual(Array.from({ length: 100 }, (_, n) => last - 99 + n));
    expect(await of(quiet)).toEqual([0, heard]);
  });

  test('a notification disappears with its message', async () => {
    const id = await group(member);
    const seq = await chats.say(id, owner, 3);
    for (const one of [seq - 2, seq - 1, seq]) await tell('mention', id, one, owner, member);
    const seqs = async () => {
      const { notifications, unread } = await inbox.notifications(member);
      return [notifications.map((one) => one.seq), unread];
    };
    expect(await seqs()).toEqual([[seq, seq - 1, seq - 2, 0], 4]);
    await rig.owner.query("UPDATE chat.message SET deleted_at = now(), data = '' WHERE channel_id = $1 AND seq = $2", [
      id,
      seq,
    ]);
    expect(await seqs()).toEqual([[seq - 1, seq - 2, 0], 3]);
    await rig.owner.query('UPDATE chat.channel_head SET first_seq = $2 WHERE channel_id = $1', [id, seq - 1]);
    expect(await seqs()).toEqual([[seq - 1, 0], 2]);
    await rig.owner.query('DELETE FROM chat.message WHERE channel_id = $1', [id]);
    expect(await seqs()).toEqual([[0], 1]);
  });

  test('a message that many calls announce at once notifies once, and no call waits for ever', async () => {
    const people = await rig.persons(20);
    const id = await group(...people);
    const seq = await chats.say(id, owner, 10);
    const shuffled = () => people.toSorted(() => Math.random() - 0.5);
    const told = await Promise.all(
      Array.from({ length: 40 }, (_, n) => insistOnTelling('mention', id, seq - (n % 10), owner, ...shuffled())),
    );
    expect(told.reduce((sum: number, n) => sum + (n ?? 0), 0)).toBe(200);
  });
});

describe('ListNotifications', () => {
  const fill = (who: Person, channelId: number, count: number, age = '0 s') =>
    rig.owner.query(
      "INSERT INTO chat.notification (user_id, kind, channel_id, by_id, created_at) SELECT $1, 'role', $2, $3, now() - $5::interval FROM generate_series(1, $4::int)",
      [who.id, channelId, owner.id, count, age],
    );

  test('ListNotifications goes newest first, page by page, and counts unread ones up to 100', async () => {
    const id = await group(member);
    await fill(member, id, 150);
    const seen: number[] = [];
    let after = '';
    do {
      const page = await inbox.notifications(member, { page: { size: 60, after } });
      seen.push(...page.notifications.map((one) => one.id));
      expect(page.unread).toBe(100);
      after = page.next;
    } while (after !== '');
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(new Set(seen).size).toBe(151);
    for (const page of [{ size: 101 }, { after: 'x' }, { after: '99999999999999999' }])
      await expect(inbox.notifications(member, { page })).rejects.toEqual(reason('invalid-page'));
  });

  test('only their user can mark notifications, one by one or up to an id', async () => {
    const id = await group(member);
    await fill(member, id, 4);
    const ids = (await inbox.notifications(member)).notifications.map((one) => one.id);
    await inbox.mark(owner, { ids, upTo: ids[0] ?? 0 });
    expect((await inbox.notifications(member)).unread).toBe(5);
    await inbox.mark(member, { ids: [ids[1] ?? 0] });
    await inbox.mark(member, { upTo: ids[3] ?? 0 });
    const { notifications, unread } = await inbox.notifications(member);
    expect([notifications.map(({ read }) => read), unread]).toEqual([[false, true, false, true, true], 2]);
    await expect(inbox.mark(member, { ids: Array(101).fill(1) })).rejects.toEqual(reason('invalid-page'));
  });

  test('a user keeps the newest 1,000 notifications, for 90 days', async () => {
    const id = await group(member);
    for (let n = 0; n < 12; n++) await fill(member, await chats.make(owner, 'group'), 100);
    await fill(owner, id, 3, '91 days');
    await tell('mention', id, await chats.say(id, owner), owner, member);
    const count = async (who: Person) =>
      (await rig.one<{ n: number }>('SELECT count(*) AS n FROM chat.notification WHERE user_id = $1', who.id)).n;
    expect(await count(member)).toBe(1_000);
    const last = await chats.say(id, owner, 30);
    const { log_id: log } = await chats.head(id);
    const each = (value: string) => `ARRAY(SELECT ${value} FROM generate_series(1, 30) n)`;
    await pool.query(
      `SELECT FROM chat.notify_of_messages(${each("'mention'")}, ${each('$1::int')}, ${each('$2::uuid')}, ${each('$3::bigint - n')},
         ${each('$4::varchar')}, ${each('$5::varchar')})`,
      [id, log, last + 1, owner.id, member.id],
    );
    expect(await count(member)).toBe(1_000);
    expect((await inbox.notifications(member)).notifications[0]).toMatchObject({ kind: kinds.mention });
    await rig.owner.query("UPDATE chat.notification SET created_at = now() - interval '91 days' WHERE user_id = $1", [
      member.id,
    ]);
    for (const purge of purges) await purge.run(rig.owner);
    expect([await count(member), await count(owner)]).toEqual([0, 0]);
  });
});
