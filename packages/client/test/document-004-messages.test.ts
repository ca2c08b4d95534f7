/**
 * Document 004, "Real Time Chat Application", point by point: messages, their status, and the flow
 * "send message". A title begins with the numbers of its points. See also document-004-receiving
 * and document-004-people.
 */
import { randomUUID } from 'node:crypto';
import { Chatter, type ServiceProcess } from '@parley/testkit';
import { ChannelKind, isSaid } from '../src/index.js';
import { all, Cast, Listener, told, until } from './rig.js';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.open({ chatServers: 2 });
});
afterAll(() => cast.close());

describe('Document 004, requirements', () => {
  test('1. Every member who is online gets each message at once, in one order, from either chat server', async () => {
    const one = await cast.group();
    const other = await cast.group();
    await cast.trio.place(one.id, cast.trio.chatServers[0] as ServiceProcess);
    await cast.trio.place(other.id, cast.trio.chatServers[1] as ServiceProcess);
    for (const { ann, bob, cy, id } of [one, other]) {
      const conversations = await Promise.all([ann, bob, cy].map(({ client }) => client.listen(id)));
      const listeners = conversations.map((open) => new Listener(open));
      await Promise.all(conversations.map((open, n) => open.send(`from ${n}`)));
      await until(() => listeners.every(({ texts }) => texts.length === 3));
      expect(new Set(listeners.map(({ texts }) => texts.join())).size).toBe(1);
      expect([...(listeners[0]?.texts ?? [])].sort()).toEqual(['from 0', 'from 1', 'from 2']);
    }
  });

  test('5. A chat keeps its messages when the chat server that served it is killed', async () => {
    const { ann, bob, id } = await cast.group();
    const open = await ann.client.listen(id);
    const { seq } = await open.send('kept');
    await open.leave();
    const owner = (await cast.trio.ownerOf(id)) as ServiceProcess;
    owner.kill('SIGKILL');
    await owner.exited;
    const again = await bob.client.listen(id);
    expect((await again.send('more')).seq).toBe(seq + 1);
    expect(await told(bob.client, id)).toEqual(['kept', 'more']);
    cast.trio.chatServers.splice(cast.trio.chatServers.indexOf(owner), 1);
    await cast.trio.addChatServer();
  });

  test('8. A message of any type arrives, live and later, with the type and the bytes that were sent', async () => {
    const { ann, bob, id } = await cast.group();
    const [from, to] = [await ann.client.listen(id), await bob.client.listen(id)];
    const listener = new Listener(to);
    const sent: [string, Buffer][] = [
      ['text/plain', Buffer.from('Grüße 👋🏽 שלום 你好')],
      ['text/markdown', Buffer.from('**bold**')],
      ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff, 0])],
      ['video/mp4', Buffer.alloc(60_000, 7)],
      ['audio/ogg;codecs=opus', Buffer.from([0])],
      ['application/json', Buffer.from('{}')],
    ];
    for (const [contentType, data] of sent) await from.send(data, { contentType });
    await until(() => listener.of('message').length === sent.length);
    const { entries } = await bob.client.history(id, { after: 0 });
    for (const messages of [listener.of('message'), entries.filter(isSaid)])
      expect(messages.map(({ contentType, data }) => [contentType, Buffer.from(data)])).toEqual(sent);
    await expect(from.send('x', { contentType: 'a/b'.repeat(100) })).rejects.toMatchObject({
      reason: 'invalid-message',
    });
    await expect(from.send(' \u200b')).rejects.toMatchObject({ reason: 'empty-message' });
  });
});

describe('Document 004, data model', () => {
  test('19. A message has id, type, sender, room, time, content and type of content', async () => {
    const { ann, id } = await cast.group();
    const open = await ann.client.listen(id);
    const { seq, timestamp } = await open.send('hi');
    const { entries } = await ann.client.history(id, { size: 1 });
    expect(entries).toEqual([
      expect.objectContaining({ type: 'message', seq, timestamp, sender: ann.id, contentType: 'text/plain' }),
    ]);
    const found = async () => (await all(ann.client.search('hi', { channelId: id })))[0];
    await until(async () => (await found()) !== undefined || new Promise((resolve) => setTimeout(resolve, 500, false)));
    expect(await found()).toMatchObject({ channelId: id, seq });
  });
});

describe('Document 004, status of messages', () => {
  test('6. The sender sees that a message was sent, delivered and read, by which user and at what time', async () => {
    const { ann, bob, cy, id } = await cast.group();
    const [from, to] = [await ann.client.listen(id), await bob.client.listen(id, { reportDelivered: false })];
    void new Listener(to);
    const { seq } = await from.send('seen?');
    const status = async () =>
      (await all(ann.client.chats.receipts(id, seq))).map((one) => [
        one.userId,
        one.readSeq >= seq ? 'read' : one.deliveredSeq >= seq ? 'delivered' : 'sent',
      ]);
    await until(() => to.place?.seq === seq);
    expect(await status()).toEqual([
      [bob.id, 'sent'],
      [cy.id, 'sent'],
    ]);
    const { log } = await bob.client.chats.get(id);
    await bob.client.chats.markDelivered(id, { log, seq });
    expect(await status()).toEqual([
      [bob.id, 'delivered'],
      [cy.id, 'sent'],
    ]);
    await cy.client.chats.markRead(id, { log, seq: seq + 1_000 });
    await bob.client.chats.markRead(id, { log, seq });
    await bob.client.chats.markDelivered(id, { log, seq: 1 });
    expect(await status()).toEqual([
      [bob.id, 'read'],
      [cy.id, 'read'],
    ]);
  });

  test('20, 48. A receipt has the user, the status and the time of its last change', async () => {
    const { ann, bob, cy, id } = await cast.group();
    const from = await ann.client.listen(id);
    const { seq, timestamp } = await from.send('when?');
    const { log } = await bob.client.chats.markRead(id, { log: (await bob.client.chats.get(id)).log, seq });
    const receipts = await all(ann.client.chats.receipts(id, seq));
    const [read, unread] = [
      receipts.find(({ userId }) => userId === bob.id),
      receipts.find(({ userId }) => userId === cy.id),
    ];
    expect(read).toMatchObject({ deliveredSeq: seq, readSeq: seq });
    expect(read?.updatedAt).toBeGreaterThanOrEqual(timestamp);
    expect(unread).toMatchObject({ readSeq: 0, updatedAt: 0 });
    await bob.client.chats.markRead(id, { log, seq });
    const [again] = (await all(ann.client.chats.receipts(id, seq))).filter(({ userId }) => userId === bob.id);
    expect(again?.updatedAt).toBe(read?.updatedAt);
  });
});

describe('Document 004, minimum viable product', () => {
  test('24. In a group, users who are online get messages at once, and others get them on their return', async () => {
    const [ann, bob, cy] = await cast.make('ann', 'bob', 'cy');
    const { id } = await ann.client.create({ name: 'club', kind: ChannelKind.PUBLIC });
    await bob.client.chats.join(id);
    await cy.client.chats.join(id);
    const [from, to] = [await ann.client.listen(id), await bob.client.listen(id)];
    const listener = new Listener(to);
    for (const text of ['one', 'two']) await from.send(text);
    await until(() => listener.texts.length === 2);
    const { log, mine, unread } = await cy.client.chats.get(id);
    expect(unread).toBe(2);
    const back = await cy.client.listen(id, { after: { log, seq: mine.deliveredSeq } });
    const late = new Listener(back);
    await from.send('three');
    await until(() => late.texts.length === 3);
    expect(late.texts).toEqual(['one', 'two', 'three']);
  });
});

describe('Document 004, send message flow', () => {
  test('25, 26, 46. Only a member with a valid token who is not muted can send', async () => {
    const { ann, bob, cy, id } = await cast.group();
    const [stranger] = await cast.make('stranger');
    await expect(stranger.client.listen(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    const listened = await cast.trio.listen(bob.person, id);
    const forged = new Chatter({ ...listened, token: `${listened.token.slice(0, -4)}AAAA` });
    expect((await forged.ended).reason).toBe('invalid-token');
    const open = await bob.client.listen(id);
    await ann.client.members.mute(id, bob.id, Date.now() + 60_000);
    await expect(open.send('hush')).rejects.toMatchObject({ reason: 'muted' });
    const gone = await cy.client.listen(id);
    const listener = new Listener(gone);
    await ann.client.members.remove(id, cy.id);
    await listener.done;
    expect(listener.events.at(-1)).toMatchObject({ type: 'ended', reason: 'removed' });
    await expect(gone.send('still here?')).rejects.toMatchObject({ reason: 'removed' });
    expect(await told(ann.client, id)).toEqual([]);
  });

  test('27, 47. A message is stored before its sender gets its id, and only once for each client id', async () => {
    const { ann, bob, id } = await cast.group();
    const open = await ann.client.listen(id);
    const clientId = randomUUID();
    const first = await open.send('once', { clientId });
    expect(await told(bob.client, id)).toEqual(['once']);
    expect(await open.send('once', { clientId })).toEqual(first);
    await expect(open.send('another', { clientId })).rejects.toMatchObject({ reason: 'client-id-reused' });
    expect((await open.send('next')).seq).toBe(first.seq + 1);
    expect(await told(bob.client, id)).toEqual(['once', 'next']);
  });

  test('28. A message goes to the connected clients of its room, and to nobody else', async () => {
    const [one, other] = [await cast.group(), await cast.group()];
    const here = new Listener(await one.bob.client.listen(one.id));
    const elsewhere = await other.bob.client.listen(other.id);
    const away = new Listener(elsewhere);
    await (await one.ann.client.listen(one.id)).send('here');
    await until(() => here.texts.length === 1);
    await elsewhere.send('elsewhere');
    await until(() => away.texts.length > 0);
    expect([here.texts, away.texts]).toEqual([['here'], ['elsewhere']]);
  });

  test('29, 31. A message counts as delivered when the client acknowledges it, and not before', async () => {
    const { ann, bob, id } = await cast.group();
    const from = await ann.client.listen(id);
    const { log } = await ann.client.chats.get(id);
    const raw = await cast.trio.join(bob.person, id);
    const { seq } = await from.send('got it?');
    await raw.find((message) => message.seq === seq);
    const delivered = async () => (await from.receipts()).get(bob.id)?.deliveredSeq ?? 0;
    expect(await delivered()).toBeLessThan(seq);
    raw.send('', { receipt: { userId: '', deliveredSeq: seq, readSeq: 0, log, updatedAt: 0 } });
    await until(async () => (await delivered()) === seq);
    await raw.leave();
  });

  test.each([
    ['the disk is full', '53100'],
    ['data of the channel is damaged', 'XX001'],
  ])(
    '30. If %s, the sender gets an error with a delay, a later retry succeeds, and other chats continue',
    async (_cause, code) => {
      const { ann, bob, id } = await cast.group();
      const other = await cast.group();
      const neighbour = await other.ann.client.listen(other.id);
      const [server] = await cast.trio.people.sql('SELECT instance_id FROM chat.channel_head WHERE channel_id = $1', [
        other.id,
      ]);
      await cast.trio.people.sql(
        'UPDATE chat.channel_head SET epoch = epoch + 1, instance_id = $2 WHERE channel_id = $1',
        [id, server?.instance_id],
      );
      const fault = `CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.channel_id = ${id} THEN RAISE 'not saved' USING ERRCODE = '${code}'; END IF; RETURN NEW; END $$`;
      const raw = await cast.trio.join(bob.person, id);
      const open = await ann.client.listen(id);
      const listener = new Listener(open);
      await cast.trio.people.sql(fault);
      await cast.trio.people.sql(
        'CREATE TRIGGER fault BEFORE INSERT ON chat.message FOR EACH ROW EXECUTE FUNCTION fault()',
      );
      const clientId = randomUUID();
      raw.send('by hand', { clientId });
      const { ack } = await raw.find((message) => message.ack?.clientId === clientId);
      expect(ack?.refusal?.retryAfterMs).toBeGreaterThan(0);
      const sent = open.send('by the SDK');
      await until(() => listener.of('held').length > 0);
      await neighbour.send('the neighbours talk on');
      await cast.trio.people.sql('DROP TRIGGER fault ON chat.message; DROP FUNCTION fault');
      await sent;
      raw.send('by hand', { clientId });
      await raw.find((message) => message.ack?.clientId === clientId && message.ack.refusal === undefined);
      expect((await told(bob.client, id)).sort()).toEqual(['by hand', 'by the SDK']);
      await raw.leave();
    },
  );

  test('32. A client recognises its own message by the client id, and other devices of the sender get it too', async () => {
    const { ann, id } = await cast.group();
    const [phone, laptop] = [await cast.trio.join(ann.person, id), await cast.trio.join(ann.person, id)];
    const clientId = randomUUID();
    phone.send('from the phone', { clientId });
    for (const device of [phone, laptop]) expect(await device.find(({ seq }) => seq > 1)).toMatchObject({ clientId });
    for (const device of [phone, laptop]) await device.leave();
  });
});
