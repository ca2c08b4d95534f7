import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type ListenResponse, Resume } from '@parley/contract';
import { Chatter, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

let trio: Trio;
let alice: TestPerson;
let bob: TestPerson;

/** A seat that nobody takes, and when it was given. It lapses while the tests run. */
let unused: { readonly seat: ListenResponse; readonly sinceMs: number };

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2 });
  const late = await trio.people.make('late');
  unused = { seat: await trio.listen(late, await room(late)), sinceMs: performance.now() };
});
afterAll(() => trio.stop());

/**
 * Number of tests so far. Each test has new people, so that the rate limit of Listen does not
 * apply.
 */
let tests = 0;
beforeEach(async () => {
  tests += 1;
  [alice, bob] = [await trio.people.make(`alice-${tests}`), await trio.people.make(`bob-${tests}`)];
});

let rooms = 0;
async function room(owner = alice, limit = 25): Promise<number> {
  rooms += 1;
  const { id } = await trio.create(owner, `room ${rooms}`, limit);
  return id;
}

async function join(person: TestPerson, channel: number, options: ConstructorParameters<typeof Chatter>[1] = {}) {
  return new Chatter(await trio.listen(person, channel), options);
}

describe('Connect', () => {
  test('Connect carries messages both ways, sets sender, number, time and seq, and echoes them to the sender', async () => {
    const id = await room();
    const a = await join(alice, id, { events: true });
    const b = await join(bob, id, { events: true });
    await b.find((message) => message.welcome !== undefined);
    a.send('hello', { userId: 999, sender: 'mallory', timestamp: 1, seq: 77, deleted: true, editedAt: 5 });
    const [heard, echo] = [await b.find(({ seq }) => seq > 0), await a.find(({ seq }) => seq > 0)];
    expect(heard).toEqual(echo);
    expect(heard).toMatchObject({ sender: alice.id, userId: alice.number, seq: 1, deleted: false, editedAt: 0 });
    expect(utf8(heard.data)).toBe('hello');
    expect(Math.abs(heard.timestamp - Date.now())).toBeLessThan(20_000);
    b.send('hi');
    await Promise.all([a, b].map((one) => one.find(({ seq }) => seq === 2)));
    expect(a.texts).toEqual(['hello', 'hi']);
    expect(b.texts).toEqual(['hello', 'hi']);
    expect((await a.leave()).code).toBe(status.OK);
    await b.leave();
  });

  test('a client that asked for events gets Welcome with the users present, then presence events', async () => {
    const id = await room();
    const a = await join(alice, id, { events: true });
    const welcome = (await a.find(({ welcome }) => welcome !== undefined)).welcome;
    expect(welcome?.me).toMatchObject({ id: alice.id, number: alice.number });
    expect(welcome?.channel).toMatchObject({ id, limit: 25, ownerId: alice.id });
    expect(welcome?.channel?.users.map((user) => user.id)).toEqual([alice.id]);
    expect(welcome?.resume).toBe(Resume.UNSPECIFIED);
    const b = await join(bob, id, { events: true });
    const came = await a.find(({ presence }) => (presence?.came[0]?.id ?? '') === bob.id);
    expect(came.presence?.here).toBe(2);
    const seen = (await b.find(({ welcome }) => welcome !== undefined)).welcome;
    expect(seen?.channel?.users.map((user) => user.id).sort()).toEqual([alice.id, bob.id]);
    await b.leave();
    const went = await a.find(({ presence }) => (presence?.went[0]?.id ?? '') === bob.id);
    expect(went.presence?.here).toBe(1);
    await a.leave();
  });

  test('a client that did not ask for events gets only messages', async () => {
    const id = await room();
    const plain = await join(alice, id);
    const b = await join(bob, id, { events: true });
    await b.find(({ welcome, presence }) =>
      [...(welcome?.channel?.users ?? []), ...(presence?.came ?? [])].some((user) => user.id === alice.id),
    );
    b.send('', { typing: { userId: '', stopped: false } });
    b.send('said');
    await plain.find(({ seq }) => seq === 1);
    expect(plain.messages).toHaveLength(1);
    await Promise.all([plain.leave(), b.leave()]);
  });

  test('a message with a client id gets an ack, its retry the same ack, and another body with that id a refusal', async () => {
    const id = await room();
    const a = await join(alice, id, { events: true });
    const clientId = '11111111-1111-4111-8111-111111111111';
    a.send('once', { clientId });
    const { ack } = await a.find((message) => message.ack !== undefined);
    expect(ack).toMatchObject({ clientId, seq: 1, refusal: undefined });
    for (let i = 0; i < 5; i++) a.send('once', { clientId });
    a.send('other', { clientId });
    const refused = await a.find((message) => message.ack?.refusal !== undefined);
    expect(refused.ack?.refusal?.reason).toBe('client-id-reused');
    expect(a.texts).toEqual(['once']);
    expect(a.messages.filter((message) => message.ack?.seq === 1)).toHaveLength(6);
    await a.leave();
  });

  test('Connect relays typing and lossy messages, and responds to pings', async () => {
    const id = await room();
    const a = await join(alice, id, { events: true });
    const b = await join(bob, id, { events: true });
    await b.find(({ welcome }) => welcome !== undefined);
    a.send('', { typing: { userId: 'mallory', stopped: false } });
    expect((await b.find(({ typing }) => typing !== undefined)).typing?.userId).toBe(alice.id);
    a.send('voice', { lossy: true });
    expect(await b.find(({ lossy }) => lossy)).toMatchObject({ seq: 0, sender: alice.id });
    a.send('', { ping: { sentAt: 42, lastSeq: 0 } });
    expect((await a.find(({ pong }) => pong !== undefined)).pong).toEqual({ sentAt: 42, lastSeq: 0 });
    await Promise.all([a.leave(), b.leave()]);
  });

  test('shows one typing indicator a second, the latest, and counts none against the messages of the user', async () => {
    const id = await room();
    const a = await join(alice, id, { events: true });
    const b = await join(bob, id, { events: true });
    await b.find(({ welcome }) => welcome !== undefined);
    const began = performance.now();
    for (let n = 0; n < 400; n++) a.send('', { typing: { userId: '', stopped: n % 2 === 1 } });
    a.send('', { ping: { sentAt: 1, lastSeq: 0 } });
    await a.find(({ pong }) => pong !== undefined);
    await b.find(({ typing }) => typing?.stopped === true);
    const shown = b.messages.filter(({ typing }) => typing !== undefined).map(({ typing }) => typing?.stopped);
    expect(shown.at(-1)).toBe(true);
    expect(shown.length).toBeLessThanOrEqual(2 + (performance.now() - began) / 1_000);
    for (let n = 0; n < 2; n++) a.send('', { typing: { userId: '', stopped: false } });
    a.send('written', { clientId: randomUUID() });
    const { ack } = await a.find((message) => message.ack !== undefined);
    expect(ack).toMatchObject({ seq: 1, refusal: undefined });
    await b.find(({ seq }) => seq === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const since = b.messages.slice(b.messages.findIndex(({ seq }) => seq === 1));
    expect(since.filter(({ typing }) => typing !== undefined)).toEqual([]);
    await Promise.all([a.leave(), b.leave()]);
  });

  test('a resume is whole in the same log, and a reset in another log', async () => {
    const id = await room();
    const a = await join(alice, id, { events: true });
    const b = await join(bob, id, { events: true });
    const { welcome } = await b.find((message) => message.welcome !== undefined);
    await b.leave();
    for (const text of ['one', 'two', 'three']) a.send(text);
    await a.find(({ seq }) => seq === 3);
    const back = await join(bob, id, { events: true, resume: `${welcome?.log}:1` });
    expect((await back.find((message) => message.welcome !== undefined)).welcome?.resume).toBe(Resume.WHOLE);
    await back.find(({ seq }) => seq === 3);
    expect(back.texts).toEqual(['two', 'three']);
    await back.leave();
    const reset = await join(bob, id, { events: true, resume: '00000000-0000-4000-8000-000000000000:1' });
    expect((await reset.find((message) => message.welcome !== undefined)).welcome?.resume).toBe(Resume.RESET);
    await Promise.all([reset.leave(), a.leave()]);
  });
});

describe('A seat', () => {
  test('a seat works once, on one server', async () => {
    const id = await room();
    const listened = await trio.listen(alice, id);
    const other = trio.chatServers.find(({ grpc }) => grpc !== listened.server?.addr);
    const elsewhere = await new Chatter(listened, { address: other?.grpc ?? '' }).ended;
    expect(elsewhere).toMatchObject({ code: status.ABORTED, reason: 'moved' });
    const first = new Chatter(listened, { events: true });
    await first.find(({ welcome }) => welcome !== undefined);
    const again = await new Chatter(listened).ended;
    expect(again).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'seat-gone' });
    await first.leave();
    expect(await new Chatter(listened).ended).toMatchObject({ reason: 'seat-gone' });
  });

  test('a seat ends when its user listens again, with the reason in the goodbye and the status', async () => {
    const [one, two] = [await room(), await room()];
    const old = await join(bob, one, { events: true });
    await old.find(({ welcome }) => welcome !== undefined);
    const fresh = await join(bob, two, { events: true });
    const { goodbye } = await old.find((message) => message.goodbye !== undefined);
    expect(goodbye).toMatchObject({ reason: 'replaced', listenAgain: false });
    expect(await old.ended).toMatchObject({ code: status.ABORTED, reason: 'replaced' });
    await fresh.leave();
  });

  test('a seat ends soon after logout, suspension or deletion of the channel, with its reason', async () => {
    for (const [reason, code] of [
      ['logged-out', status.UNAUTHENTICATED],
      ['suspended', status.UNAUTHENTICATED],
      ['channel-deleted', status.NOT_FOUND],
    ] as const) {
      const person = await trio.people.make(`leaver-${reason}`);
      const id = await room(person);
      const stream = await join(person, id, { events: true });
      await stream.find(({ welcome }) => welcome !== undefined);
      const change = {
        'logged-out': `WITH s AS (UPDATE chat.session SET revoked_at = now() WHERE user_id = '${person.id}') DELETE FROM chat.seat WHERE user_id = '${person.id}'`,
        suspended: `WITH s AS (UPDATE chat.users SET status = 'suspended' WHERE id = '${person.id}') DELETE FROM chat.seat WHERE user_id = '${person.id}'`,
        'channel-deleted': `WITH c AS (UPDATE chat.channel SET deleted_at = now() WHERE id = ${id}), h AS (UPDATE chat.channel_head SET instance_id = NULL, epoch = epoch + 1 WHERE channel_id = ${id}) DELETE FROM chat.seat WHERE channel_id = ${id}`,
      }[reason];
      const before = Date.now();
      await trio.people.sql(change);
      expect(await stream.ended).toMatchObject({ code, reason });
      expect(Date.now() - before).toBeLessThan(30_000);
    }
  });

  test('a seat is deleted when its stream ends', async () => {
    const id = await room();
    const stream = await join(alice, id, { events: true });
    await stream.find(({ welcome }) => welcome !== undefined);
    expect(await trio.people.sql('SELECT live FROM chat.seat WHERE channel_id = $1', [id])).toEqual([{ live: true }]);
    stream.cancel();
    await until(async () => (await trio.people.sql('SELECT FROM chat.seat WHERE channel_id = $1', [id])).length === 0);
  });

  test('a seat cannot be taken after ten seconds', async () => {
    await new Promise((resolve) => setTimeout(resolve, unused.sinceMs + 10_200 - performance.now()));
    expect(await new Chatter(unused.seat).ended).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'seat-gone' });
  });
});
