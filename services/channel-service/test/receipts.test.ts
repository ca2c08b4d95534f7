import { randomUUID } from 'node:crypto';
import { openTestDatabase, type TestDatabase, until } from '@parley/testkit';
import { Chats, reason } from './chats.js';
import { Inbox } from './inbox-api.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let inbox: Inbox;
let owner: Person;
let member: Person;
let id: number;
let log: string;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  inbox = new Inbox(rig);
});

beforeEach(async () => {
  await rig.clear();
  [owner, member] = (await rig.persons(2)) as [Person, Person];
  id = await chats.make(owner, 'group');
  await chats.add(owner, id, member);
  log = (await chats.head(id)).log_id;
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

describe('UpdateReceipt', () => {
  test('UpdateReceipt moves both seqs of a receipt forward, never back, and returns the chat', async () => {
    const last = await chats.say(id, owner, 5);
    const receipt = (more: object) => inbox.receipt(member, id, { log, ...more });
    expect(await receipt({ deliveredSeq: last })).toMatchObject({
      mine: { deliveredSeq: last, readSeq: 0 },
      unread: 5,
    });
    expect(await receipt({ readSeq: last - 2 })).toMatchObject({
      mine: { deliveredSeq: last, readSeq: last - 2 },
      unread: 2,
    });
    expect(await receipt({ readSeq: last - 3, deliveredSeq: 1 })).toMatchObject({
      mine: { deliveredSeq: last, readSeq: last - 2 },
    });
  });

  test('a message that is read counts as delivered', async () => {
    const last = await chats.say(id, owner, 2);
    expect(await inbox.receipt(member, id, { log, readSeq: last })).toMatchObject({
      mine: { deliveredSeq: last, readSeq: last },
    });
  });

  test('UpdateReceipt moves no receipt past the last entry or to before the member joined', async () => {
    const late = await rig.person();
    const before = await chats.say(id, owner, 3);
    await chats.add(owner, id, late);
    const last = await chats.say(id, owner, 2);
    expect(await inbox.receipt(late, id, { log, readSeq: 1 })).toMatchObject({ mine: { readSeq: before } });
    const far = Number.MAX_SAFE_INTEGER;
    expect(await inbox.receipt(late, id, { log, readSeq: far, deliveredSeq: far })).toMatchObject({
      mine: { readSeq: last, deliveredSeq: last },
      unread: 0,
    });
  });

  test('UpdateReceipt refuses seqs of another log, and a channel without history', async () => {
    await chats.say(id, owner, 2);
    for (const other of ['', randomUUID(), 'x'])
      await expect(inbox.receipt(member, id, { log: other, readSeq: 1 })).rejects.toEqual(reason('other-log'));
    expect((await inbox.chat(member, id)).mine).toMatchObject({ readSeq: 0, deliveredSeq: 0 });
    const forgets = await chats.make(owner, 'group', { retention: { nothing: true } });
    await expect(inbox.receipt(owner, forgets, { readSeq: 1 })).rejects.toEqual(reason('no-history'));
  });

  test('UpdateReceipt marks a chat as unread without moving a receipt, and reading further removes the mark', async () => {
    const last = await chats.say(id, owner, 2);
    await inbox.receipt(member, id, { log, readSeq: last - 1 });
    const marked = await inbox.receipt(member, id, { markedUnread: true });
    expect(marked).toMatchObject({ markedUnread: true, mine: { readSeq: last - 1 }, unread: 1 });
    expect(await inbox.receipt(member, id, { log, deliveredSeq: last })).toMatchObject({ markedUnread: true });
    expect(await inbox.receipt(member, id, { log, readSeq: last })).toMatchObject({ markedUnread: false });
    await inbox.receipt(member, id, { markedUnread: true });
    expect(await inbox.receipt(member, id, { markedUnread: false })).toMatchObject({ markedUnread: false });
  });

  test('reading a chat again removes the mark as unread, unless the same call sets it', async () => {
    const last = await chats.say(id, owner, 3);
    const receipt = (more: object) => inbox.receipt(member, id, { log, ...more });
    await receipt({ readSeq: last - 1 });
    await receipt({ markedUnread: true });
    expect(await receipt({ readSeq: last - 2, deliveredSeq: last })).toMatchObject({ markedUnread: true });
    const { updatedAt } = (await inbox.receipts(owner, id, last - 2)).receipts[0] ?? {};
    expect(await receipt({ readSeq: last - 1 })).toMatchObject({ markedUnread: false, mine: { readSeq: last - 1 } });
    expect((await inbox.receipts(owner, id, last - 2)).receipts).toMatchObject([{ userId: member.id, updatedAt }]);
    expect(await receipt({ readSeq: last - 1, markedUnread: true })).toMatchObject({ markedUnread: true });
    expect(await receipt({ readSeq: last })).toMatchObject({ markedUnread: false });
  });

  test('strangers and former members get the refusal for a channel that does not exist', async () => {
    await chats.say(id, owner, 2);
    await inbox.receipt(member, id, { log, readSeq: 1 });
    await chats.change(owner, id, member, { remove: true });
    const stranger = await rig.person();
    for (const who of [member, stranger]) {
      const calls = [
        inbox.receipt(who, id, { log, readSeq: 3 }),
        inbox.receipts(who, id, 3),
        inbox.setNotify(who, id, 3),
      ];
      for (const call of calls) await expect(call).rejects.toEqual(reason('channel-not-found'));
    }
    await expect(inbox.receipt(member, 2_000_000, { readSeq: 3 })).rejects.toEqual(reason('channel-not-found'));
    const { read_seq: kept } = await rig.one<{ read_seq: number }>(
      'SELECT read_seq FROM chat.member WHERE channel_id = $1 AND user_id = $2',
      id,
      member.id,
    );
    expect(kept).toBe(1);
  });

  test('UpdateReceipt tells outsiders of a public chat to join, and refuses rooms, which have no members', async () => {
    const open = await chats.make(owner, 'public');
    await expect(inbox.receipt(member, open, { readSeq: 1 })).rejects.toEqual(reason('not-a-member'));
    const room = await rig.room(owner);
    await expect(inbox.receipt(owner, room, { readSeq: 1 })).rejects.toEqual(reason('wrong-kind'));
    await expect(inbox.receipt(owner, 0, { readSeq: 1 })).rejects.toEqual(reason('invalid-channel-id'));
  });

  test('UpdateReceipt refuses calls beyond the rate', async () => {
    const usedUp = `INSERT INTO chat.rate (key, tat) VALUES ('receipt:' || $1, now() + interval '20.5 s')
      ON CONFLICT (key) DO UPDATE SET tat = excluded.tat`;
    await until(async () => {
      await rig.owner.query(usedUp, [member.id]);
      const { reasons } = await outcomes([inbox.receipt(member, id, {})]); // Allowed if the machine stalls for 600 ms.
      return reasons[0] === 'change-too-often';
    });
  });

  test('a receipt ends at the highest seq after many concurrent calls in any order, for every member', async () => {
    const people = [owner, member, ...(await rig.persons(4))];
    await chats.add(owner, id, ...people.slice(2));
    const last = await chats.say(id, owner, 40);
    const seqs = Array.from({ length: 20 }, (_, n) => last - n);
    const calls = people.flatMap((who) =>
      seqs.toSorted(() => Math.random() - 0.5).map((readSeq) => inbox.receipt(who, id, { log, readSeq })),
    );
    await Promise.all(calls);
    for (const who of people)
      expect((await inbox.chat(who, id)).mine).toMatchObject({ readSeq: last, deliveredSeq: last });
  });
});

describe('ListReceipts', () => {
  test('ListReceipts lists all members except the sender and private readers, page by page', async () => {
    const people = await rig.persons(3);
    await chats.add(owner, id, ...people);
    const [first, , hidden] = people as [Person, Person, Person];
    const seq = await chats.say(id, first, 1);
    await inbox.receipt(member, id, { log, readSeq: seq });
    await inbox.receipt(hidden, id, { log, readSeq: seq });
    await rig.owner.query('UPDATE chat.users SET private_reads = true WHERE id = $1', [hidden.id]);
    const page = await inbox.receipts(owner, id, seq, 2);
    const rest = await inbox.receipts(owner, id, seq, 2, page.next);
    const all = [...page.receipts, ...rest.receipts];
    const expected = [owner, member, people[1] as Person].map((one) => one.id).toSorted();
    expect(all.map(({ userId }) => userId)).toEqual(expected);
    expect(all.find(({ userId }) => userId === member.id)).toMatchObject({ readSeq: seq, deliveredSeq: seq });
    expect([page.receipts.length, rest.next]).toEqual([2, '']);
  });

  test('ListReceipts refuses a seq that is not a message or that the caller may not read', async () => {
    const last = await chats.say(id, owner, 1);
    for (const seq of [0, 1, last + 1, Number.MAX_SAFE_INTEGER])
      await expect(inbox.receipts(owner, id, seq)).rejects.toEqual(reason('message-not-found'));
    const closed = await chats.make(owner, 'group', { closedHistory: true });
    const early = await chats.say(closed, owner, 1);
    await chats.add(owner, closed, member);
    await expect(inbox.receipts(member, closed, early)).rejects.toEqual(reason('message-not-found'));
    await expect(inbox.receipts(owner, id, last, 101)).rejects.toEqual(reason('invalid-page'));
    await expect(inbox.receipts(owner, id, last, 1, 'a b')).rejects.toEqual(reason('invalid-page'));
  });
});

describe('SetNotify', () => {
  test('SetNotify changes the choice of the caller only', async () => {
    await inbox.setNotify(member, id, 3);
    expect(await inbox.chat(member, id)).toMatchObject({ notify: 3 });
    expect(await inbox.chat(owner, id)).toMatchObject({ notify: 1 });
    for (const choice of [0, 4, 99])
      await expect(inbox.setNotify(member, id, choice)).rejects.toEqual(reason('invalid-notify'));
  });
});
