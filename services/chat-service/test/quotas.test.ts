import { setTimeout as pause } from 'node:timers/promises';
import { Kind, type Message } from '@parley/contract';
import { type Chatter, type TestPerson, Trio, utf8 } from '@parley/testkit';

const quota = {
  PARLEY_CHANNEL_MEGABYTES: '1',
  PARLEY_CHANNEL_ROWS: '100',
  PARLEY_USER_MEGABYTES: '0',
  PARLEY_USER_ROWS: '60',
  PARLEY_SENDER_RATE: '1000', // Many messages are sent at once.
};
const patienceMs = 60_000;

let trio: Trio;
let host: TestPerson;
let guest: TestPerson;
let tests = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1, env: quota });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  [host, guest] = (await trio.people.makeMany(`p${tests}`, 2)) as [TestPerson, TestPerson];
});

async function keptRoom(): Promise<number> {
  const { id } = await trio.create(host, 'room');
  await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  return id;
}

/**
 * Sends a message and returns its seq or the reason of its refusal. Sends it again if it was too
 * fast.
 */
async function say(stream: Chatter, data: Buffer, fields: Partial<Message> = {}): Promise<number | string> {
  const { seq, refusal } = await stream.ask('', { data, ...fields });
  if (refusal?.reason !== 'send-too-fast') return refusal?.reason ?? seq;
  await pause(refusal.retryAfterMs);
  return say(stream, data, fields);
}

/** Sends messages until the outcome is a seq ('number') or a refusal ('string'). */
async function until(
  is: 'number' | 'string',
  pauseMs: number,
  stream: Chatter,
  data: Buffer,
): Promise<number | string> {
  const end = performance.now() + patienceMs;
  let answer = await say(stream, data);
  while (typeof answer !== is && performance.now() < end) {
    await pause(pauseMs);
    answer = await say(stream, data);
  }
  return answer;
}

const truth = 'SELECT count(*)::int AS rows, sum(chat.stored_bytes(data, content_type, mentions))::int AS bytes';

/** Returns the stored content of the message `seq` and of its edits. */
async function leftOf(id: number, seq: number): Promise<unknown[]> {
  return trio.people.sql(
    `SELECT octet_length(data) AS bytes, content_type, mentions FROM chat.message
     WHERE channel_id = $1 AND (seq = $2 OR target_seq = $2 AND kind = 1) ORDER BY chat.message.seq`,
    [id, seq],
  );
}

const blank = { bytes: 0, content_type: '', mentions: [] };

async function expectCounted(id: number): Promise<void> {
  const [stored] = await trio.people.sql(`${truth} FROM chat.message WHERE channel_id = $1`, [id]);
  const [counted] = await trio.people.sql(
    'SELECT stored_rows AS rows, stored_bytes AS bytes FROM chat.channel_head WHERE channel_id = $1',
    [id],
  );
  expect(counted).toEqual(stored);
}

test('a channel over its quota of bytes accepts only deletions until there is room again', async () => {
  const id = await keptRoom();
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  const large = Buffer.alloc(65_536, 'x');
  expect(await until('string', 200, a, large)).toBe('quota-exceeded');
  expect(await say(b, Buffer.from('anything'))).toBe('quota-exceeded');
  expect(await say(a, Buffer.from('short'), { kind: Kind.EDIT, targetSeq: 1 })).toBe('quota-exceeded');
  await expectCounted(id);
  b.send('in passing', { lossy: true });
  await a.find(({ data }) => utf8(data) === 'in passing');
  const [said] = await trio.people.sql('SELECT last_seq FROM chat.channel_head WHERE channel_id = $1', [id]);
  for (let seq = 1; seq <= Number(said?.last_seq); seq++) {
    expect(typeof (await say(a, Buffer.alloc(0), { kind: Kind.DELETE, targetSeq: seq }))).toBe('number');
  }
  expect(typeof (await until('number', 100, b, Buffer.from('again')))).toBe('number');
  await expectCounted(id);
  await Promise.all([a.leave(), b.leave()]);
});

test('text, content types and mentions count as stored until an edit or a deletion blanks them', async () => {
  const id = await keptRoom();
  const a = await trio.join(host, id);
  const first = { contentType: 'text/markdown', mentions: [host.id] };
  expect(await say(a, Buffer.from('hi all'), first)).toBe(1);
  await say(a, Buffer.from('a much longer text'), { kind: Kind.EDIT, targetSeq: 1, contentType: 'text/plain' });
  await say(a, Buffer.from('x'));
  await expectCounted(id);
  const mentions = [host.id];
  await say(a, Buffer.from('second'), { kind: Kind.EDIT, targetSeq: 1, contentType: 'text/plain', mentions });
  await say(a, Buffer.from('third'), { kind: Kind.EDIT, targetSeq: 1, contentType: 'text/plain', mentions });
  await expectCounted(id);
  expect((await leftOf(id, 1)).slice(1, -1)).toEqual([blank, blank]);
  await say(a, Buffer.from('👍'), { kind: Kind.REACT, targetSeq: 1 });
  await say(a, Buffer.alloc(0), { kind: Kind.DELETE, targetSeq: 1 });
  await expectCounted(id);
  expect(await leftOf(id, 1)).toEqual([blank, blank, blank, blank]);
  const [of] = await trio.people.sql(`${truth} FROM chat.message WHERE sender_id = $1`, [host.id]);
  const end = performance.now() + patienceMs;
  let counted: unknown;
  do {
    await pause(200);
    [counted] = await trio.people.sql('SELECT rows, bytes FROM chat.usage WHERE user_id = $1', [host.id]);
  } while (JSON.stringify(counted) !== JSON.stringify(of) && performance.now() < end);
  expect(counted).toEqual(of);
  await a.leave();
});

test('a user over the quota of rows is refused until there is room, even on a new stream', async () => {
  const [first, second] = [await keptRoom(), await keptRoom()];
  const other = await keptRoom();
  const rows: Chatter[] = [await trio.join(guest, first)];
  for (let n = 0; n < 35; n++) await say(rows[0] as Chatter, Buffer.from(`${n}`));
  await rows[0]?.leave();
  const there = await trio.join(guest, second);
  for (let n = 0; n < 30; n++) await say(there, Buffer.from(`${n}`));
  await there.leave();
  await expectUsage(65);
  const a = await trio.join(guest, other);
  expect(await say(a, Buffer.from('one more'))).toBe('quota-exceeded');
  await trio.people.sql('UPDATE chat.usage SET rows = 59 WHERE user_id = $1', [guest.id]);
  expect(typeof (await until('number', 100, a, Buffer.from('fits')))).toBe('number');
  expect(await until('string', 500, a, Buffer.from('and more'))).toBe('quota-exceeded');
  await a.leave();
  const b = await trio.join(host, other);
  expect(typeof (await say(b, Buffer.from('of somebody else')))).toBe('number');
  await b.leave();
});

test('a user and the bots that they made for channels share one quota, except the bots of operators', async () => {
  const [botId, freeId] = [`bot-${tests}`, `free-${tests}`];
  const [bot, free] = [await trio.people.make(botId), await trio.people.make(freeId)];
  const operator = await trio.people.make(`operator-${tests}`, 'admin');
  const id = await keptRoom();
  for (const [one, maker] of [
    [bot, guest],
    [free, operator],
  ] as const)
    await trio.people.sql('INSERT INTO chat.bot (user_id, channel_id, created_by) VALUES ($1, $2, $3)', [
      ...[one.id, id, maker.id],
    ]);
  const usage = 'INSERT INTO chat.usage (user_id, bytes, rows) VALUES ($1, 0, $2)';
  await trio.people.sql(usage, [guest.id, 30]);
  await trio.people.sql(usage, [operator.id, 70]);
  const a = await trio.join(bot, id);
  for (let n = 0; n < 30; n++) await say(a, Buffer.from(`${n}`));
  expect(await until('string', 500, a, Buffer.from('and more'))).toBe('quota-exceeded');
  await a.leave();
  const b = await trio.join(guest, await keptRoom());
  expect(await say(b, Buffer.from('of the creator'))).toBe('quota-exceeded');
  await b.leave();
  const c = await trio.join(free, id);
  expect(typeof (await say(c, Buffer.from('of an operator')))).toBe('number');
  await c.leave();
});

/** Waits until this number of rows is counted. */
async function expectUsage(rows: number): Promise<void> {
  const end = performance.now() + patienceMs;
  let counted: number | undefined;
  while (counted !== rows && performance.now() < end) {
    await pause(200);
    const [row] = await trio.people.sql('SELECT rows FROM chat.usage WHERE user_id = $1', [guest.id]);
    counted = row?.rows as number | undefined;
  }
  expect(counted).toBe(rows);
}

test('a chat server saves all counts when it stops', async () => {
  const id = await keptRoom();
  const server = await trio.addChatServer(quota);
  await trio.place(id, server);
  const a = await trio.join(guest, id);
  for (let n = 0; n < 3; n++) await say(a, Buffer.from('x'));
  await server.stop();
  expect(await trio.people.sql('SELECT rows, bytes FROM chat.usage WHERE user_id = $1', [guest.id])).toEqual([
    { rows: 3, bytes: 3 },
  ]);
});
