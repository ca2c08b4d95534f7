import { randomUUID } from 'node:crypto';
import { ChannelService, Kind, type Message, User } from '@parley/contract';
import { type Chatter, callPatiently, Trio } from '@parley/testkit';

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());

async function say(stream: Chatter, text: string, fields: Partial<Message> = {}): Promise<Message['ack']> {
  const clientId = randomUUID();
  stream.send(text, { clientId, ...fields });
  return (await stream.find(({ ack }) => ack?.clientId === clientId)).ack;
}

test('in a direct chat, neither user can change messages of the other, not even the one who opened it', async () => {
  const [starter, other] = [await trio.people.make('starter'), await trio.people.make('other')];
  const manager = trio.manager();
  const { id } = await callPatiently(manager, ChannelService.openDirect, User.fromPartial({ id: 'other' }), {
    token: starter.token,
    withinMs: 30_000,
  });
  const [a, b] = [await trio.join(starter, id), await trio.join(other, id)];
  for (const [one, two] of [
    [a, b],
    [b, a],
  ] as const) {
    const { seq: targetSeq = 0 } = (await say(one, 'proof')) ?? {};
    expect((await say(two, '', { kind: Kind.DELETE, targetSeq }))?.refusal?.reason).toBe('not-your-message');
    expect((await say(two, '', { kind: Kind.PIN, targetSeq }))?.refusal?.reason).toBe('not-channel-admin');
    expect((await say(one, '', { kind: Kind.DELETE, targetSeq }))?.refusal).toBeUndefined();
  }
  await Promise.all([a.leave(), b.leave()]);
});
