import { type TestPerson, Trio } from '@parley/testkit';
import { echo } from '../examples/echo-bot.js';
import {
  type Conversation,
  createClient,
  type LogPosition,
  type ParleyClient,
  Refusal,
  randomUuid,
  type Transport,
} from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
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

test('open() reports waits and refusals as events, and treats a reused client id as the same message', async () => {
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

test('resolves a send with its seq and delivers it to everyone', async () => {
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

test('reports presence, typing and lossy messages', async () => {
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

test('sends many messages exactly once and in order under the rate limit', async () => {
  const { conversation, listener } = await enter(ann);
  const texts = Array.from({ length: 250 }, (_, n) => `n${n}`);
  const seqs = (await Promise.all(texts.map((text) => conversation.send(text)))).map(({ seq }) => seq);
  expect(seqs).toEqual(texts.map((_, n) => n + 1));
  await until(() => listener.texts.length === 250);
  expect(listener.texts).toEqual(texts);
});

test('rejects an impossible send at once and continues', async () => {
  const { conversation } = await enter(ann);
  await expect(conversation.send(new Uint8Array(65_537))).rejects.toMatchObject({ reason: 'message-too-large' });
  await expect(conversation.send('x', { contentType: 'ü' })).rejects.toBeInstanceOf(Refusal);
  const sends = Array.from({ length: 1_001 }, () => conversation.send('x'));
  await expect(sends.at(-1)).rejects.toMatchObject({ reason: 'too-busy' });
  await conversation.leave();
  expect(new Set((await Promise.allSettled(sends)).map(({ status }) => status))).toContain('rejected');
});

test('rejects a message without visible text at once, and a mention of a user who is not here', async () => {
  const { conversation } = await enter(ann);
  for (const text of ['', '  \n\t', '\u200b\ufeff', new Uint8Array()]) {
    await expect(conversation.send(text)).rejects.toMatchObject({ reason: 'empty-message' });
    await expect(conversation.edit(1, text)).rejects.toMatchObject({ reason: 'empty-message' });
    expect(() => conversation.sendLossy(text)).toThrow(expect.objectContaining({ reason: 'empty-message' }));
  }
  const mentions = ['nobody'];
  await expect(conversation.send('x', { mentions })).rejects.toMatchObject({ reason: 'mention-not-found' });
  expect((await conversation.send('x', { mentions: [conversation.me.id] })).seq).toBeGreaterThan(0);
  await conversation.leave();
});

test('refuses to enter a full channel, or waits for a seat on request', async () => {
  const { token } = await trio.people.make(`${annsAccount.id}-cy`);
  const direct = grpcTransport({ userService: '127.0.0.1:1', channelService: trio.managers[0]?.grpc ?? '' });
  let refused = 0;
  const listen: Transport['listen'] = (id, options) =>
    direct.listen(id, options).catch((thrown) => {
      refused += 1;
      throw thrown;
    });
  const cy = createClient({ transport: { ...direct, listen }, token });
  const [a] = [await enter(ann), await enter(bob)];
  await expect(cy.listen(channelId)).rejects.toMatchObject({ reason: 'channel-full' });
  const before = refused;
  const waiting = enter(cy, { waitWhenFull: true });
  await until(() => refused > before);
  await a.conversation.leave();
  const { conversation, listener } = await waiting;
  expect(conversation.here).toBe(2);
  await until(() => listener.of('reconnecting').length > 0);
  expect(listener.of('reconnecting')[0]).toMatchObject({ reason: 'channel-full' });
  await conversation.leave();
  await cy.close();
});

test('a newer listen ends the earlier conversation permanently', async () => {
  const first = await enter(ann);
  await enter(ann);
  await first.listener.done;
  expect(first.listener.of('ended')).toEqual([expect.objectContaining({ reason: 'replaced' })]);
  expect(first.listener.of('reconnecting')).toEqual([]);
});

test('a logout ends the conversation permanently', async () => {
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

test('ends when the channel is deleted', async () => {
  const { listener } = await enter(bob);
  await ann.delete(channelId);
  await listener.done;
  expect(listener.of('ended')).toEqual([expect.objectContaining({ reason: 'channel-deleted' })]);
});

test('a signal ends the call, send or conversation to which it was passed', async () => {
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

test('a second reader continues where the first stopped', async () => {
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

test('the echo bot of the documentation replies', async () => {
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
