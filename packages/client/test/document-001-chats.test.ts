/**
 * Document 001, "Rust-based Chat Application with axum Framework", point by point: its requirements
 * for chats, at the level of the gRPC contract. A title begins with the section of the document.
 *
 * Without a test here, because they come with the gateway: the REST paths, file upload and
 * download, and the events over SSE. Passwords are in services/user-service/test.
 */
import { ChannelKind, isSaid, MemberRole, textOf } from '../src/index.js';
import { all, Cast, clientOf, Listener, told, until } from './rig.js';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.open();
});
afterAll(() => cast.close());

describe('Document 001, chat messaging', () => {
  test('strangers find and join public chats, but not direct, group or private ones', async () => {
    const [ann, bob] = await cast.make('ann', 'bob');
    const kinds = [ChannelKind.GROUP, ChannelKind.PUBLIC, ChannelKind.PRIVATE];
    const made = [];
    for (const kind of kinds) made.push(await ann.client.create({ name: `a ${kind}`, kind }));
    const listed = new Set((await bob.client.channels()).map(({ id }) => id));
    for (const { id, kind } of made) {
      expect(listed.has(id)).toBe(kind === ChannelKind.PUBLIC);
      const joined = bob.client.chats.join(id);
      if (kind === ChannelKind.PUBLIC) expect(await joined).toMatchObject({ id, myRole: MemberRole.MEMBER });
      else await expect(joined).rejects.toMatchObject({ reason: 'channel-not-found' });
    }
    const stored = await cast.trio.people.sql('SELECT kind FROM chat.channel WHERE id = ANY ($1) ORDER BY id', [
      made.map(({ id }) => id),
    ]);
    expect(stored.map(({ kind }) => kind)).toEqual(['group', 'public', 'private']);
  });
});

describe('Document 001, chat API', () => {
  test('a user creates a chat with one other user, or one with a name and members, and gets it with all its fields', async () => {
    const [ann, bob, cy] = await cast.make('ann', 'bob', 'cy');
    const single = await ann.client.chats.direct(bob.id);
    expect(single.kind).toBe(ChannelKind.DIRECT);
    const { id } = await ann.client.create({ name: 'Équipe', kind: ChannelKind.GROUP, description: 'the team' });
    for (const one of [bob, cy]) await ann.client.members.add(id, one.id);
    const { channel, notify } = await bob.client.chats.get(id);
    expect(channel).toMatchObject({
      id,
      name: 'Équipe',
      description: 'the team',
      kind: ChannelKind.GROUP,
      memberCount: 3,
    });
    expect([channel.createdAt > 0, notify]).toEqual([true, 'all']);
    expect((await all(bob.client.members.list(id))).map((user) => user.number)).toEqual(
      [ann, bob, cy].map(({ person }) => person.number),
    );
    await bob.client.chats.notify(id, 'none');
    expect([(await bob.client.chats.get(id)).notify, (await cy.client.chats.get(id)).notify]).toEqual(['none', 'all']);
  });

  test('refuses to create a chat with a user who does not exist or whom the caller may not find', async () => {
    const [ann, bob] = await cast.make('ann', 'bob');
    const { id } = await ann.client.create({ name: 'team', kind: ChannelKind.GROUP });
    await bob.client.people.block(ann.id);
    for (const userId of ['nobody-here', bob.id]) {
      await expect(ann.client.chats.direct(userId)).rejects.toMatchObject({ reason: 'user-not-found' });
      await expect(ann.client.members.add(id, userId)).rejects.toMatchObject({ reason: 'user-not-found' });
    }
    expect((await all(ann.client.chats.overview())).map(({ channel }) => channel.id)).toEqual([id]);
  });

  test('lists the chats of the caller, the most recently active first, without those that were left or deleted', async () => {
    const [ann, bob] = await cast.make('ann', 'bob');
    const ids: number[] = [];
    for (const name of ['one', 'two', 'three', 'four'])
      ids.push((await ann.client.create({ name, kind: ChannelKind.GROUP })).id);
    for (const id of ids) await ann.client.members.add(id, bob.id);
    const [one = 0, two = 0, three = 0, four = 0] = ids;
    await (await ann.client.listen(two)).send('hello');
    await bob.client.members.remove(one, bob.id);
    await ann.client.delete(four);
    const mine = async () =>
      (await all(bob.client.chats.overview({ size: 1 }))).map(({ channel, unread }) => [channel.id, unread]);
    expect(await mine()).toEqual([
      [two, 1],
      [three, 0],
    ]);
    await ann.client.members.remove(three, bob.id);
    expect(await mine()).toEqual([[two, 1]]);
  });

  test('admins change the name and the kind of a chat, but only between public and private, and change members one by one', async () => {
    const [ann, bob, cy] = await cast.make('ann', 'bob', 'cy');
    const { id } = await ann.client.create({ name: 'open', kind: ChannelKind.PUBLIC });
    await bob.client.chats.join(id);
    const listener = new Listener(await bob.client.listen(id));
    await expect(bob.client.chats.update(id, { name: 'mine' })).rejects.toMatchObject({ reason: 'not-channel-admin' });
    await ann.client.chats.update(id, { kind: ChannelKind.PRIVATE, name: 'closed' });
    await expect(cy.client.chats.join(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await expect(cy.client.channel(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await expect(ann.client.chats.update(id, { kind: ChannelKind.GROUP })).rejects.toMatchObject({
      reason: expect.any(String),
    });
    await Promise.all([ann.client.members.add(id, cy.id), ann.client.members.add(id, cy.id)]);
    await until(() => listener.of('member').length > 0);
    expect(listener.of('member').map(({ userId }) => userId)).toEqual([cy.id]);
    expect(await cy.client.channel(id)).toMatchObject({ name: 'closed', kind: ChannelKind.PRIVATE, memberCount: 3 });
    const single = await ann.client.chats.direct(bob.id);
    await expect(ann.client.chats.update(single.id, { kind: ChannelKind.PUBLIC })).rejects.toMatchObject({
      reason: 'wrong-kind',
    });
  });
});

describe('Document 001, messaging API', () => {
  test('a message has id, sender, chat, content and date, and one without content is refused', async () => {
    const { ann, bob, id } = await cast.group();
    const open = await ann.client.listen(id);
    const { seq, timestamp } = await open.send('Hello, world!');
    await expect(open.send('')).rejects.toMatchObject({ reason: 'empty-message' });
    const { last } = await bob.client.chats.get(id);
    expect(last).toMatchObject({ type: 'message', seq, timestamp, sender: ann.id });
    expect(last?.type === 'message' && textOf(last)).toBe('Hello, world!');
  });

  test('returns all messages of a short chat at once, and the messages of a long chat in pages in either direction', async () => {
    const { ann, bob, id } = await cast.group();
    const open = await ann.client.listen(id, { inFlight: 10 });
    await Promise.all(Array.from({ length: 12 }, (_, n) => open.send(`m${n + 1}`)));
    const texts = Array.from({ length: 12 }, (_, n) => `m${n + 1}`);
    expect((await told(bob.client, id)).sort()).toEqual([...texts].sort());
    const newest = await bob.client.history(id, { size: 5 });
    const rest = await bob.client.history(id, { before: newest.entries.at(-1)?.seq ?? 0 });
    expect([newest.more, rest.more]).toEqual([true, false]);
    const both = [...newest.entries, ...rest.entries].filter(isSaid).map(textOf).reverse();
    expect(both).toEqual(await told(bob.client, id));
  });
});

describe('Document 001, notification flow', () => {
  test('24, 25, 26. NewChat, AddToChat, RemoveFromChat and NewMessage reach the users they concern', async () => {
    const [ann, bob, cy] = await cast.make('ann', 'bob', 'cy');
    const { id } = await ann.client.create({ name: 'team', kind: ChannelKind.GROUP });
    await ann.client.members.add(id, bob.id);
    expect(await all(bob.client.notifications.list())).toMatchObject([{ kind: 'added', channelId: id, by: ann.id }]);
    const listener = new Listener(await bob.client.listen(id));
    await ann.client.members.add(id, cy.id);
    await (await ann.client.listen(id)).send('welcome');
    await until(() => listener.texts.includes('welcome'));
    expect(listener.of('member')).toMatchObject([{ userId: cy.id, joined: true }]);
    await ann.client.members.remove(id, bob.id);
    await listener.done;
    expect(listener.events.slice(-2)).toMatchObject([
      { type: 'member', userId: bob.id, joined: false, by: ann.id },
      { type: 'ended', reason: 'removed' },
    ]);
    expect(await all(bob.client.notifications.list())).toEqual([]);
  });
});

describe('Document 001, security', () => {
  test('refuses every request without a token, with a forged token, or after the end of the session', async () => {
    const { ann, id } = await cast.group();
    const { token } = ann.person;
    const forged = clientOf(cast.trio, { ...ann.person, token: `${token.slice(0, -6)}AAAAAA` }, cast.users.grpc);
    const attempts = [
      () => forged.channels(),
      () => forged.history(id),
      () => forged.listen(id),
      () => forged.user(ann.id),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ reason: 'invalid-token' });
    await ann.client.sessions.endAll();
    for (const attempt of [
      () => ann.client.channels(),
      () => ann.client.history(id),
      () => ann.client.listen(id),
      () => ann.client.user(ann.id),
    ])
      await expect(attempt()).rejects.toMatchObject({ reason: 'logged-out' });
    await forged.close();
  });

  test('29. the database refuses a membership whose chat or user does not exist', async () => {
    const { id } = await cast.group();
    const broken = [
      `INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES (${id}, 'nobody-here', 0)`,
      `INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT 2000000000, id, 0 FROM chat.users LIMIT 1`,
    ];
    for (const statement of broken)
      await expect(cast.trio.people.sql(statement)).rejects.toMatchObject({ code: '23503' });
  });
});
