import { randomUUID } from 'node:crypto';
import { Channel, ChannelKind, ChannelService, Kind, type Message } from '@parley/contract';
import { type Chatter, callPatiently, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
let id: number;
let stream: Chatter;
let tests = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  ann = await trio.people.make(`ann-${tests}`);
  const channel = Channel.fromPartial({ name: 'chat', kind: ChannelKind.GROUP });
  ({ id } = await callPatiently(trio.manager(), ChannelService.create, channel, {
    token: ann.token,
    withinMs: 30_000,
  }));
  stream = await trio.join(ann, id);
});
afterEach(() => stream.leave());

/** Sends a message. Returns its seq, or the reason of its refusal. */
async function say(text: string, fields: Partial<Message> = {}): Promise<number | string | undefined> {
  const clientId = fields.clientId ?? randomUUID();
  const before = stream.messages.length;
  stream.send(text, { ...fields, clientId });
  const { ack } = await stream.find((one) => one.ack?.clientId === clientId && stream.messages.indexOf(one) >= before);
  return ack?.refusal?.reason ?? ack?.seq;
}

const target = async (text: string, fields: Partial<Message> = {}) => ({ targetSeq: Number(await say(text, fields)) });

test('a reply needs a message as its target', async () => {
  const message = await target('first');
  const reply = await target('answer', message);
  const edit = await target('second', { ...message, kind: Kind.EDIT });
  const reaction = await target('👍', { ...message, kind: Kind.REACT });
  await trio.people.sql(
    `WITH head AS (UPDATE chat.channel_head SET last_seq = last_seq + 1 WHERE channel_id = $1 RETURNING last_seq)
     INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
     SELECT $1, last_seq, 8, $2, gen_random_uuid(), now(), '', sha256('') FROM head`,
    [id, ann.id],
  );
  const entry = { targetSeq: Number(await say('the next')) - 1 };
  for (const other of [edit, reaction, entry]) expect(await say('answer', other)).toBe('message-not-found');
  for (const known of [message, reply]) expect(await say('answer', known)).toEqual(expect.any(Number));
});

test('a reply to a deleted message is stored, and one to a message that retention has removed is not', async () => {
  const deleted = await target('first');
  const expired = await target('second');
  await say('', { ...deleted, kind: Kind.DELETE });
  const clientId = randomUUID();
  const stored = await say('answer', { ...expired, clientId });
  expect(await say('answer', deleted)).toEqual(expect.any(Number));
  await trio.people.sql('UPDATE chat.channel_head SET first_seq = $2 WHERE channel_id = $1', [
    id,
    expired.targetSeq + 1,
  ]);
  for (const gone of [deleted, expired]) expect(await say('answer', gone)).toBe('message-not-found');
  expect(await say('answer', { ...expired, clientId })).toBe(stored);
});

test('replies and other messages of one batch do not disturb each other', async () => {
  const message = await target('first');
  const reaction = await target('👍', { ...message, kind: Kind.REACT });
  const sent = await Promise.all([say('a'), say('b', reaction), say('c', message), say('d', reaction), say('e')]);
  expect(sent).toEqual([3, 'message-not-found', 4, 'message-not-found', 5]);
});
