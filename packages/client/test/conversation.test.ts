import { type TestPerson, Trio } from '@parley/testkit';
import { echo } from '../examples/echo-bot.js';
import { type Conversation, type LogPosition, type ParleyClient, Refusal, randomUuid } from '../src/index.js';
import { clientOf, Listener, until } from './rig.js';

let trio: Trio;
let annsAccount: TestPerson;
let ann: ParleyClient;
let bob: ParleyClient;
let channelId = 0;
const here: Conversation[] = [];

async function enter(client: ParleyClient, options: Parameters<ParleyClient['listen']>[1] = {}) {
  const conversation = await client.listen(channelId, options);
  here.push(conversation);
  return { conversation, listener: new Listener(conversation) };
}

beforeAll(async () => {
  trio = await Trio.start();
});
beforeEach(async () => {
  const name = `p${Math.random().toString(36).slice(2)}`;
  annsAccount = await trio.people.make(`${name}-ann`);
  ann = clientOf(trio, annsAccount);
  bob = clientOf(trio, await trio.people.make(`${name}-bob`));
  channelId = (await ann.create({ name, limit: 2 })).id;
});
afterEach(async () => {
  for (const one of here.splice(0)) await one.leave();
  await Promise.all([ann.close(), bob.close()]);
});
afterAll(() => trio.stop());

test('opened at once: the way in is told by events, a refusal too, and a client id of before is the same message', async () => {
  const clientId = randomUuid();
  const before = await enter(ann);
  const { seq } = await before.conversation.send('once', { clientId });
  await before.conversation.leave();
  const opened = ann.open(channelId, { after: { ...(before.conversation.place as LogPosition), seq: 0 } });
  here.push(opened);
  const listener = new Listener(opened);
  await until(() => listener.of('live').length === 1);
  expect(listener.events[0]?.type).toBe('welcome');
  expect(await opened.send('once', { clientId })).toMatchObject({ seq });
  expect(listener.texts).toEqual(['once']);
  const nowhere = new Listener(ann.open(2_000_000_000));
  await nowhere.done;
  expect(nowhere.events).toMatchObject([{ type: 'ended', reason: 'channel-not-found' }]);
});

test('what is said has a seq for the sender, and is an event for everybody', async () => {
  const [a, b] = [await enter(ann), await enter(bob)];
  const first = await a.conversation.send('hello');
  const second = await b.conversation.send(Uint8Array.of(0xff), { replyTo: first.seq, contentType: 'x/y' });
  expect([first.seq, second.seq]).toEqual([1, 2]);
  for (const { listener } of [a, b]) {
    await until(() => listener.of('message').length === 2);
    const [hello, bytes] = listener.of('message');
    expect(hello).toMatchObject({
      ...first,
      sender: a.conversation.me.id,
      contentType: 'text/plain',
      replyTo: undefined,
    });
    expect(bytes).toMatchObject({ ...second, replyTo: 1, contentType: 'x/y' });
    expect([...(bytes?.data ?? [])]).toEqual([0xff]);
  }
  expect(a.conversation.place).toEqual({ log: expect.any(String), seq: 2 });
});

test('who is here, and what passes', async () => {
  const a = await enter(ann);
  const b = await enter(bob);
  await until(() => a.conversation.here === 2);
  expect(a.conversation.presence.map(({ id }) => id).toSorted()).toEqual([a, b].map((one) => one.conversation.me.id));
  b.conversation.typing();
  b.conversation.sendLossy('psst');
  await until(() => a.listener.of('lossy').length === 1 && a.listener.of('typing').length === 1);
  await b.conversation.leave();
  await until(() => a.conversation.here === 1);
  expect(b.listener.of('ended')).toEqual([expect.objectContaining({ reason: 'left' })]);
  await expect(b.conversation.send('too late')).rejects.toMatchObject({ reason: 'cancelled' });
});

test('many sends at once are said once each, in their order, however fast that is allowed', async () => {
  const { conversation, listener } = await enter(ann);
  const texts = Array.from({ length: 250 }, (_, n) => `n${n}`);
  const seqs = (await Promise.all(texts.map((text) => conversation.send(text)))).map(({ seq }) => seq);
  expect(seqs).toEqual(texts.map((_, n) => n + 1));
  await until(() => listener.texts.length === 250);
  expect(listener.texts).toEqual(texts);
});

test('what can never be sent is refused at once, and the conversation goes on', async () => {
  const { conversation } = await enter(ann);
  await expect(conversation.send(new Uint8Array(65_537))).rejects.toMatchObject({ reason: 'message-too-large' });
  await expect(conversation.send('x', { contentType: 'ü' })).rejects.toBeInstanceOf(Refusal);
  const sends = Array.from({ length: 1_001 }, () => conversation.send('x'));
  await expect(sends.at(-1)).rejects.toMatchObject({ reason: 'too-busy' });
  await conversation.leave();
  expect(new Set((await Promise.allSettled(sends)).map(({ status }) => status))).toContain('rejected');
});

test('a full channel refuses, or is waited for', async () => {
  const cy = clientOf(trio, await trio.people.make(`${annsAccount.id}-cy`));
  const [a] = [await enter(ann), await enter(bob)];
  await expect(cy.listen(channelId)).rejects.toMatchObject({ reason: 'channel-full' });
  const waiting = enter(cy, { waitWhenFull: true });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await a.conversation.leave();
  const { conversation, listener } = await waiting;
  expect(conversation.here).toBe(2);
  await until(() => listener.of('reconnecting').length === 1);
  expect(listener.of('reconnecting')[0]).toMatchObject({ reason: 'channel-full' });
  await conversation.leave();
  await cy.close();
});

test('whoever takes the seat ends the one who had it, for good', async () => {
  const first = await enter(ann);
  await enter(ann);
  await first.listener.done;
  expect(first.listener.of('ended')).toEqual([expect.objectContaining({ reason: 'replaced' })]);
  expect(first.listener.of('reconnecting')).toEqual([]);
});

test('whoever is logged out is told, and does not come back', async () => {
  const { conversation, listener } = await enter(ann);
  const users = await trio.startUserService();
  const elsewhere = clientOf(trio, annsAccount, users.grpc);
  expect(await elsewhere.user(annsAccount.id)).toMatchObject({ id: annsAccount.id });
  await elsewhere.logout();
  await listener.done;
  expect(listener.of('ended')).toEqual([expect.objectContaining({ reason: 'logged-out' })]);
  await expect(conversation.send('x')).rejects.toMatchObject({ reason: 'logged-out' });
  await expect(ann.listen(channelId)).rejects.toMatchObject({ reason: 'logged-out' });
});

test('a deleted channel ends', async () => {
  const { listener } = await enter(bob);
  await ann.delete(channelId);
  await listener.done;
  expect(listener.of('ended')).toEqual([expect.objectContaining({ reason: 'channel-deleted' })]);
});

test('signals end what they were given to', async () => {
  const why = new Error('enough');
  const leaving = new AbortController();
  const { conversation, listener } = await enter(ann, { signal: leaving.signal });
  const sends = [conversation.send('x'), conversation.send('y', { signal: AbortSignal.abort(why) })];
  await expect(sends[1]).rejects.toBe(why);
  await expect(sends[0]).resolves.toMatchObject({ seq: 1 });
  await expect(ann.channels({ signal: AbortSignal.abort(why) })).rejects.toBe(why);
  await expect(ann.listen(channelId, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  leaving.abort();
  await listener.done;
  expect(listener.events.at(-1)).toMatchObject({ type: 'ended', reason: 'left' });
});

test('a reader can be stopped, and another one goes on where it was', async () => {
  const conversation = await ann.listen(channelId);
  here.push(conversation);
  const stop = new AbortController();
  const why = new Error('stopped');
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of conversation.events(stop.signal)) seen.push(event.type);
  })();
  await until(() => seen.includes('live'));
  stop.abort(why);
  await expect(reading).rejects.toBe(why);
  await conversation.send('for the next one');
  const listener = new Listener(conversation);
  await until(() => listener.texts.length === 1);
});

test('the echo bot of the documentation', async () => {
  const { conversation: channel } = { conversation: await bob.listen(channelId) };
  here.push(channel);
  const echoing = echo(channel);
  const { conversation, listener } = await enter(ann);
  await conversation.send('nothing for you');
  const { seq } = await conversation.send('!echo one\ntwo');
  await until(() => listener.texts.length === 3);
  expect(listener.of('message').at(-1)).toMatchObject({ sender: channel.me.id, replyTo: seq });
  expect(listener.texts.at(-1)).toBe('one\ntwo');
  await channel.leave();
  await echoing;
});
