import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, kinds, ranks, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let admin: Person;
let member: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.server();
  chats = new Chats(rig);
});

beforeEach(async () => {
  [owner, admin, member] = (await rig.persons(3)) as [Person, Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

async function chat(kind: 'group' | 'public' | 'private', more: Parameters<Chats['make']>[2] = {}): Promise<number> {
  const id = await chats.make(owner, kind, more);
  await chats.add(owner, id, admin, member);
  await chats.change(owner, id, admin, { role: ranks.admin });
  return id;
}

test('Update changes nothing for a user who may not change the channel', async () => {
  const id = await chat('public', { retention: { seconds: 3_600 } });
  await chats.say(id, owner, 3);
  await chats.age(id, 3, '1 h');
  await rig.owner.query('UPDATE chat.channel_head SET first_seq = 3 WHERE channel_id = $1', [id]);
  const before = await chats.stored(id);
  await expect(chats.update(await rig.person(), id, { retention: { everything: true } })).rejects.toEqual(
    reason('not-a-member'),
  );
  expect(await chats.stored(id)).toEqual(before);
  await chats.update(owner, id, { retention: { everything: true } });
  expect((await chats.stored(id)).length).toBeLessThan(before.length);
});

describe('Update', () => {
  test('Update changes only the given fields and the revision', async () => {
    const id = await chat('group', {
      description: 'old',
      metadata: '{"a":1}',
      retention: { seconds: 90, maxCount: 9 },
    });
    const before = await chats.head(id);
    const changed = await chats.update(admin, id, { name: 'new', limit: 5, slowModeS: 7 });
    expect(changed).toMatchObject({ name: 'new', limit: 5, slowModeS: 7, description: 'old', metadata: '{"a":1}' });
    expect(changed.retention).toMatchObject({ seconds: 90, maxCount: 9 });
    expect(await chats.head(id)).toEqual({ ...before, revision: before.revision + 1 });
    expect(await chats.update(owner, id, { description: '', metadata: '', limit: 0, slowModeS: 0 })).toMatchObject({
      description: '',
      metadata: '{}',
      limit: 1_000,
      slowModeS: 0,
    });
  });

  test.each([
    [{ name: '' }, 'invalid-name'],
    [{ description: 'd'.repeat(1_001) }, 'invalid-channel'],
    [{ description: '\u202eevil' }, 'invalid-channel'],
    [{ description: 'a\u200bb' }, 'invalid-channel'],
    [{ slowModeS: 21_601 }, 'invalid-channel'],
    [{ limit: 10_001 }, 'invalid-limit'],
    [{ metadata: '[]' }, 'invalid-channel'],
    [{ retention: { nothing: true, maxCount: 1 } }, 'invalid-channel'],
    [{ retention: { nothing: true, everything: true } }, 'invalid-channel'],
    [{ retention: { seconds: 60, everything: false } }, 'invalid-channel'],
    [{ retention: { seconds: 4_294_967_295 } }, 'invalid-channel'],
    [{ iconId: '' }, 'not-implemented'],
    [{ kind: kinds.public }, 'wrong-kind'],
    [{ kind: 9 as never }, 'wrong-kind'],
  ])('Update refuses %j as %s and changes nothing', async (more, word) => {
    const id = await chat('group');
    const before = await chats.head(id);
    await expect(chats.update(owner, id, { ...more })).rejects.toEqual(reason(word));
    expect(await chats.head(id)).toEqual(before);
  });

  test('Update allows a room 1 to 25 seats and no other kind', async () => {
    const room = await chats.make(owner, 'room');
    for (const limit of [0, 26]) {
      await expect(chats.update(owner, room, { limit })).rejects.toEqual(reason('invalid-limit'));
    }
    await expect(chats.update(owner, room, { kind: kinds.public })).rejects.toEqual(reason('wrong-kind'));
    expect(await chats.update(owner, room, { kind: kinds.room, limit: 1 })).toMatchObject({ limit: 1 });
  });

  test('Update turns a public chat into a private one and back', async () => {
    const id = await chat('public');
    expect(await chats.update(admin, id, { kind: kinds.private })).toMatchObject({ kind: kinds.private });
    await expect(rig.list(await rig.person(), id)).rejects.toEqual(reason('channel-not-found'));
    expect(await chats.update(owner, id, { kind: kinds.public })).toMatchObject({ kind: kinds.public });
  });

  test('only the owner and the channel admins can update a channel', async () => {
    const stranger = await rig.person();
    const root = await rig.person('admin');
    const [open, group, room] = [await chat('public'), await chat('group'), await chats.make(owner, 'room')];
    const { id: direct } = await chats.direct(owner, member.id);
    const cases = [
      [member, open, 'not-channel-admin'],
      [member, group, 'not-channel-admin'],
      [stranger, open, 'not-a-member'],
      [stranger, group, 'channel-not-found'],
      [root, group, 'channel-not-found'],
      [member, room, 'not-owner'],
      [owner, direct, 'wrong-kind'],
      [stranger, direct, 'channel-not-found'],
      [owner, 2_000_000_000, 'channel-not-found'],
      [owner, 0, 'invalid-channel-id'],
    ] as const;
    for (const [who, id, word] of cases) {
      await expect(chats.update(who, id, { name: 'y' })).rejects.toEqual(reason(word));
    }
  });
});

describe('a new log', () => {
  test('a log starts at seq 1 when history is turned on, and the old server releases the channel', async () => {
    const id = await chat('group', { retention: { nothing: true } });
    await rig.listen(owner, id);
    await chats.change(owner, id, member, { remove: true });
    const before = await chats.head(id);
    expect(before).toMatchObject({ last_seq: 0, epoch: 1 });
    await chats.update(owner, id, { retention: { everything: true } });
    const after = await chats.head(id);
    expect(after).toMatchObject({
      last_seq: 0,
      first_seq: 1,
      epoch: 2,
      instance_id: null,
      revision: before.revision + 1,
    });
    expect(after.log_id).not.toBe(before.log_id);
    expect(await chats.say(id, owner)).toBe(1);
    await expect(chats.history(member, id)).rejects.toEqual(reason('channel-not-found'));
    await expect(rig.listen(owner, id)).resolves.toBeDefined();
    expect(await chats.head(id)).toMatchObject({ epoch: 3 });
  });

  test('turning history off and on hides old messages at once and resets members without events', async () => {
    const id = await chat('group');
    await chats.say(id, owner, 4);
    await chats.change(owner, id, member, { remove: true });
    await rig.owner.query('UPDATE chat.member SET delivered_seq = 3, read_seq = 2 WHERE channel_id = $1', [id]);
    const events = "SELECT count(*)::int AS n FROM chat.event WHERE kind LIKE 'member%' AND channel_id = $1";
    const { n } = await rig.one<{ n: number }>(events, id);
    const first = await chats.head(id);
    await chats.update(owner, id, { retention: { nothing: true } });
    expect(await chats.history(owner, id)).toMatchObject({ messages: [], more: false });
    const second = await chats.head(id);
    await chats.update(owner, id, { retention: { seconds: 60 } });
    const third = await chats.head(id);
    expect(new Set([first.log_id, second.log_id, third.log_id]).size).toBe(3);
    expect(third).toMatchObject({ last_seq: 0, first_seq: 1 });
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.message WHERE channel_id = $1', id)).toEqual({ n: 0 });
    const { rows } = await rig.owner.query(
      'SELECT DISTINCT joined_seq, coalesce(left_seq, 0) AS left_seq, delivered_seq, read_seq FROM chat.member WHERE channel_id = $1',
      [id],
    );
    expect(rows).toEqual([{ joined_seq: 0, left_seq: 0, delivered_seq: 0, read_seq: 0 }]);
    expect(await rig.one(events, id)).toEqual({ n });
    expect(await chats.say(id, owner)).toBe(1);
  });

  test('a change of retention alone starts no new log', async () => {
    const id = await chat('group');
    await rig.listen(owner, id);
    await chats.say(id, owner, 3);
    const before = await chats.head(id);
    await chats.update(owner, id, { retention: { seconds: 60, maxCount: 2 } });
    expect(await chats.head(id)).toEqual({ ...before, revision: before.revision + 1 });
  });
});
