import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Ack, type Kind, type Message, Resume } from '@parley/contract';
import { type Chatter, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

let trio: Trio;
let alice: TestPerson;
let bob: TestPerson;
let tests = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  [alice, bob] = [await trio.people.make(`alice-${tests}`), await trio.people.make(`bob-${tests}`)];
});

/** Creates a room with unlimited retention. */
async function keptRoom(): Promise<number> {
  const { id } = await trio.create(alice, `kept ${tests}`);
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  return id;
}

function join(person: TestPerson, id: number, resume?: string): Promise<Chatter> {
  return trio.join(person, id, resume === undefined ? {} : { resume });
}

function welcomeOf(stream: Chatter) {
  return stream.messages.find(({ welcome }) => welcome !== undefined)?.welcome;
}

function entriesOf(stream: Chatter): Message[] {
  return stream.messages.filter(({ seq }) => seq > 0);
}

/** Says a text again under the same client id, as clients do, while the chat server is overloaded. */
async function sayAtLast(stream: Chatter, text: string): Promise<void> {
  const clientId = randomUUID();
  const acks = () => stream.messages.flatMap(({ ack }) => (ack?.clientId === clientId ? [ack] : []));
  for (let tries = 1; acks().every(({ refusal }) => refusal !== undefined); tries++) {
    await pause(acks().at(-1)?.refusal?.retryAfterMs ?? 0);
    stream.send(text, { clientId });
    await stream.find(() => acks().length === tries);
  }
}

const reasonOf = ({ refusal }: Ack) => refusal?.reason;

describe('A channel with history', () => {
  test('acks committed messages in one order without gaps', async () => {
    const id = await keptRoom();
    const [a, b] = [await join(alice, id), await join(bob, id)];
    await Promise.all(Array.from({ length: 20 }, (_, n) => sayAtLast(n % 2 === 0 ? a : b, `m${n}`)));
    await Promise.all([a, b].map((one) => one.find(({ seq }) => seq === 20)));
    expect(entriesOf(a)).toEqual(entriesOf(b));
    expect(entriesOf(a).map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    const rows = await trio.people.sql(
      'SELECT seq, sender_id, convert_from(data, $2) AS text FROM chat.message WHERE channel_id = $1 ORDER BY seq',
      [id, 'UTF8'],
    );
    expect(rows).toEqual(
      entriesOf(a)
        .map(({ seq, sender, data }) => ({ seq: String(seq), sender_id: sender, text: utf8(data) }))
        .map((row) => ({ ...row, seq: Number(row.seq) })),
    );
    await Promise.all([a.leave(), b.leave()]);
  });

  test('a half-close waits for pending writes', async () => {
    const id = await keptRoom();
    const a = await join(alice, id);
    a.send('last words', { clientId: randomUUID() });
    await a.leave();
    expect(a.messages.some(({ ack }) => ack?.seq === 1)).toBe(true);
    expect(a.texts).toEqual(['last words']);
  });

  test('stores a message once, after an immediate retry and after a reconnect', async () => {
    const id = await keptRoom();
    const clientId = randomUUID();
    const a = await join(alice, id);
    for (let n = 0; n < 10; n++) a.send('once', { clientId });
    await a.find(() => a.messages.filter(({ ack }) => ack?.seq === 1).length === 10);
    await a.leave();
    await trio.people.sql('UPDATE chat.channel_head SET epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1', [
      id,
    ]);
    const again = await join(alice, id);
    again.send('once', { clientId });
    expect((await again.find(({ ack }) => ack?.clientId === clientId)).ack?.seq).toBe(1);
    again.send('other words', { clientId });
    await again.find(({ ack }) => ack?.refusal?.reason === 'client-id-reused');
    expect(await trio.people.sql('SELECT seq FROM chat.message WHERE channel_id = $1', [id])).toHaveLength(1);
    await again.leave();
  });

  test('a resume sends entries from the table in order, then live ones, even from another owning server', async () => {
    const id = await keptRoom();
    const [a, b] = [await join(alice, id), await join(bob, id)];
    const log = welcomeOf(b)?.log;
    await a.ask('one');
    await b.leave();
    await trio.people.sql(
      `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
       SELECT $1, n, $2, gen_random_uuid(), now(), convert_to('m' || n, 'UTF8'), sha256(''::bytea) FROM generate_series(2, 10000) n`,
      [id, alice.id],
    );
    await trio.people.sql(
      'UPDATE chat.channel_head SET last_seq = 10000, epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1',
      [id],
    );
    await a.ended;
    const writer = await join(alice, id);
    const back = await join(bob, id, `${log}:1`);
    expect(welcomeOf(back)).toMatchObject({ resume: Resume.WHOLE, log, lastSeq: 10_000 });
    await writer.ask('live');
    await back.find(({ seq }) => seq === 10_001);
    expect(entriesOf(back).map(({ seq }) => seq)).toEqual(Array.from({ length: 10_000 }, (_, n) => n + 2));
    expect(trio.chatServers[0]?.output).not.toContain('MaxListenersExceededWarning');
    const [ahead, elsewhere] = [
      await join(await trio.people.make(`ahead-${tests}`), id, `${log}:10002`),
      await join(await trio.people.make(`else-${tests}`), id, `${randomUUID()}:1`),
    ];
    expect([welcomeOf(ahead)?.resume, welcomeOf(elsewhere)?.resume]).toEqual([Resume.RESET, Resume.RESET]);
    await Promise.all([writer, back, ahead, elsewhere].map((one) => one.leave()));
  });

  test('a resume reports a gap for entries that retention removed or that are too far back', async () => {
    const id = await keptRoom();
    const a = await join(alice, id);
    const log = welcomeOf(a)?.log;
    for (let n = 0; n < 5; n++) await a.ask(`m${n}`);
    await a.leave();
    await trio.people.sql(
      'UPDATE chat.channel_head SET first_seq = 4, epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1',
      [id],
    );
    const back = await join(alice, id, `${log}:1`);
    expect(welcomeOf(back)).toMatchObject({ resume: Resume.GAP, missingFrom: 2, missingTo: 5 });
    await back.leave();
  });

  test('stores edits, deletions, reactions and pins as entries, and applies them to their targets', async () => {
    const id = await keptRoom();
    const [a, b] = [await join(alice, id), await join(bob, id)];
    await b.ask('helo');
    const about = { targetSeq: 1 };
    expect(reasonOf(await a.ask('mine', { ...about, kind: 1 }))).toBe('not-your-message');
    expect(reasonOf(await b.ask('hello', { ...about, kind: 1 }))).toBeUndefined();
    expect(reasonOf(await a.ask('👍', { ...about, kind: 3 }))).toBeUndefined();
    expect(reasonOf(await a.ask('', { ...about, kind: 3 }))).toBe('invalid-reaction');
    expect(reasonOf(await b.ask('', { ...about, kind: 5 }))).toBe('not-channel-admin');
    expect(reasonOf(await a.ask('', { ...about, kind: 5 }))).toBeUndefined();
    const [row] = await trio.people.sql(
      'SELECT convert_from(data, $2) AS text, edited_at IS NOT NULL AS edited, pinned_by FROM chat.message WHERE channel_id = $1 AND seq = 1',
      [id, 'UTF8'],
    );
    expect(row).toEqual({ text: 'hello', edited: true, pinned_by: alice.id });
    expect(await trio.people.sql('SELECT emoji, user_id FROM chat.reaction WHERE channel_id = $1', [id])).toEqual([
      { emoji: '👍', user_id: alice.id },
    ]);
    expect(reasonOf(await a.ask('', { ...about, kind: 2 }))).toBeUndefined();
    expect(
      await trio.people.sql(`SELECT FROM chat.message WHERE channel_id = $1 AND (seq = 1 OR kind = 1) AND data <> ''`, [
        id,
      ]),
    ).toEqual([]);
    expect(reasonOf(await b.ask('too late', { ...about, kind: 1 }))).toBe('message-not-found');
    expect(reasonOf(await b.ask('what', { targetSeq: 77, kind: 1 }))).toBe('message-not-found');
    expect(entriesOf(a).map(({ kind }) => kind as Kind)).toEqual([0, 1, 3, 5, 2]);
    expect(entriesOf(a)).toEqual(entriesOf(b));
    await Promise.all([a.leave(), b.leave()]);
  });

  test('entries of another process are shown in their order', async () => {
    const id = await keptRoom();
    const a = await join(alice, id);
    await a.ask('one');
    await appendAsManager(id, bob.id, 0, '');
    await a.ask('three');
    await a.find(({ seq }) => seq === 3);
    expect(entriesOf(a).map(({ seq, sender }) => [seq, sender])).toEqual([
      [1, alice.id],
      [2, bob.id],
      [3, alice.id],
    ]);
    await appendAsManager(id, bob.id, 0, '');
    await a.find(({ seq }) => seq === 4);
    await a.leave();
  });

  test('a user who is removed by entry n sees n and nothing after it', async () => {
    const { id } = await trio.create(alice, `chat ${tests}`);
    await trio.people.sql(
      `UPDATE chat.channel SET kind = 'group', retention_seconds = NULL, user_limit = 1000 WHERE id = $1`,
      [id],
    );
    for (const { id: user } of [alice, bob])
      await trio.people.sql('INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, $2, 0)', [id, user]);
    const [a, b] = [await join(alice, id), await join(bob, id)];
    for (let n = 0; n < 90; n++) {
      a.send(`m${n}`, { clientId: randomUUID() });
      if (n === 45) void trio.changeMember(alice, { channelId: id, userId: bob.id, remove: true });
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await b.ended).toMatchObject({ reason: 'removed' });
    await a.find(() => a.texts.filter((text) => text.startsWith('m')).length === 90);
    const [row] = await trio.people.sql('SELECT left_seq FROM chat.member WHERE channel_id = $1 AND user_id = $2', [
      id,
      bob.id,
    ]);
    expect(entriesOf(b).at(-1)?.seq).toBe(Number(row?.left_seq));
    expect(entriesOf(b)).toEqual(entriesOf(a).slice(0, entriesOf(b).length));
    await a.leave();
  });

  test('refuses a muted member, and accepts messages after the mute', async () => {
    const id = await keptRoom();
    await trio.people.sql(
      "INSERT INTO chat.member (channel_id, user_id, joined_seq, muted_until) VALUES ($1, $2, 0, now() + interval '1 h')",
      [id, bob.id],
    );
    const b = await join(bob, id);
    expect(reasonOf(await b.ask('quiet'))).toBe('muted');
    const [mute] = await trio.people.sql(
      `WITH head AS (UPDATE chat.channel_head SET revision = revision + 1 WHERE channel_id = $1)
       UPDATE chat.member SET muted_until = now() + interval '2 s' WHERE channel_id = $1 AND user_id = $2
       RETURNING (extract(epoch FROM muted_until) * 1000)::float8 AS until`,
      [id, bob.id],
    );
    await until(async () => reasonOf(await b.ask('again')) === undefined);
    const { timestamp } = await b.find(({ seq }) => seq > 0);
    expect(timestamp).toBeGreaterThan(Number(mute?.until) - 1_000); // Both clocks are the database's, one of them as read by the chat server.
    await b.leave();
  });
});

/** Writes an entry as a manager does, under the lock of the head. */
async function appendAsManager(id: number, sender: string, kind: number, set: string): Promise<void> {
  await trio.people.sql(
    `WITH h AS (UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = clock_timestamp() ${set} WHERE channel_id = $1 RETURNING last_seq, last_at)
     INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
     SELECT $1, last_seq, $3, $2, gen_random_uuid(), last_at, '', sha256(''::bytea) FROM h`,
    [id, sender, kind],
  );
}
