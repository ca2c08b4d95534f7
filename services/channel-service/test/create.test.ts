import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, kinds, reason } from './chats.js';
import { expectBurst, outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let me: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
  chats = new Chats(rig);
});

beforeEach(async () => {
  me = await rig.person();
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const room = (more: object) => rig.create(me, { name: 'x', limit: 2, ...more });
const group = (more: object) => rig.create(me, { name: 'x', kind: kinds.group, ...more });

describe('the retention of a new channel', () => {
  test.each([
    [{}, { nothing: true, maxCount: 0 }],
    [{ retention: {} }, { nothing: true, maxCount: 0 }],
    [{ retention: { nothing: true } }, { nothing: true, maxCount: 0 }],
    [{ retention: { seconds: 0 } }, { nothing: true, maxCount: 0 }],
    [{ retention: { seconds: 60 } }, { seconds: 60, maxCount: 0 }],
    [{ retention: { seconds: 60, maxCount: 3 } }, { seconds: 60, maxCount: 3 }],
    [{ retention: { everything: true, maxCount: 2_147_483_647 } }, { everything: true, maxCount: 2_147_483_647 }],
    [{ retention: { maxCount: 5 } }, { everything: true, maxCount: 5 }],
  ])('a room created with %j has the retention %j', async (more, retention) => {
    expect((await room(more)).retention).toMatchObject(retention);
  });

  test('a chat keeps everything by default', async () => {
    expect((await group({})).retention).toMatchObject({ everything: true });
    expect((await group({ retention: { nothing: true } })).retention).toMatchObject({ nothing: true });
  });

  test.each([
    { nothing: true, maxCount: 1 },
    { seconds: 0, maxCount: 1 },
    { seconds: 2_147_483_648 },
    { everything: true, maxCount: 2_147_483_648 },
  ])('Create refuses the retention %j', async (retention) => {
    await expect(room({ retention })).rejects.toEqual(reason('invalid-channel'));
  });
});

test('Create refuses max_count without history and says what to do', async () => {
  const words = 'max_count needs a channel with history. Leave it out, or set seconds or everything.';
  await expect(room({ retention: { nothing: true, maxCount: 1 } })).rejects.toMatchObject({ message: words });
});

describe('a new chat', () => {
  test.each(['group', 'public', 'private'] as const)(
    'Create makes the creator of a %s its first member',
    async (kind) => {
      const made = await rig.create(me, { name: 'x', kind: kinds[kind], description: 'd', closedHistory: true });
      expect(made).toMatchObject({
        kind: kinds[kind],
        limit: 1_000,
        memberCount: 1,
        ownerId: me.id,
        closedHistory: true,
      });
      expect((await chats.members(me, made.id)).users).toMatchObject([{ id: me.id, memberRole: 3 }]);
      expect(await chats.head(made.id)).toMatchObject({ last_seq: 0, first_seq: 1, epoch: 0, instance_id: null });
    },
  );

  test('a chat can have a limit of up to 10,000 members', async () => {
    expect((await group({ limit: 10_000 })).limit).toBe(10_000);
    await expect(group({ limit: 10_001 })).rejects.toEqual(reason('invalid-limit'));
  });

  test('Create refuses direct chats and unknown kinds', async () => {
    await expect(room({ kind: kinds.direct })).rejects.toEqual(reason('wrong-kind'));
    await expect(room({ kind: 9 })).rejects.toEqual(reason('invalid-channel'));
    await expect(room({ closedHistory: true })).rejects.toEqual(reason('invalid-channel'));
    await expect(room({ iconId: 'x' })).rejects.toEqual(reason('not-implemented'));
  });

  test('a chat can have a slow mode of 0 to 21600 seconds', async () => {
    expect((await room({ slowModeS: 21_600 })).slowModeS).toBe(21_600);
    await expect(room({ slowModeS: 21_601 })).rejects.toEqual(reason('invalid-channel'));
  });

  test('Create refuses a suspended user', async () => {
    await rig.owner.query("UPDATE chat.users SET status = 'suspended' WHERE id = $1", [me.id]);
    await expect(group({})).rejects.toEqual(reason('suspended'));
  });
});

describe('metadata', () => {
  test('metadata is a JSON object and is returned as one', async () => {
    const made = await room({ metadata: '{"a": [1, {"b": "ü😀"}], "c": 1e400}' });
    expect(JSON.parse(made.metadata)).toEqual({ a: [1, { b: 'ü😀' }], c: null });
    const deep = `{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`;
    expect((await room({ metadata: deep })).metadata).toBe(deep);
    expect((await room({ metadata: '' })).metadata).toBe('{}');
    expect((await room({ metadata: `{"a":"${'x'.repeat(4_088)}"}` })).metadata).toHaveLength(4_096);
  });

  test('metadata takes no more space in a list than when it was sent', async () => {
    const numbers = `{"a":[${Array.from({ length: 500 }, () => '1e308').join()}]}`;
    const { metadata } = await room({ metadata: numbers });
    expect(metadata.length).toBeLessThanOrEqual(4_096);
    expect((await rig.list(me)).map((listed) => listed.metadata)).toContain(metadata);
  });

  test.each([
    '[]',
    'null',
    '1',
    '"a"',
    '{',
    '{"a":"\\u0000"}',
    '{"\\u0000":1}',
    '{"a":"\\ud800"}',
    `{"a":"${'x'.repeat(4_089)}"}`,
    `{"a":${'['.repeat(4_090)}`,
    `{"a":[${Array.from({ length: 800 }, () => '1e20').join()}]}`,
  ])('Create refuses the metadata %j', async (metadata) => {
    await expect(room({ metadata })).rejects.toEqual(reason('invalid-channel'));
  });
});

describe('OpenDirect', () => {
  test('OpenDirect returns one channel per pair of users, from either side', async () => {
    const other = await rig.person();
    const made = await chats.direct(me, other.id);
    expect(made).toMatchObject({ kind: kinds.direct, memberCount: 2, limit: 2, name: '' });
    expect((await chats.direct(other, me.id)).id).toBe(made.id);
    expect((await chats.members(other, made.id)).users.map(({ memberRole }) => memberRole)).toEqual([1, 1]);
    expect(await rig.list(await rig.person())).not.toContainEqual(expect.objectContaining({ id: made.id }));
  });

  test('OpenDirect creates one chat for forty concurrent calls over two managers', async () => {
    const other = await rig.person();
    const second = new Chats(rig, rig.managers[1]);
    const all = Array.from({ length: 20 }, () => [chats.direct(me, other.id), second.direct(other, me.id)]).flat();
    const { answers, reasons } = await outcomes(all);
    expect(new Set(reasons)).toEqual(new Set());
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  });

  test('OpenDirect requires another user whom the caller may find', async () => {
    const other = await rig.person();
    await expect(chats.direct(me, me.id)).rejects.toEqual(reason('invalid-user-id'));
    for (const id of ['', 'a b', 'x'.repeat(65)]) {
      await expect(chats.direct(me, id)).rejects.toEqual(reason('invalid-user-id'));
    }
    await expect(chats.direct(me, 'nobody-there')).rejects.toEqual(reason('user-not-found'));
    for (const hidden of ["status = 'suspended'", "status = 'deleted'", "status = 'active', visibility = 'nobody'"]) {
      await rig.owner.query(`UPDATE chat.users SET ${hidden} WHERE id = $1`, [other.id]);
      await expect(chats.direct(me, other.id)).rejects.toEqual(reason('user-not-found'));
    }
  });

  test('members of one chat can open a direct chat, and an existing direct chat stays open to both', async () => {
    const other = await rig.person();
    await rig.owner.query("UPDATE chat.users SET visibility = 'contacts' WHERE id = $1", [other.id]);
    await expect(chats.direct(me, other.id)).rejects.toEqual(reason('user-not-found'));
    await chats.join(other, await chats.make(me, 'public'));
    const { id } = await chats.direct(me, other.id);
    await rig.owner.query("UPDATE chat.users SET status = 'suspended' WHERE id = $1", [other.id]);
    expect((await chats.direct(me, other.id)).id).toBe(id);
  });

  test('a direct chat does not count towards the 100 channels of an owner', async () => {
    await rig.owner.query(
      `INSERT INTO chat.channel (name, owner_id, retention_seconds) SELECT 'x', $1, 0 FROM generate_series(1, 99) n`,
      [me.id],
    );
    await chats.direct(me, (await rig.person()).id);
    await expect(group({})).resolves.toBeDefined();
    await expect(group({})).rejects.toEqual(reason('too-many-channels'));
    await expect(chats.direct(me, (await rig.person()).id)).resolves.toBeDefined();
  });

  test('limits the rate of new direct chats', async () => {
    const others = await rig.persons(22);
    await expectBurst({ burst: 20, secondsPerCall: 5 }, 'create-too-often', () =>
      others.map(({ id }) => chats.direct(me, id)),
    );
  });
});

test('limits new accounts to 60 channels per address and does not count older ones', async () => {
  const people = await rig.persons(4);
  const young = people.slice(0, 3).map(({ id }) => id);
  await rig.owner.query('UPDATE chat.users SET created_at = now() WHERE id = ANY ($1)', [young]);
  const reasons: string[] = [];
  for (const who of people.slice(0, 3)) {
    const made = Array.from({ length: 20 }, () => rig.create(who, { name: 'x', limit: 2 }));
    reasons.push(...(await outcomes(made)).reasons);
  }
  expect(reasons).toEqual([]);
  const another = await rig.person();
  await rig.owner.query('UPDATE chat.users SET created_at = now() WHERE id = $1', [another.id]);
  const { reasons: refused } = await outcomes(
    Array.from({ length: 20 }, () => rig.create(another, { name: 'x', limit: 2 })),
  );
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused)).toEqual(new Set(['create-too-often']));
  await expect(rig.create(people[3] as Person, { name: 'x', limit: 2 })).resolves.toBeDefined();
});
