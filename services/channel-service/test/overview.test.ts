import { ChannelService, ListChannelsRequest } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase, utf8 } from '@parley/testkit';
import { Chats, reason } from './chats.js';
import { Inbox } from './inbox-api.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let inbox: Inbox;
let owner: Person;
let member: Person;

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
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const change = (id: number, seqs: readonly number[], set: string) =>
  rig.owner.query(`UPDATE chat.message SET ${set} WHERE channel_id = $1 AND seq = ANY ($2)`, [id, seqs]);

const readTo = (who: Person, id: number, seq: number) =>
  rig.owner.query('UPDATE chat.member SET read_seq = $3, delivered_seq = $3 WHERE channel_id = $1 AND user_id = $2', [
    id,
    who.id,
    seq,
  ]);

const countsOf = async (who: Person, id: number) => {
  const { unread, mentions } = await inbox.chat(who, id);
  return [unread, mentions];
};

/** Creates a group of two in which the first message is the first unread entry. */
async function group(more: Parameters<Chats['make']>[2] = {}): Promise<number> {
  const id = await chats.make(owner, 'group', more);
  await chats.add(owner, id, member);
  return id;
}

describe('Overview', () => {
  test('Overview has chats but no rooms, the most active first, page by page', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 5; n++) ids.unshift(await chats.make(owner, 'group'));
    await rig.room(owner);
    await chats.say(ids[3] as number, owner);
    const order = [ids[3], ids[0], ids[1], ids[2], ids[4]];
    const seen: (number | undefined)[] = [];
    let after = '';
    do {
      const page = await inbox.overview(owner, 2, after);
      seen.push(...page.chats.map(({ channel }) => channel?.id));
      after = page.next;
    } while (after !== '');
    expect(seen).toEqual(order);
  });

  test('Overview is empty without chats, and has no chat that the user has left or lost', async () => {
    expect(await inbox.overview(member)).toMatchObject({ chats: [], next: '' });
    const left = await group();
    const deleted = await group();
    expect((await inbox.overview(member)).chats).toHaveLength(2);
    await chats.change(member, left, member, { remove: true });
    await rig.remove(owner, deleted);
    expect((await inbox.overview(member)).chats).toEqual([]);
  });

  test('Overview refuses a page of 101 and a malformed token', async () => {
    await expect(inbox.overview(owner, 101)).rejects.toEqual(reason('invalid-page'));
    for (const after of ['x', '1-', '-1-1', '1-99999999999'])
      await expect(inbox.overview(owner, 1, after)).rejects.toEqual(reason('invalid-page'));
  });

  test('Overview refuses calls beyond the rate', async () => {
    const busy = await rig.person();
    const settled = await Promise.allSettled(Array.from({ length: 160 }, () => inbox.overview(busy)));
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused) expect(one).toMatchObject({ reason: { reason: 'read-too-often' } });
  });

  test('Overview continues where a page of large messages was cut', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 20; n++) ids.unshift(await group());
    for (const id of ids.toReversed()) await chats.say(id, owner);
    await rig.owner.query(
      "UPDATE chat.message SET data = convert_to(repeat('x', 65536), 'UTF8') WHERE channel_id = ANY ($1) AND kind = 0",
      [ids],
    );
    const first = await inbox.overview(member);
    const second = await inbox.overview(member, 0, first.next);
    expect(first.chats.length).toBeLessThan(20);
    expect([...first.chats, ...second.chats].map(({ channel }) => channel?.id)).toEqual(ids);
    expect(second.next).toBe('');
  });

  test('Overview has the position of its snapshot: transactions, time and start of the database', async () => {
    const { inbox: position } = await inbox.overview(owner);
    const now = await rig.one<{ xmin: string; life: number }>(
      'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS life',
    );
    const [version, txid, , life] = position.split('-');
    expect([version, life]).toEqual(['1', String(now.life)]);
    expect(Number(txid)).toBeLessThanOrEqual(Number(now.xmin));
  });
});

describe('a chat in Overview', () => {
  test('a chat has its last message as it is now: edited, or deleted', async () => {
    const id = await group();
    const seq = await chats.say(id, owner, 2);
    await chats.say(id, member, 3, 3);
    await change(id, [seq], "data = convert_to('other', 'UTF8'), edited_at = now()");
    const { last } = await inbox.chat(member, id);
    expect([last?.seq, utf8(last?.data ?? new Uint8Array()), last?.sender]).toEqual([seq, 'other', owner.id]);
    expect(last?.editedAt).toBeGreaterThan(0);
    await change(id, [seq], "data = '', deleted_at = now()");
    expect((await inbox.chat(member, id)).last).toMatchObject({ seq, deleted: true, data: Buffer.alloc(0) });
  });

  test('a chat describes its channel as the list of channels does', async () => {
    await group({ description: 'about it', metadata: '{"a":1}', slowModeS: 5 });
    await group({ retention: { nothing: true } });
    await chats.direct(owner, member.id);
    for (const who of [owner, member]) {
      const request = ListChannelsRequest.fromPartial({ mine: true });
      const { channels } = await callPatiently(rig.manager, ChannelService.listChannels, request, {
        token: who.token,
        withinMs: 30_000,
      });
      expect(channels).toHaveLength(3);
      const listed = channels.map((channel) => ({ ...channel, version: 0 }));
      expect((await inbox.overview(who)).chats.map(({ channel }) => channel)).toEqual(listed);
    }
  });

  test('a chat without history has no last message and nothing unread', async () => {
    const id = await group({ retention: { nothing: true } });
    expect(await inbox.chat(member, id)).toMatchObject({ last: undefined, unread: 0, mentions: 0, log: '' });
  });

  test('a chat has the other user and the settings of the caller', async () => {
    const { id } = await chats.direct(owner, member.id);
    await inbox.setNotify(owner, id, 2);
    expect(await inbox.chat(owner, id)).toMatchObject({
      channel: { id, kind: 2, users: [] },
      peer: { id: member.id, blocked: false },
      notify: 2,
      markedUnread: false,
      log: (await chats.head(id)).log_id,
      mine: { userId: owner.id, readSeq: 0 },
    });
    await rig.owner.query('INSERT INTO chat.block (user_id, blocked_id) VALUES ($1, $2)', [owner.id, member.id]);
    expect((await inbox.chat(owner, id)).peer).toMatchObject({ id: member.id, blocked: true });
    expect((await inbox.chat(member, id)).peer).toMatchObject({ id: owner.id, blocked: false });
  });

  test('a chat has the receipts of the other members, except those who read in private', async () => {
    const id = await group();
    const hidden = await rig.person();
    await chats.add(owner, id, hidden);
    const seq = await chats.say(id, owner, 5);
    await readTo(member, id, seq - 1);
    await readTo(hidden, id, seq);
    await rig.owner.query('UPDATE chat.users SET private_reads = true WHERE id = $1', [hidden.id]);
    expect((await inbox.chat(owner, id)).others).toMatchObject([
      { userId: member.id, deliveredSeq: seq - 1, readSeq: seq - 1 },
    ]);
    expect(await inbox.chat(hidden, id)).toMatchObject({ mine: { readSeq: seq }, others: [{}, {}] });
  });

  test('a chat of 100 members has their receipts, but a chat of 101 members has none', async () => {
    const id = await chats.make(owner, 'group');
    const fill = `WITH people AS (INSERT INTO chat.users (id, name, password_hash) SELECT $2 || n, 'x', '!' FROM generate_series($3::int, $4::int) n RETURNING id)
      INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, id, 0 FROM people`;
    await rig.owner.query(fill, [id, `${owner.id}-`, 1, 99]);
    expect((await inbox.chat(owner, id)).others).toHaveLength(99);
    await rig.owner.query(fill, [id, `${owner.id}-`, 100, 100]);
    expect((await inbox.chat(owner, id)).others).toEqual([]);
  });
});

describe('unread messages and mentions', () => {
  test('messages of others after the receipt are unread, but edits, reactions and deleted messages do not count', async () => {
    const id = await group();
    const first = await chats.say(id, owner, 3);
    expect(await countsOf(member, id)).toEqual([3, 0]);
    await chats.say(id, member, 2);
    await chats.say(id, owner, 4, 3);
    await chats.say(id, owner, 1, 1);
    expect(await countsOf(member, id)).toEqual([3, 0]);
    await change(id, [first, first - 1], `mentions = ARRAY['${member.id}']`);
    expect(await countsOf(member, id)).toEqual([3, 2]);
    await change(id, [first], "data = '', mentions = '{}', deleted_at = now()");
    expect(await countsOf(member, id)).toEqual([2, 1]);
    await readTo(member, id, first - 2);
    expect(await countsOf(member, id)).toEqual([1, 1]);
    expect(await countsOf(owner, id)).toEqual([2, 0]);
  });

  test('unread counts stop at 100', async () => {
    const id = await group();
    const last = await chats.say(id, owner, 130);
    await rig.owner.query('UPDATE chat.message SET mentions = ARRAY[$2] WHERE channel_id = $1 AND kind = 0', [
      id,
      member.id,
    ]);
    expect(await countsOf(member, id)).toEqual([100, 100]);
    await readTo(member, id, last - 99);
    expect(await countsOf(member, id)).toEqual([99, 99]);
  });

  test('a mention far beyond the first hundred unread messages counts', async () => {
    const id = await group();
    const last = await chats.say(id, owner, 2_000);
    await change(id, [last], `mentions = ARRAY['${member.id}']`);
    expect(await countsOf(member, id)).toEqual([100, 1]);
  });

  test('unread counts begin after the member joined, even with open history, and at the first stored message', async () => {
    const id = await chats.make(owner, 'group');
    await chats.say(id, owner, 10);
    await chats.add(owner, id, member);
    expect(await countsOf(member, id)).toEqual([0, 0]);
    const last = await chats.say(id, owner, 6);
    expect(await countsOf(member, id)).toEqual([6, 0]);
    await rig.owner.query('UPDATE chat.channel_head SET first_seq = $2 WHERE channel_id = $1', [id, last - 1]);
    expect(await countsOf(member, id)).toEqual([2, 0]);
  });

  test('messages between a removal and a return are unread only with open history', async () => {
    const counts: number[] = [];
    for (const closedHistory of [false, true]) {
      const id = await group({ closedHistory });
      await readTo(member, id, await chats.say(id, owner, 2));
      await chats.change(owner, id, member, { remove: true });
      await chats.say(id, owner, 3);
      await chats.add(owner, id, member);
      await chats.say(id, owner, 1);
      const { unread, last } = await inbox.chat(member, id);
      counts.push(unread);
      expect(last?.seq).toBe((await chats.head(id)).last_seq);
    }
    expect(counts).toEqual([4, 1]);
  });

  test('after joining a closed history, nothing is unread and there is no last message', async () => {
    const id = await chats.make(owner, 'group', { closedHistory: true });
    await chats.say(id, owner, 3);
    await chats.add(owner, id, member);
    expect(await inbox.chat(member, id)).toMatchObject({ last: undefined, unread: 0 });
  });
});
