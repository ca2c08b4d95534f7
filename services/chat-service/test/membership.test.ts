import {
  ChangeMemberRequest,
  Channel,
  ChannelKind,
  ChannelService,
  Kind,
  MemberRole,
  type Message,
  Resume,
  Retention,
  UpdateChannelRequest,
  type Welcome,
} from '@parley/contract';
import { type Chatter, callPatiently, type ServiceProcess, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;
let carol: TestPerson;
let tests = 0;

const withinMs = 30_000;
const inAnHour = () => Date.now() + 3_600_000;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2 });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  const [one, two, three] = await trio.people.makeMany(`person-${tests}`, 3);
  if (one === undefined || two === undefined || three === undefined) throw new Error('nobody');
  [ann, bob, carol] = [one, two, three];
});

function create(fields: Partial<Channel>): Promise<Channel> {
  const client = trio.manager();
  const channel = Channel.fromPartial({ name: `channel ${tests}`, limit: 25, ...fields });
  return callPatiently(client, ChannelService.create, channel, { token: ann.token, withinMs });
}

async function room(retention: Parameters<typeof Retention.fromPartial>[0]): Promise<number> {
  return (await create({ retention: Retention.fromPartial(retention) })).id;
}

function change(id: number, fields: Partial<ChangeMemberRequest>, by = ann, whom = bob) {
  const client = trio.manager();
  const request = ChangeMemberRequest.fromPartial({ channelId: id, userId: whom.id, ...fields });
  return callPatiently(client, ChannelService.changeMember, request, { token: by.token, withinMs });
}

function update(id: number, fields: Partial<UpdateChannelRequest>) {
  const client = trio.manager();
  const request = UpdateChannelRequest.fromPartial({ id, ...fields });
  return callPatiently(client, ChannelService.update, request, { token: ann.token, withinMs });
}

function welcomeOf(stream: Chatter): Welcome | undefined {
  return stream.messages.find(({ welcome }) => welcome !== undefined)?.welcome;
}

/** Sends a message and returns the reason of its refusal, or undefined if it was accepted. */
async function say(stream: Chatter, fields: Partial<Message> = {}): Promise<string | undefined> {
  return (await stream.ask('words', fields)).refusal?.reason;
}

/**
 * Sends messages until one is refused with `reason`, or until one is accepted if `reason` is
 * undefined.
 */
async function answers(stream: Chatter, reason: string | undefined, fields: Partial<Message> = {}): Promise<void> {
  await until(async () => (await say(stream, fields)) === reason);
}

/**
 * Resolves when the reconciler of the owning server of a room has run twice, so that it has ended
 * every stream that it is going to end. A run ends the stream of a witness whose seat is gone.
 */
async function reconcilerRuns(id: number): Promise<void> {
  const witness = await trio.people.make(`witness-${tests}`);
  for (let runs = 0; runs < 2; runs++) {
    const stream = await trio.join(witness, id);
    await trio.people.sql('DELETE FROM chat.seat WHERE user_id = $1', [witness.id]);
    await stream.ended;
  }
}

const goodbyes = (stream: Chatter) => stream.messages.flatMap(({ goodbye }) => goodbye?.reason ?? []);

describe.each([
  ['no history', { nothing: true }],
  ['unlimited history', { everything: true }],
])('In a room with %s', (_, retention) => {
  test('a mute applies to an open stream without ending it, and lifting it restores everything', async () => {
    const id = await room(retention);
    const b = await trio.join(bob, id);
    expect(await say(b)).toBeUndefined();
    await change(id, { muteUntil: inAnHour() });
    await answers(b, 'muted');
    await change(id, { muteUntil: 0 });
    await answers(b, undefined);
    await update(id, { description: 'new words' });
    await reconcilerRuns(id);
    expect(await say(b)).toBeUndefined();
    expect(goodbyes(b)).toEqual([]);
    await b.leave();
  });

  test('a user whose mute or ban has ended stays, like everybody else, when the channel changes and moves', async () => {
    const id = await room(retention);
    for (const until of [inAnHour(), 0]) await change(id, { muteUntil: until });
    for (const until of [inAnHour(), 0]) await change(id, { banUntil: until }, ann, carol);
    const streams = [await trio.join(bob, id), await trio.join(carol, id)];
    await update(id, { description: 'new words' });
    await reconcilerRuns(id);
    expect(streams.flatMap(goodbyes)).toEqual([]);
    await trio.people.sql('UPDATE chat.channel_head SET epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1', [
      id,
    ]);
    for (const stream of streams) {
      await stream.ended;
      expect(stream.messages.at(-1)?.goodbye).toMatchObject({ reason: 'moved', listenAgain: true });
    }
  });

  test('a ban ends the stream', async () => {
    const id = await room(retention);
    const b = await trio.join(bob, id);
    await change(id, { banUntil: inAnHour() });
    expect((await b.ended).reason).toBe('banned');
    const refusal = await trio.listen(bob, id).catch((thrown) => thrown);
    expect(refusal).toMatchObject({ reason: 'banned' });
    for (const { retryAfterMs = 0 } of [b.messages.at(-1)?.goodbye ?? {}, refusal])
      expect([retryAfterMs > 3_000_000, retryAfterMs < 3_660_000]).toEqual([true, true]); // The clocks differ.
  });

  test('slow mode applies to an open stream, and not to a new owner', async () => {
    const id = await room(retention);
    const b = await trio.join(bob, id);
    await update(id, { slowModeS: 600 });
    await answers(b, 'slow-mode');
    await trio.people.sql('UPDATE chat.channel SET owner_id = $2 WHERE id = $1', [id, bob.id]);
    await trio.people.sql('UPDATE chat.channel_head SET revision = revision + 1 WHERE channel_id = $1', [id]);
    await answers(b, undefined);
    await b.leave();
  });

  test('Welcome carries the current name, limit and owner', async () => {
    const id = await room(retention);
    const a = await trio.join(ann, id);
    await update(id, { name: 'another name', limit: 7, description: 'about it', slowModeS: 5 });
    const b = await trio.join(bob, id);
    expect(welcomeOf(b)?.channel).toMatchObject({
      name: 'another name',
      limit: 7,
      description: 'about it',
      slowModeS: 5,
    });
    await Promise.all([a.leave(), b.leave()]);
  });
});

test('In a chat without history a mute applies to an open stream, and a removal ends it', async () => {
  const { id } = await create({ kind: ChannelKind.GROUP, retention: Retention.fromPartial({ nothing: true }) });
  await change(id, { add: true });
  const b = await trio.join(bob, id);
  for (let n = 0; n < 3; n++) await say(b);
  await change(id, { muteUntil: inAnHour() });
  await answers(b, 'muted');
  expect(goodbyes(b)).toEqual([]);
  await trio.people.sql('UPDATE chat.member SET left_seq = joined_seq WHERE channel_id = $1 AND user_id = $2', [
    id,
    bob.id,
  ]);
  await trio.people.sql('UPDATE chat.channel_head SET revision = revision + 1 WHERE channel_id = $1', [id]);
  expect((await b.ended).reason).toBe('removed');
});

test('With closed history, the first stream of a new member has nothing from before they joined', async () => {
  const { id } = await create({ kind: ChannelKind.GROUP, closedHistory: true });
  const a = await trio.join(ann, id);
  for (const whom of [carol, bob]) await change(id, { add: true }, ann, whom);
  const b = await trio.join(bob, id); // before the chat server has read these two entries
  expect(await say(a)).toBeUndefined();
  await Promise.all([a, b].map((stream) => stream.find(({ seq }) => seq === 3)));
  expect(a.messages.some(({ seq }) => seq === 1)).toBe(true);
  expect(b.messages.some(({ seq }) => seq === 1)).toBe(false);
  for (const stream of [a, b]) await stream.leave();
});

test('A client resumes from an entry that the chat server has not read yet', async () => {
  const { id } = await create({ kind: ChannelKind.GROUP });
  const a = await trio.join(ann, id);
  for (const whom of [carol, bob]) await change(id, { add: true }, ann, whom);
  const resumed = await trio.join(ann, id, { resume: `${welcomeOf(a)?.log}:2` }); // for example, after History
  expect(welcomeOf(resumed)).toMatchObject({ resume: Resume.WHOLE, lastSeq: 2 });
  expect(await say(a)).toBeUndefined();
  await resumed.find(({ seq }) => seq === 3);
  expect(resumed.messages.some(({ seq }) => seq === 1 || seq === 2)).toBe(false);
  for (const stream of [a, resumed]) await stream.leave();
});

/** Creates a group with closed history in which bob cannot see the first message of ann. */
async function joinedLater() {
  const { id } = await create({ kind: ChannelKind.GROUP, closedHistory: true });
  const a = await trio.join(ann, id);
  expect(await say(a)).toBeUndefined();
  const { seq: hiddenSeq } = await a.find(({ seq }) => seq > 0);
  await change(id, { add: true });
  return { id, a, b: await trio.join(bob, id), hiddenSeq };
}

test('With closed history, a new member can neither reply nor react to messages from before they joined', async () => {
  const { a, b, hiddenSeq: targetSeq } = await joinedLater();
  const react = { kind: Kind.REACT, data: Buffer.from('👍') };
  for (const fields of [{ targetSeq }, { ...react, targetSeq }]) expect(await say(b, fields)).toBe('message-not-found');
  expect(await say(b)).toBeUndefined();
  const { seq: own } = await b.find(({ seq, sender }) => seq > targetSeq && sender === bob.id);
  for (const fields of [{ targetSeq: own }, { ...react, targetSeq: own }]) expect(await say(b, fields)).toBeUndefined();
  for (const stream of [a, b]) stream.cancel();
});

test('With closed history, edits of messages from before a member joined arrive without their text', async () => {
  const { id, a, b, hiddenSeq: targetSeq } = await joinedLater();
  for (const data of ['one secret', 'another secret'].map((text) => Buffer.from(text))) {
    expect(await say(a, { kind: Kind.EDIT, targetSeq, data })).toBeUndefined();
    await a.find((edit) => edit.kind === Kind.EDIT && utf8(edit.data) === utf8(data)); // before the next edit withdraws it
  }
  const checkEdits = async (stream: Chatter, data: string) => {
    await until(() => stream.messages.filter(({ kind }) => kind === Kind.EDIT).length === 2);
    const edits = stream.messages.filter(({ kind }) => kind === Kind.EDIT);
    expect(edits.map((edit) => [edit.targetSeq, utf8(edit.data)])).toEqual([
      [targetSeq, data && 'one secret'],
      [targetSeq, data],
    ]);
  };
  await checkEdits(a, 'another secret');
  await checkEdits(b, '');
  const resume = `${welcomeOf(b)?.log}:${targetSeq + 1}`;
  const fromRing = await trio.join(bob, id, { resume });
  await checkEdits(fromRing, '');
  const owner = await trio.ownerOf(id);
  await trio.place(id, trio.chatServers.find((server) => server !== owner) as ServiceProcess);
  const fromTable = await trio.join(bob, id, { resume });
  await checkEdits(fromTable, '');
  for (const stream of [a, b, fromRing, fromTable]) stream.cancel();
});

/**
 * Removes bob from a chat with closed history and adds him again, in one transaction, with a
 * message of ann in between.
 */
async function removeAndAddBob(id: number, secret: string): Promise<void> {
  await trio.people.sql(
    `WITH head AS (
      UPDATE chat.channel_head SET last_seq = last_seq + 3, revision = revision + 1, last_at = clock_timestamp()
      WHERE channel_id = $1 RETURNING last_seq, last_at
    ), added AS (UPDATE chat.member m SET joined_seq = head.last_seq FROM head WHERE m.channel_id = $1 AND m.user_id = $3)
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
    SELECT $1, last_seq - 3 + n, CASE n WHEN 2 THEN $4::int ELSE $5::int END, $2, gen_random_uuid(), last_at, data, sha256(data)
    FROM head, LATERAL (SELECT n, CASE n WHEN 2 THEN convert_to($6, 'UTF8') ELSE ''::bytea END AS data FROM generate_series(1, 3) n) entry`,
    [id, ann.id, bob.id, Kind.UNSPECIFIED, Kind.MEMBER, secret],
  );
}

test('With closed history, a stream does not show messages between a removal and an addition', async () => {
  const { id, a, b } = await joinedLater();
  await removeAndAddBob(id, 'secret');
  expect(await say(a)).toBeUndefined();
  const { seq } = await a.find(({ data }) => utf8(data) === 'secret');
  expect((await b.ended).reason).toBe('moved');
  const resumed = await trio.join(bob, id, { resume: `${welcomeOf(b)?.log}:${seq - 2}` });
  expect(await say(a)).toBeUndefined();
  await resumed.find((message) => message.seq === seq + 3);
  expect(
    [...b.messages, ...resumed.messages].filter((message) => message.seq >= seq && message.seq <= seq + 1),
  ).toEqual([]);
  for (const stream of [a, resumed]) stream.cancel();
});

test('In a chat a new role applies to an open stream', async () => {
  const { id } = await create({ kind: ChannelKind.GROUP });
  await change(id, { add: true });
  const [a, b] = [await trio.join(ann, id), await trio.join(bob, id)];
  expect(await say(a)).toBeUndefined();
  const { seq } = await b.find((message) => message.seq > 0 && utf8(message.data) === 'words');
  const pin = { kind: Kind.PIN, targetSeq: seq, data: Buffer.alloc(0) };
  expect(await say(b, pin)).toBe('not-channel-admin');
  await change(id, { role: MemberRole.ADMIN });
  await answers(b, undefined, pin);
  await change(id, { role: MemberRole.MEMBER });
  await answers(b, 'not-channel-admin', pin);
  await Promise.all([a.leave(), b.leave()]);
});

test('A message in a chat can mention only members, whether they are connected or not', async () => {
  const [{ id }, secret] = [
    await create({ kind: ChannelKind.GROUP }),
    await create({ kind: ChannelKind.GROUP, retention: Retention.fromPartial({ nothing: true }) }),
  ];
  for (const channel of [id, secret.id]) await change(channel, { add: true });
  const [a, unstored] = [await trio.join(ann, id), await trio.join(ann, secret.id)];
  expect(await say(a, { mentions: [ann.id, bob.id] })).toBeUndefined();
  expect(await say(a, { mentions: [bob.id, carol.id] })).toBe('mention-not-found');
  expect(await say(unstored, { mentions: [ann.id] })).toBeUndefined();
  expect(await say(unstored, { mentions: [bob.id] })).toBe('mention-not-found');
  await change(id, { remove: true });
  expect(await say(a, { mentions: [bob.id] })).toBe('mention-not-found');
  await Promise.all([a.leave(), unstored.leave()]);
});

test('Welcome carries the channel, the role of the caller and the number of users present', async () => {
  const asked = { kind: ChannelKind.PUBLIC, limit: 500, description: 'about it', slowModeS: 3, metadata: '{"a":1}' };
  const { id } = await create({ ...asked, retention: Retention.fromPartial({ seconds: 60, maxCount: 9 }) });
  const a = await trio.join(ann, id);
  const { channel, here } = welcomeOf(a) ?? {};
  expect(channel).toMatchObject({
    ...asked,
    metadata: '{"a":1}',
    retention: { seconds: 60, maxCount: 9 },
    ownerId: ann.id,
  });
  expect(channel).toMatchObject({ myRole: MemberRole.OWNER, userCount: 1, closedHistory: false });
  expect(channel?.createdAt).toBeGreaterThan(0);
  expect(here).toBe(1);
  const again = await trio.join(ann, id);
  expect(welcomeOf(again)?.here).toBe(1);
  await Promise.all([a.leave(), again.leave()]);
});

test('Welcome counts all users present, and lists fewer', async () => {
  const { id } = await create({ kind: ChannelKind.PUBLIC, limit: 500 });
  const crowd = await trio.people.makeMany(`crowd-${tests}`, 102);
  await trio.people.sql(
    'INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, unnest($2::varchar[]), 0',
    [id, crowd.map((person) => person.id)],
  );
  const streams: Chatter[] = [];
  for (const person of crowd) streams.push(await trio.join(person, id));
  const welcome = welcomeOf(await trio.join(ann, id));
  expect(welcome?.here).toBe(103);
  expect(welcome?.channel?.userCount).toBe(103);
  expect(welcome?.channel?.users).toHaveLength(100);
  expect(welcome?.channel?.users.map((user) => user.id)).toContain(ann.id);
  for (const stream of streams) stream.cancel();
});
