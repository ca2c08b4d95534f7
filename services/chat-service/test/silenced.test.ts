import { randomUUID } from 'node:crypto';
import { Channel, ChannelKind, ChannelService, Kind, Message, type Retention } from '@parley/contract';
import { type Chatter, callPatiently, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

const withinMs = 30_000;

let trio: Trio;
let host: TestPerson;
let guest: TestPerson;
let tests = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  [host, guest] = (await trio.people.makeMany(`p${tests}`, 2)) as [TestPerson, TestPerson];
});

async function create(kind: ChannelKind, retention: Parameters<typeof Retention.fromPartial>[0]): Promise<number> {
  const client = trio.manager();
  const channel = Channel.fromPartial({ name: 'channel', kind, limit: 25, retention });
  return (await callPatiently(client, ChannelService.create, channel, { token: host.token, withinMs })).id;
}

/** Sends a message and returns the reason of its refusal, or undefined if it was accepted. */
async function ackOf(stream: Chatter, text: string, fields: Parameters<typeof Message.fromPartial>[0] = {}) {
  return (await stream.ask(text, Message.fromPartial({ data: Buffer.from(text), ...fields }))).refusal?.reason;
}

const passing: [string, Parameters<typeof Message.fromPartial>[0]][] = [
  ['text', {}],
  ['lossy text', { lossy: true }],
  ['typing', { typing: {}, data: Buffer.alloc(0) }],
];
const pin: (typeof passing)[number] = ['a pin', { kind: Kind.PIN, targetSeq: 1, data: Buffer.alloc(0) }];
const cases = [
  ...passing.map(([what, fields]) => ({
    where: 'in a room without history',
    retention: { nothing: true },
    what,
    fields,
  })),
  ...[...passing, pin].map(([what, fields]) => ({
    where: 'in a room with history',
    retention: { seconds: 86_400 },
    what,
    fields,
  })),
];

test.each(cases)('$where, nobody sees $what of a muted user', async ({ retention, fields }) => {
  const id = await create(ChannelKind.ROOM, retention);
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  expect(await ackOf(b, 'before')).toBeUndefined();
  await trio.changeMember(host, { channelId: id, userId: guest.id, muteUntil: Date.now() + 3_600_000 });
  await until(async () => (await ackOf(b, 'is it so yet')) === 'muted');
  const shown = a.messages.length;
  for (let n = 0; n < 5; n++) expect(await ackOf(b, 'silenced', fields)).toBe('muted');
  expect(await ackOf(a, 'after')).toBeUndefined();
  await a.find(({ seq, data }) => seq > 0 && utf8(data) === 'after');
  const since = a.messages.slice(shown).filter(({ data }) => !['before', 'is it so yet'].includes(utf8(data)));
  expect(
    since.filter(({ sender, typing, kind }) => sender === guest.id || typing !== undefined || kind === Kind.PIN),
  ).toEqual([]);
  await Promise.all([a.leave(), b.leave()]);
});

test('in a group, nobody sees what a removed member sends after the removal was acknowledged', async () => {
  const id = await create(ChannelKind.GROUP, {});
  await trio.changeMember(host, { channelId: id, userId: guest.id, add: true });
  const [a, b] = [await trio.join(host, id), await trio.join(guest, id)];
  expect(await ackOf(b, 'before')).toBeUndefined();
  await trio.changeMember(host, { channelId: id, userId: guest.id, remove: true });
  for (let n = 0; n < 20; n++) b.send('silenced', { clientId: randomUUID(), lossy: n % 2 === 0 });
  expect((await b.ended).reason).toBe('removed');
  expect(await ackOf(a, 'after')).toBeUndefined();
  expect(await trio.people.sql("SELECT FROM chat.message WHERE channel_id = $1 AND data = 'silenced'", [id])).toEqual(
    [],
  );
  expect(a.texts).not.toContain('silenced');
  await a.leave();
});
