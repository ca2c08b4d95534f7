import { randomUUID } from 'node:crypto';
import { Kind, type Message } from '@parley/contract';
import { type Chatter, openTestPool, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let server: ServiceProcess;
let host: TestPerson;
let guest: TestPerson;
let tests = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  server = trio.chatServers[0] as ServiceProcess;
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  [host, guest] = (await trio.people.makeMany(`p${tests}`, 2)) as [TestPerson, TestPerson];
});
afterEach(() => server.kill('SIGCONT'));

async function keptRoom(): Promise<number> {
  const { id } = await trio.create(host, `room ${tests}`);
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  return id;
}

/** Sends a message. Returns its seq, or the reason of its refusal. */
async function say(stream: Chatter, text: string, fields: Partial<Message> = {}): Promise<number | string> {
  const { seq, refusal } = await stream.ask(text, fields);
  return refusal?.reason ?? seq;
}

const stored = (id: number) =>
  trio.people.sql(
    `SELECT seq, kind, sender_id, convert_from(data, 'UTF8') AS text FROM chat.message WHERE channel_id = $1 ORDER BY seq`,
    [id],
  );

/**
 * Changes members or settings as a manager does: the change and the next revision in one
 * transaction.
 */
async function change(id: number, sql: string, values: unknown[]): Promise<void> {
  await trio.people.sql(
    `WITH head AS (UPDATE chat.channel_head SET revision = revision + 1 WHERE channel_id = $1 RETURNING 1) ${sql}`,
    [id, ...values],
  );
}

const mute = (id: number) =>
  change(
    id,
    `INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, muted_until) VALUES ($1, $2, 0, 0, 'infinity')`,
    [guest.id],
  );
const slowDown = (id: number) => change(id, 'UPDATE chat.channel SET slow_mode_s = $2 WHERE id = $1', [600]);

describe('a server that was suspended meanwhile', () => {
  const deeds: [string, Partial<Message>][] = [
    ['text', {}],
    ['an edit', { kind: Kind.EDIT, targetSeq: 1 }],
    ['a deletion', { kind: Kind.DELETE, targetSeq: 1, data: Buffer.alloc(0) }],
    ['a reaction', { kind: Kind.REACT, targetSeq: 1, data: Buffer.from('👍') }],
  ];
  test.each(deeds)('a server that was suspended meanwhile does not store %s of a muted user', async (_, fields) => {
    const id = await keptRoom();
    const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
    expect(await say(b, 'first')).toBe(1);
    server.kill('SIGSTOP');
    const sent = Array.from({ length: 5 }, () => say(b, 'late', fields));
    await mute(id);
    server.kill('SIGCONT');
    expect(await Promise.all(sent)).toEqual(Array(5).fill('muted'));
    expect(await say(a, 'goes on')).toBe(2);
    expect(await stored(id)).toHaveLength(2);
    await Promise.all([a.leave(), b.leave()]);
  });

  test('a server that was suspended meanwhile does not store text of a banned user who left before the ack', async () => {
    const id = await keptRoom();
    const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
    server.kill('SIGSTOP');
    for (let n = 0; n < 5; n++) b.send('late', { clientId: randomUUID() });
    b.cancel();
    const ban = `INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until) VALUES ($1, $2, 0, 0, 'infinity')`;
    await change(id, ban, [guest.id]);
    server.kill('SIGCONT');
    expect(await say(a, 'goes on')).toBe(1);
    expect(await stored(id)).toHaveLength(1);
    await a.leave();
  });

  test('a server that was suspended meanwhile does not store messages that slow mode forbids', async () => {
    const id = await keptRoom();
    const b = await trio.join(guest, id);
    expect(await say(b, 'first')).toBe(1);
    server.kill('SIGSTOP');
    const sent = [say(b, 'second'), say(b, 'third')];
    await slowDown(id);
    server.kill('SIGCONT');
    expect(await Promise.all(sent)).toEqual(['slow-mode', 'slow-mode']);
    await b.leave();
  });

  test('a server that was suspended meanwhile does not store a deletion by a user who is no longer admin', async () => {
    const id = await keptRoom();
    await trio.people.sql(
      `INSERT INTO chat.member (channel_id, user_id, joined_seq, role) VALUES ($1, $2, 0, 'admin')`,
      [id, guest.id],
    );
    const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
    expect(await say(a, 'first')).toBe(1);
    server.kill('SIGSTOP');
    const sent = say(b, '', { kind: Kind.DELETE, targetSeq: 1 });
    await change(id, `UPDATE chat.member SET role = 'member' WHERE channel_id = $1 AND user_id = $2`, [guest.id]);
    server.kill('SIGCONT');
    expect(await sent).toBe('not-your-message');
    await Promise.all([a.leave(), b.leave()]);
  });
});

test('slow mode applies to lossy messages and edits, and not to reactions', async () => {
  const id = await keptRoom();
  await trio.people.sql('UPDATE chat.channel SET slow_mode_s = 600 WHERE id = $1', [id]);
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  expect(await say(b, 'first')).toBe(1);
  expect(await say(b, 'second')).toBe('slow-mode');
  expect(await say(b, 'lossy', { lossy: true })).toBe('slow-mode');
  expect(await say(b, 'edited', { kind: Kind.EDIT, targetSeq: 1 })).toBe('slow-mode');
  expect(await say(b, '🎉', { kind: Kind.REACT, targetSeq: 1 })).toBe(2);
  expect(a.messages.filter(({ lossy }) => lossy)).toEqual([]);
  await Promise.all([a.leave(), b.leave()]);
});

test('a message refused for another reason does not count for slow mode', async () => {
  const id = await keptRoom();
  await trio.people.sql('UPDATE chat.channel SET slow_mode_s = 600 WHERE id = $1', [id]);
  const b = await trio.join(guest, id);
  expect(await say(b, 'one')).toBe(1);
  await b.leave();
  const other = await trio.join(await trio.people.make(`other-${tests}`), id);
  expect(await say(other, 'mine?', { kind: Kind.EDIT, targetSeq: 1 })).toBe('not-your-message');
  expect(await say(other, 'first')).toBe(2);
  await other.leave();
});

test('a retry gets its first ack, whatever has changed since, here and on another server', async () => {
  const id = await keptRoom();
  let b = await trio.join(guest, id);
  const about = { targetSeq: 1 } as const;
  const words = [randomUUID(), 'words', {}] as const;
  const edit = [randomUUID(), 'better', { kind: Kind.EDIT, ...about }] as const;
  const react = [randomUUID(), '👍', { kind: Kind.REACT, ...about }] as const;
  const tries = [words, edit, react];
  const again = async () => {
    const answers = [];
    for (const [clientId, text, fields] of tries) answers.push(await say(b, text, { ...fields, clientId }));
    return answers;
  };
  expect(await again()).toEqual([1, 2, 3]);
  expect(await say(b, '', { kind: Kind.DELETE, ...about })).toBe(4);
  expect(await again()).toEqual([1, 2, 3]);
  await slowDown(id);
  await mute(id);
  expect(await again()).toEqual([1, 2, 3]);
  await b.leave();
  await trio.people.sql('UPDATE chat.channel_head SET epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1', [
    id,
  ]);
  b = await trio.join(guest, id);
  expect(await again()).toEqual([1, 2, 3]);
  expect(await say(b, 'new')).toBe('muted');
  await b.leave();
});

test('refuses changes that race with a deletion, and stores none of their text', async () => {
  const id = await keptRoom();
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  for (let round = 0; round < 6; round++) {
    const targetSeq = Number(await say(b, 'insult'));
    const sent = [
      say(a, '', { kind: Kind.DELETE, targetSeq }),
      ...[Kind.DELETE, Kind.EDIT, Kind.REACT].map((kind) =>
        say(b, { [Kind.DELETE]: '', [Kind.EDIT]: 'AGAIN', [Kind.REACT]: '👍' }[kind], { kind, targetSeq }),
      ),
    ];
    const [, , edited, reacted] = await Promise.all(sent);
    expect([edited, reacted]).toEqual(['message-not-found', 'message-not-found']);
  }
  const words = await stored(id);
  expect(words.filter(({ text, kind }) => kind === 1 || text === 'insult')).toEqual([]);
  await Promise.all([a.leave(), b.leave()]);
});

test('rejects changes with content that nobody could moderate', async () => {
  const id = await keptRoom();
  const a = await trio.join(host, id);
  expect(await say(a, 'target')).toBe(1);
  const changes: [Kind, string, Partial<Message>][] = [
    ...[Kind.DELETE, Kind.PIN, Kind.UNPIN].map((kind): [Kind, string, Partial<Message>] => [kind, 'smuggled', {}]),
    ...[Kind.DELETE, Kind.PIN].map((kind): [Kind, string, Partial<Message>] => [kind, '', { contentType: 'a/b' }]),
    ...[Kind.REACT, Kind.UNREACT].map((kind): [Kind, string, Partial<Message>] => [kind, '👍', { contentType: 'a/b' }]),
    ...[Kind.REACT, Kind.DELETE].map((kind): [Kind, string, Partial<Message>] => [
      kind,
      kind === Kind.REACT ? '👍' : '',
      { mentions: ['guest'] },
    ]),
  ];
  const acks = await Promise.all(changes.map(([kind, text, more]) => say(a, text, { kind, targetSeq: 1, ...more })));
  expect(acks).toEqual(changes.map(() => 'invalid-message'));
  expect(await stored(id)).toHaveLength(1);
  await a.leave();
});

test('rejects a second deletion of a message, but acks a retry like the first time', async () => {
  const id = await keptRoom();
  const a = await trio.join(host, id);
  expect(await say(a, 'once')).toBe(1);
  const clientId = randomUUID();
  expect(await say(a, '', { kind: Kind.DELETE, targetSeq: 1, clientId })).toBe(2);
  expect(await say(a, '', { kind: Kind.DELETE, targetSeq: 1 })).toBe('message-not-found');
  expect(await say(a, '', { kind: Kind.DELETE, targetSeq: 1, clientId })).toBe(2);
  expect(await stored(id)).toHaveLength(2);
  await a.leave();
});

test('rejects every change of a message that retention has removed', async () => {
  const id = await keptRoom();
  const a = await trio.join(host, id);
  expect([await say(a, 'one'), await say(a, 'two')]).toEqual([1, 2]);
  expect(await say(a, '🎉', { kind: Kind.REACT, targetSeq: 1 })).toBe(3);
  await trio.people.sql('UPDATE chat.channel_head SET first_seq = 2 WHERE channel_id = $1', [id]);
  const changes = [
    [Kind.EDIT, 'other words'],
    [Kind.REACT, '👍'],
    [Kind.UNREACT, '🎉'],
    [Kind.PIN, ''],
    [Kind.UNPIN, ''],
    [Kind.DELETE, ''],
  ] as const;
  const acks = await Promise.all(changes.map(([kind, text]) => say(a, text, { kind, targetSeq: 1 })));
  expect(acks).toEqual(changes.map(() => 'message-not-found'));
  const rows = `SELECT convert_from(m.data, 'UTF8') AS text, m.pinned_at, r.emoji FROM chat.message m
    LEFT JOIN chat.reaction r ON r.channel_id = m.channel_id AND r.seq = m.seq WHERE m.channel_id = $1 AND m.seq = 1`;
  expect(await trio.people.sql(rows, [id])).toEqual([{ text: 'one', pinned_at: null, emoji: '🎉' }]);
  expect(await say(a, '👍', { kind: Kind.REACT, targetSeq: 2 })).toBe(4);
  expect(await say(a, '', { kind: Kind.PIN, targetSeq: 2 })).toBe(5);
  await a.leave();
});

test('refuses a message or an edit without visible text, and stores data of other types', async () => {
  const id = await keptRoom();
  const a = await trio.join(host, id);
  expect(await say(a, 'text')).toBe(1);
  for (const text of ['', ' \n', '\u200b'])
    expect(await say(a, text, { kind: Kind.EDIT, targetSeq: 1, contentType: 'text/plain' })).toBe('empty-message');
  expect(await say(a, ' ')).toBe('empty-message');
  expect(await say(a, ' ', { contentType: 'application/octet-stream' })).toBe(2);
  expect((await stored(id)).map(({ text }) => text)).toEqual(['text', ' ']);
  await a.leave();
});

test('stores mentions of users who are in the room or have written there, and refuses all others', async () => {
  const id = await keptRoom();
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  expect(await say(b, 'I was here')).toBe(1);
  await b.leave();
  const most = Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? host.id : guest.id));
  const sent = [[host.id], [guest.id, host.id], most, []].map((mentions) => say(a, 'you', { mentions }));
  const stranger = await trio.people.make(`stranger-${id}`);
  for (const mentions of [['nobody'], [stranger.id], [guest.id, 'NULL']]) {
    expect(await say(a, 'who', { mentions })).toBe('mention-not-found');
    expect(await say(a, 'who', { mentions, lossy: true })).toBe('mention-not-found');
  }
  await Promise.all(sent);
  const rows = await trio.people.sql('SELECT mentions FROM chat.message WHERE channel_id = $1 ORDER BY seq', [id]);
  expect(rows.map(({ mentions }) => mentions)).toEqual([[], [host.id], [guest.id, host.id], most, []]);
  await a.leave();
});

test('limits a message to 20 distinct reactions, however many come at once', async () => {
  const id = await keptRoom();
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  expect(await say(a, 'react')).toBe(1);
  const emojis = Array.from({ length: 24 }, (_, n) => String.fromCodePoint(0x1f600 + n));
  const sent = emojis.map((emoji, n) => [n % 2 === 0 ? a : b, emoji] as const);
  const acks = await Promise.all(sent.map(([stream, emoji]) => say(stream, emoji, { kind: Kind.REACT, targetSeq: 1 })));
  expect(acks.filter((answer) => answer === 'too-many-reactions')).toHaveLength(4);
  const rows = await trio.people.sql('SELECT DISTINCT emoji FROM chat.reaction WHERE channel_id = $1', [id]);
  expect(rows).toHaveLength(20);
  const own = sent.filter((_, n) => typeof acks[n] === 'number').find(([stream]) => stream === a);
  const swap = [
    say(a, String(own?.[1]), { kind: Kind.UNREACT, targetSeq: 1 }),
    say(a, '🚀', { kind: Kind.REACT, targetSeq: 1 }),
  ];
  for (const answer of await Promise.all(swap)) expect(typeof answer).toBe('number');
  await Promise.all([a.leave(), b.leave()]);
});

test('keeps streams open and messages queued while the database accepts no connection', async () => {
  const id = await keptRoom();
  const b = await trio.join(guest, id);
  expect(await say(b, 'one')).toBe(1);
  // The limit of the database, because the role is that of all databases of the cluster.
  const database = new URL(trio.database.ownerUrl).pathname.slice(1);
  await trio.people.sql(`ALTER DATABASE ${database} CONNECTION LIMIT 0`);
  try {
    await trio.people.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'chat_server'`,
    );
    const changes = [
      [Kind.EDIT, 'x'],
      [Kind.REACT, '👍'],
      [Kind.DELETE, ''],
    ] as const;
    const sent = changes.map(([kind, text]) => {
      const clientId = randomUUID();
      b.send(text, { kind, targetSeq: 1, clientId });
      return clientId;
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    await trio.people.sql(`ALTER DATABASE ${database} CONNECTION LIMIT -1`);
    for (const clientId of sent) {
      const { ack } = await b.find((message) => message.ack?.clientId === clientId);
      expect([2, 3, 4, 'paused', 'too-busy']).toContain(ack?.refusal?.reason ?? ack?.seq);
    }
    expect(b.messages.filter(({ goodbye }) => goodbye !== undefined)).toEqual([]);
  } finally {
    await trio.people.sql(`ALTER DATABASE ${database} CONNECTION LIMIT -1`);
  }
  await b.leave();
});

test('a locked head delays only its own channel', async () => {
  const [locked, free] = [await keptRoom(), await keptRoom()];
  const [a, b] = [await trio.join(host, locked), await trio.join(guest, free)];
  expect([await say(a, 'one'), await say(b, 'one')]).toEqual([1, 1]);
  const owner = openTestPool(trio.database.ownerUrl);
  const lock = await owner.connect();
  await lock.query('BEGIN');
  await lock.query('SELECT FROM chat.channel_head WHERE channel_id = $1 FOR UPDATE', [locked]);
  let said = 0;
  let over = false;
  const first = Promise.all([say(a, 'two'), say(a, 'three')]).finally(() => {
    over = true;
  });
  while (!over) {
    expect(typeof (await say(b, 'more'))).toBe('number');
    said += 1;
    await new Promise((resolve) => setTimeout(resolve, 20)); // This is below the limit of one sender.
  }
  expect(await first).toEqual(['too-busy', 'too-busy']);
  expect(said).toBeGreaterThan(5);
  lock.release(true);
  await owner.end();
  await Promise.all([a.leave(), b.leave()]);
});
