import { Client, credentials } from '@grpc/grpc-js';
import { ChangeMemberRequest, ChannelService, UpdateChannelRequest } from '@parley/contract';
import { clientOptions } from '@parley/rpc';
import { callPatiently, type TestPerson, Trio } from '@parley/testkit';
import type { Conversation, ParleyClient } from '../src/index.js';
import { clientOf, Listener, until } from './rig.js';

let trio: Trio;
let ann: ParleyClient;
let bob: ParleyClient;
let people: [TestPerson, TestPerson];

beforeAll(async () => {
  trio = await Trio.start({ env: { PARLEY_SENDER_RATE: '1000' } }); // The texts exceed the usual rate.
  people = (await trio.people.makeMany('gap', 2)) as [TestPerson, TestPerson];
  [ann, bob] = people.map((person) => clientOf(trio, person)) as [ParleyClient, ParleyClient];
});
afterAll(async () => {
  await Promise.all([ann.close(), bob.close()]);
  await trio.stop();
});

const big = 'x'.repeat(60_000);

/** Sends `count` large messages, more than an unread queue holds. */
async function flood(conversation: Conversation, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await conversation.send(big);
}

function seqsOf(listener: Listener): number[] {
  return listener.events.flatMap((event) => ('seq' in event ? [event.seq] : []));
}

const range = (to: number) => Array.from({ length: to }, (_, n) => n + 1);

test.each([
  ['everything', { everything: true }],
  ['for a time', { seconds: 3_600 }],
  ['the last thousand', { everything: true, maxCount: 1_000 }],
])('a slow reader of a room (retention: %s) gets every entry in order from History', async (_what, retention) => {
  const { id } = await ann.create({ name: 'kept', limit: 5, retention });
  const speaker = await ann.listen(id, { inFlight: 4 });
  const reader = await bob.listen(id);
  expect(reader.channel.retention).toMatchObject(retention);
  await flood(speaker, 330);
  await until(() => reader.place?.seq === 330, 60_000);
  const listener = new Listener(reader);
  await until(() => listener.of('message').length >= 330, 60_000);
  expect(seqsOf(listener)).toEqual(range(330));
  const gaps = listener.of('gap');
  expect(gaps[0]).toMatchObject({ from: 1, filled: true });
  expect(gaps.every(({ filled }) => filled)).toBe(true);
  await Promise.all([speaker.leave(), reader.leave()]);
});

test('reports entries lost by a channel without history as missing', async () => {
  const { id } = await ann.create({ name: 'fleeting', limit: 5, retention: { nothing: true } });
  const speaker = await ann.listen(id, { inFlight: 4 });
  const reader = await bob.listen(id);
  await flood(speaker, 330);
  await until(() => reader.place?.seq === 330, 60_000);
  const listener = new Listener(reader);
  await until(() => listener.of('message').at(-1)?.seq === 330, 60_000);
  expect(listener.of('gap')).toMatchObject([{ from: 1, filled: false }]);
  expect((listener.of('gap')[0]?.to ?? 0) + 1).toBe(seqsOf(listener)[0]);
  await Promise.all([speaker.leave(), reader.leave()]);
});

async function moderate(channelId: number, change: Partial<ChangeMemberRequest>): Promise<void> {
  const door = new Client(trio.managers[0]?.grpc ?? '', credentials.createInsecure(), clientOptions);
  const request = ChangeMemberRequest.fromPartial({ channelId, userId: people[1].id, ...change });
  await callPatiently(door, ChannelService.changeMember, request, { token: people[0].token, withinMs: 30_000 });
  door.close();
}

async function slowDown(id: number, slowModeS: number): Promise<void> {
  const door = new Client(trio.managers[0]?.grpc ?? '', credentials.createInsecure(), clientOptions);
  const request = UpdateChannelRequest.fromPartial({ id, slowModeS });
  await callPatiently(door, ChannelService.update, request, { token: people[0].token, withinMs: 30_000 });
  door.close();
}

/** Sends until a send is refused for that reason. Returns its retry hint in milliseconds. */
async function refusedFor(conversation: Conversation, reason: string): Promise<number> {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      await conversation.send('x');
    } catch (thrown) {
      const { reason: given, retryAfterMs } = thrown as { reason: string; retryAfterMs: number };
      if (given === reason) return retryAfterMs;
      throw thrown;
    }
  }
  throw new Error(`never refused for ${reason}`);
}

test('a send is rejected with the duration of the mute, and a send after the mute succeeds', async () => {
  const { id } = await ann.create({ name: 'muted', limit: 5 });
  const inside = await bob.listen(id);
  await moderate(id, { muteUntil: Date.now() + 3_600_000 });
  expect(await refusedFor(inside, 'muted')).toBeGreaterThan(3_000_000);
  await moderate(id, { muteUntil: 0 });
  await until(() =>
    inside.send('free').then(
      () => true,
      () => false,
    ),
  );
  await inside.leave();
});

test('resumes early when slow mode is switched off, and never holds reactions', async () => {
  const { id } = await ann.create({ name: 'slow', limit: 5, retention: { seconds: 3_600 } });
  const inside = await bob.listen(id);
  const listener = new Listener(inside);
  const { seq } = await inside.send('first');
  await slowDown(id, 3_600);
  const waiting: Promise<unknown>[] = [];
  await until(async () => {
    if (listener.of('held').length === 0) waiting.push(inside.send('again'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return listener.of('held').length > 0;
  });
  expect(listener.of('held')[0]).toMatchObject({ reason: 'slow-mode' });
  expect(listener.of('held')[0]?.inMs).toBeGreaterThan(1_000_000);
  await inside.react(seq, '👍');
  await slowDown(id, 0);
  await Promise.all(waiting);
  await inside.leave();
});
