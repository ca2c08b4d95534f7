/**
 * Document 004, "Real Time Chat Application", point by point: the flows "receive message" and "past
 * messages". A title begins with the numbers of its points.
 */
import { isSaid } from '../src/index.js';
import { all, Cast, Listener, told, until } from './rig.js';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.open();
});
afterAll(() => cast.close());

describe('Document 004, receive message flow', () => {
  test('33, 34. The server admits only members, and shows which of them are online', async () => {
    const { ann, bob, cy, id } = await cast.group();
    const listener = new Listener(await ann.client.listen(id));
    const open = await bob.client.listen(id);
    await until(() => listener.of('presence').some(({ came }) => came.some((user) => user.id === bob.id)));
    const online = async () =>
      (await all(ann.client.members.list(id))).filter((user) => user.online).map((user) => user.id);
    await until(async () => (await online()).join() === [ann.id, bob.id].join());
    await ann.client.members.remove(id, cy.id);
    await expect(cy.client.listen(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await open.leave();
    await until(async () => (await online()).join() === ann.id);
  });

  test('35, 36. A message carries content, id and room, and its status changes when the client acknowledges it', async () => {
    const { ann, bob, id } = await cast.group();
    const [from, to] = [await ann.client.listen(id), await bob.client.listen(id)];
    const listener = new Listener(to);
    const { seq } = await from.send('push');
    await until(() => listener.texts.includes('push'));
    expect([to.channel.id, listener.of('message')[0]?.seq]).toEqual([id, seq]);
    await until(async () => (await from.receipts()).get(bob.id)?.deliveredSeq === seq);
  });

  test('37, 38, 50. A user who returns gets everything after the last acknowledged message, in order, once', async () => {
    const { ann, bob, id } = await cast.group();
    const from = await ann.client.listen(id, { inFlight: 50 });
    const to = await bob.client.listen(id);
    void new Listener(to);
    const { seq: first } = await from.send('before');
    await until(async () => (await from.receipts()).get(bob.id)?.deliveredSeq === first);
    await to.leave();
    const missed = Array.from({ length: 130 }, (_, n) => `missed ${n}`);
    await Promise.all(missed.map((text) => from.send(text)));
    const { log, mine } = await bob.client.chats.get(id);
    expect(mine.deliveredSeq).toBe(first);
    const back = new Listener(await bob.client.listen(id, { after: { log, seq: mine.deliveredSeq } }));
    await until(() => back.of('live').length > 0);
    expect(back.of('live')).toEqual([{ type: 'live', missed: missed.length }]);
    expect(back.of('message').map(({ seq }) => seq)).toEqual(missed.map((_, n) => first + 1 + n));
    await until(async () => (await from.receipts()).get(bob.id)?.deliveredSeq === first + missed.length);
  });

  test('39. A message that a client has not confirmed as delivered reaches it again when it returns', async () => {
    const { ann, bob, id } = await cast.group();
    const from = await ann.client.listen(id);
    const raw = await cast.trio.join(bob.person, id);
    const { seq } = await from.send('did it arrive?');
    await raw.find((message) => message.seq === seq);
    raw.cancel();
    const { log, mine } = await bob.client.chats.get(id);
    const back = new Listener(await bob.client.listen(id, { after: { log, seq: mine.deliveredSeq } }));
    await until(() => back.texts.includes('did it arrive?'));
  });

  test('40. A member who was removed while offline still gets everything up to the removal, and nothing after it', async () => {
    const { ann, bob, id } = await cast.group();
    const from = await ann.client.listen(id);
    const first = await bob.client.listen(id);
    void new Listener(first);
    const { seq } = await from.send('before');
    await until(() => first.place?.seq === seq);
    const after = first.place;
    await first.leave();
    for (const text of ['one', 'two']) await from.send(text);
    await ann.client.members.remove(id, bob.id);
    await from.send('after');
    if (after === undefined) throw new Error('no place');
    const conversation = await bob.client.listen(id, { after });
    const back = new Listener(conversation);
    await back.done;
    expect(back.texts).toEqual(['one', 'two']);
    expect(back.events.slice(-2)).toMatchObject([
      { type: 'member', userId: bob.id, joined: false },
      { type: 'ended', reason: 'removed' },
    ]);
    expect([conversation.me.id, conversation.channel.id]).toEqual([bob.id, id]);
    await expect(conversation.send('still here?')).rejects.toMatchObject({ reason: 'removed' });
    const { place } = conversation;
    const again = new Listener(await bob.client.listen(id, { after: place ?? after }));
    await again.done;
    expect(again.events).toMatchObject([{ type: 'ended', reason: 'removed' }]);
    await expect(bob.client.listen(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    expect(await told(bob.client, id)).toEqual(['before', 'one', 'two']);

    await ann.client.members.add(id, bob.id);
    const added = new Listener(await bob.client.listen(id, { after: place ?? after }));
    await until(() => added.of('live').length > 0);
    expect(added.texts).toEqual(['after']);
  });
});

describe('Document 004, past messages flow', () => {
  test('41, 43. A user scrolls back in batches, without a gap, while others write', async () => {
    const { ann, bob, id } = await cast.group();
    const from = await ann.client.listen(id, { inFlight: 20 });
    await Promise.all(Array.from({ length: 60 }, (_, n) => from.send(`m${n}`)));
    const seqs: number[] = [];
    for (let before: number | undefined, more = true; more; ) {
      const page = await bob.client.history(id, { size: 25, ...(before !== undefined && { before }) });
      seqs.push(...page.entries.map(({ seq }) => seq));
      before = seqs.at(-1);
      more = page.more;
      await from.send('meanwhile');
    }
    expect(seqs).toEqual(seqs.map((_, n) => (seqs[0] as number) - n));
    expect(seqs.at(-1)).toBe(1);
  });

  test('42. History checks the token and the membership', async () => {
    const { ann, id } = await cast.group();
    const [stranger] = await cast.make('stranger');
    await expect(stranger.client.history(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await expect(ann.client.history(2_000_000_000)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await ann.client.logout();
    await expect(ann.client.history(id)).rejects.toMatchObject({ reason: 'unauthenticated' });
  });

  test('44. A fetch returns at most 100 messages and 1 MiB', async () => {
    const { ann, bob, id } = await cast.group();
    await expect(bob.client.history(id, { size: 101 })).rejects.toMatchObject({ reason: 'invalid-page' });
    const from = await ann.client.listen(id, { inFlight: 20 });
    await Promise.all(Array.from({ length: 18 }, () => from.send(Buffer.alloc(64_000))));
    const page = await bob.client.history(id);
    expect(page.more).toBe(true);
    expect(page.entries.filter(isSaid).reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(2 ** 20);
  });

  test('45. A new member sees the messages from before joining, unless the chat hides them', async () => {
    for (const closedHistory of [false, true]) {
      const { ann, id } = await cast.group({ closedHistory });
      const [dan] = await cast.make('dan');
      const open = await ann.client.listen(id);
      await open.send('before');
      await ann.client.members.add(id, dan.id);
      await open.send('after');
      expect(await told(dan.client, id)).toEqual(closedHistory ? ['after'] : ['before', 'after']);
      expect(await dan.client.chats.get(id)).toMatchObject({ unread: 1 });
    }
  });

  test('54. Typing and online indicators reach the others in the chat', async () => {
    const { ann, bob, id } = await cast.group();
    const listener = new Listener(await ann.client.listen(id));
    const open = await bob.client.listen(id);
    open.typing();
    await until(() => listener.of('typing').some(({ userId, stopped }) => userId === bob.id && !stopped));
    open.typing(true);
    await until(() => listener.of('typing').some(({ userId, stopped }) => userId === bob.id && stopped));
    await open.leave();
    await until(() => listener.of('presence').some(({ went }) => went.some((user) => user.id === bob.id)));
  });
});
