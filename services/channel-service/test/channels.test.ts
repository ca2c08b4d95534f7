import { Channel } from '@parley/contract';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats } from './chats.js';
import { hugeEpoch, sendBytes } from './raw.js';
import { expectBurst, outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let me: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
});

beforeEach(async () => {
  me = await rig.person();
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const reason = (word: string) => expect.objectContaining({ reason: word });

describe('Create', () => {
  test('Create returns a room without history that the caller owns', async () => {
    const made = await rig.create(me, { name: 'Größe 大', limit: 2, description: 'two\nlines' });
    expect(made).toMatchObject({
      name: 'Größe 大',
      limit: 2,
      description: 'two\nlines',
      users: [],
      status: 1,
      kind: 1,
      ownerId: me.id,
      memberCount: 0,
      epoch: 0,
    });
    expect(made.retention).toMatchObject({ nothing: true });
    expect(Math.abs(made.createdAt - Date.now())).toBeLessThan(20_000);
    expect(await rig.list(me, made.id)).toEqual([made]);
  });

  test.each([
    '',
    ' \t ',
    '\u00a0\u3000',
    'x'.repeat(65),
    'nul\0',
    'bell\u0007',
    'line\nbreak',
    'line\u2028break',
    'next\u0085line',
    '\u202eevil',
    'isolate\u2066x',
    'zero\u200bwidth',
    'joined\u200d',
    'ad\u200dmin',
    '\ufeffbom',
    'soft\u00adhyphen',
  ])('refuses the name %j', async (name) => {
    await expect(rig.create(me, { name, limit: 2 })).rejects.toEqual(reason('invalid-name'));
  });

  test('Create refuses an invalid name with a reason, and stores a valid name normalised', async () => {
    await expect(rig.create(me, { name: 'ad\u200dmin', limit: 2 })).rejects.toThrow('U+200D');
    await expect(rig.create(me, { name: 'Cafe\u0301 👨‍👩‍👧', limit: 2 })).resolves.toMatchObject({
      name: 'Café 👨‍👩‍👧',
    });
  });

  test('Create accepts a name of 64 characters, including surrogate pairs', async () => {
    await expect(rig.create(me, { name: '😀'.repeat(64), limit: 25 })).resolves.toBeDefined();
  });

  test.each([0, 26, 4_294_967_295])('Create refuses the limit %i', async (limit) => {
    await expect(rig.create(me, { name: 'x', limit })).rejects.toEqual(reason('invalid-limit'));
  });

  test('limits a description to 1000 characters', async () => {
    await expect(rig.create(me, { name: 'x', limit: 2, description: 'd'.repeat(1_000) })).resolves.toBeDefined();
    for (const description of ['d'.repeat(1_001), 'nul\0']) {
      await expect(rig.create(me, { name: 'x', limit: 2, description })).rejects.toEqual(reason('invalid-channel'));
    }
  });

  test('limits a new account to 20 channels', async () => {
    await rig.owner.query('UPDATE chat.users SET created_at = now() WHERE id = $1', [me.id]);
    await rig.owner.query(
      "INSERT INTO chat.channel (name, owner_id, retention_seconds) SELECT 'x', $1, 0 FROM generate_series(1, 19)",
      [me.id],
    );
    await rig.create(me, { name: 'y', limit: 1 });
    await expect(rig.create(me, { name: 'y', limit: 1 })).rejects.toEqual(reason('too-many-channels'));
    await rig.owner.query("UPDATE chat.users SET created_at = now() - interval '25 h' WHERE id = $1", [me.id]);
    await rig.create(me, { name: 'y', limit: 1 });
  });

  test('limits one address to a burst of 500 channels, direct chats included', async () => {
    await rig.owner.query(
      `INSERT INTO chat.rate (key, tat) VALUES ('create-address:127.0.0.1', now() + interval '4989 s')
       ON CONFLICT (key) DO UPDATE SET tat = excluded.tat`,
    );
    const [one, two, three] = (await rig.persons(3)) as [Person, Person, Person];
    const chats = new Chats(rig);
    await rig.create(one, { name: 'y', limit: 1 });
    await expect(rig.create(two, { name: 'y', limit: 1 })).rejects.toEqual(reason('create-too-often'));
    await expect(chats.direct(two, three.id)).rejects.toEqual(reason('create-too-often'));
    await rig.owner.query("DELETE FROM chat.rate WHERE key LIKE 'create-address:%'");
  });

  test('limits an owner to 100 channels, even with ten concurrent calls', async () => {
    await rig.owner.query(
      "INSERT INTO chat.channel (name, owner_id, retention_seconds, deleted_at) SELECT 'x', $1, 0, CASE WHEN n > 97 THEN now() END FROM generate_series(1, 120) n",
      [me.id],
    );
    const { answers, reasons } = await outcomes(
      Array.from({ length: 10 }, () => rig.create(me, { name: 'y', limit: 1 })),
    );
    expect(answers).toHaveLength(3);
    expect(new Set(reasons)).toEqual(new Set(['too-many-channels']));
    await rig.remove(me, answers[0]?.id ?? 0);
    await expect(rig.create(me, { name: 'z', limit: 1 })).resolves.toBeDefined();
  });

  test('allows one user a burst of 20 channels, then one every 5 seconds', async () => {
    await expectBurst({ burst: 20, secondsPerCall: 5 }, 'create-too-often', () =>
      Array.from({ length: 24 }, () => rig.create(me, { name: 'y', limit: 1 })),
    );
  });
});

describe('List', () => {
  const chat = (kind: string, pair: readonly (string | null)[] = [null, null]) =>
    rig.one<{ id: number }>(
      'INSERT INTO chat.channel (name, kind, owner_id, user_limit, pair_low, pair_high) VALUES ($1, $2, $3, 1000, $4, $5) RETURNING id',
      kind,
      kind,
      me.id,
      ...pair,
    );
  const join = (id: number, who: Person) =>
    rig.owner.query('INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, $2, 0)', [id, who.id]);

  test('List shows only public chats and chats of which the caller is a member', async () => {
    const member = await rig.person();
    const stranger = await rig.person();
    const pair = [me.id, member.id].sort();
    const chats = {
      public: (await chat('public')).id,
      group: (await chat('group')).id,
      private: (await chat('private')).id,
      direct: (await chat('direct', pair)).id,
    };
    for (const id of Object.values(chats)) await join(id, member);
    const all = Object.values(chats);
    const seenBy = async (who: Person) => (await rig.list(who)).map(({ id }) => id).filter((id) => all.includes(id));
    expect((await seenBy(member)).toSorted((a, b) => a - b)).toEqual(all);
    expect(await seenBy(stranger)).toEqual([chats.public]);
    for (const id of all.slice(1)) await expect(rig.list(stranger, id)).rejects.toEqual(reason('channel-not-found'));
    expect(await rig.list(member, chats.group)).toMatchObject([
      { kind: 3, memberCount: 1, limit: 1_000, retention: { everything: true } },
    ]);
    await rig.owner.query('UPDATE chat.member SET left_seq = 0 WHERE user_id = $1', [member.id]);
    expect(await seenBy(member)).toEqual([chats.public]);
  });

  test('List names only users who are present on the live server that owns the channel', async () => {
    const server = await rig.server();
    const id = await rig.room(me);
    const [a, b, c] = (await rig.persons(3)) as [Person, Person, Person];
    for (const who of [b, a, c]) await rig.listen(who, id);
    for (const who of [b, a]) await rig.take(id, who.id);
    const [before] = await rig.list(me, id);
    expect(before).toMatchObject({ status: 2, epoch: 0 });
    expect(before?.users.map((user) => user.id)).toEqual([a.id, b.id].sort());
    expect(before?.users[0]).toMatchObject({ name: [a.id, b.id].sort()[0] });
    expect(before?.users[0]?.number).toBeGreaterThan(0);
    await rig.kill(server);
    expect(await rig.list(me, id)).toMatchObject([{ status: 1, users: [] }]);
  });

  test('List refuses unknown, deleted and invalid ids', async () => {
    const id = await rig.room(me);
    await rig.remove(me, id);
    for (const gone of [id, 2_147_483_647])
      await expect(rig.list(me, gone)).rejects.toEqual(reason('channel-not-found'));
    await expect(rig.list(me, 2_147_483_648)).rejects.toEqual(reason('invalid-channel-id'));
  });

  test('List shows each channel once, newest first, over many pages, up to 1,000', async () => {
    const other = await rig.person();
    await rig.owner.query(
      "INSERT INTO chat.channel (name, owner_id, retention_seconds) SELECT 'x', $1, 0 FROM generate_series(1, 1100)",
      [other.id],
    );
    const ids = (await rig.list(me)).map(({ id }) => id);
    expect(ids).toHaveLength(1_000);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
    await rig.owner.query('UPDATE chat.channel SET deleted_at = now() WHERE owner_id = $1', [other.id]);
  });
});

describe('Delete', () => {
  test('lets the owner delete a channel, which then has no owning server and no seats, and a new epoch', async () => {
    const server = await rig.server();
    const id = await rig.room(me);
    const [a, b] = (await rig.persons(2)) as [Person, Person];
    await rig.listen(a, id);
    await rig.take(id, a.id);
    await rig.listen(b, id);
    const seat = await rig.one<{ id: string }>('SELECT id FROM chat.seat WHERE user_id = $1', b.id);
    await rig.remove(me, id);
    expect(await rig.one('SELECT instance_id, epoch FROM chat.channel_head WHERE channel_id = $1', id)).toEqual({
      instance_id: null,
      epoch: 2,
    });
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.seat WHERE channel_id = $1', id)).toEqual({ n: 0 });
    await rig.owner.query(
      "INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, join_by) VALUES ($1, $2, $3, $4, 1, true, now() + interval '10 s')",
      [seat.id, b.id, id, server.instanceId],
    );
    expect(await rig.take(id, b.id)).toBe(false);
    await expect(rig.remove(me, id)).rejects.toEqual(reason('channel-not-found'));
    await expect(rig.listen(a, id)).rejects.toEqual(reason('channel-not-found'));
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.audit WHERE target = $1', String(id))).toEqual({ n: 0 });
  });

  test('only the owner or an operator can delete a channel, and the audit has the deletion by an operator', async () => {
    const id = await rig.room(me);
    await expect(rig.remove(await rig.person(), id)).rejects.toEqual(reason('not-owner'));
    const admin = await rig.person('admin');
    await rig.remove(admin, id);
    expect(await rig.one('SELECT actor, action, detail FROM chat.audit WHERE target = $1', String(id))).toEqual({
      actor: admin.id,
      action: 'channel.delete',
      detail: { kind: 'room', name: 'a room', owner: me.id },
    });
  });

  test('the audit names a deleted direct chat by its kind and opener, because it has no name and no owner', async () => {
    const { id } = await new Chats(rig).direct(me, (await rig.person()).id);
    const admin = await rig.person('admin');
    await rig.remove(admin, id);
    expect(await rig.one('SELECT detail FROM chat.audit WHERE target = $1', String(id))).toEqual({
      detail: { kind: 'direct', opener: me.id },
    });
  });

  test('Delete refuses a former operator, whatever the token says', async () => {
    const id = await rig.room(me);
    const admin = await rig.person('admin');
    await rig.owner.query("UPDATE chat.users SET role = 'user' WHERE id = $1", [admin.id]);
    await expect(rig.remove(admin, id)).rejects.toEqual(reason('not-owner'));
  });

  test('Delete refuses a channel that the caller may not see as not found', async () => {
    const { id } = await rig.one<{ id: number }>(
      "INSERT INTO chat.channel (name, kind, owner_id) VALUES ('p', 'private', $1) RETURNING id",
      me.id,
    );
    await expect(rig.remove(await rig.person(), id)).rejects.toEqual(reason('channel-not-found'));
  });

  test.each([0, 2_147_483_648])('refuses the channel id %i', async (id) => {
    await expect(rig.remove(me, id)).rejects.toEqual(reason('invalid-channel-id'));
  });

  test('one of twenty concurrent calls deletes the channel', async () => {
    const id = await rig.room(me);
    const { answers, reasons } = await outcomes(Array.from({ length: 20 }, () => rig.remove(me, id)));
    expect(answers).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set(['channel-not-found']));
  });
});

describe('calls', () => {
  const services = ['chat.v1.ChannelService', 'ChannelService'];
  const paths = ['List', 'Create', 'Delete', 'Listen'].flatMap((name) =>
    services.map((service) => `/${service}/${name}`),
  );

  test.each(paths)('a call of %s needs a user and refuses malformed bytes', async (path) => {
    const said = async (bytes: Uint8Array, token?: string) => {
      const { code, metadata } = await sendBytes(rig.manager, path, bytes, token);
      return [code, ...metadata.get('chat-reason')];
    };
    expect(await said(Buffer.from([0xff, 0xff, 0xff]), me.token)).toEqual([3, 'malformed']);
    expect(await said(Buffer.concat([Buffer.from([0x08, 0x01]), hugeEpoch]), me.token)).toEqual([3, 'malformed']);
    expect(await said(Channel.encode(Channel.fromPartial({ id: 1 })).finish())).toEqual([16, 'unauthenticated']);
  });
});
