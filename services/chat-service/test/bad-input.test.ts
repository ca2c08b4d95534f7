import { status } from '@grpc/grpc-js';
import type { Ack } from '@parley/contract';
import { Chatter, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

let trio: Trio;
let alice: TestPerson;
let bob: TestPerson;
let id: number;
let witness: Chatter;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  [alice, bob] = [await trio.people.make('alice'), await trio.people.make('bob')];
  ({ id } = await trio.create(alice, 'room'));
  witness = await trio.join(alice, id);
});
afterAll(async () => {
  await witness.leave();
  await trio.stop();
});

/**
 * Number of people who have joined. Each stream has a new person, so that the rate limit of Listen
 * does not apply.
 */
let joined = 0;
async function join(options: ConstructorParameters<typeof Chatter>[1] = {}) {
  joined += 1;
  const person = await trio.people.make(`guest-${joined}`);
  const stream = new Chatter(await trio.listen(person, id), options);
  if (options.events === true) await stream.find(({ welcome }) => welcome !== undefined);
  return stream;
}

/** Checks that the room still works, and that its other users saw nothing. */
async function nobodyNoticed(): Promise<void> {
  const text = `still here ${Math.random()}`;
  await witness.ask(text);
  await witness.find(({ data }) => utf8(data) === text);
  expect(witness.messages.every(({ goodbye }) => goodbye === undefined)).toBe(true);
}

afterEach(nobodyNoticed);

describe('A stream with events', () => {
  const cases: [string, string, Parameters<Chatter['send']>[1]][] = [
    ['data of 64 KiB + 1', 'message-too-large', { data: Buffer.alloc(65_537) }],
    ['a client id that is not a UUID', 'invalid-message', { clientId: 'x'.repeat(36) }],
    ['a content type with a line break', 'invalid-message', { contentType: 'text/plain\nx' }],
    ['a long content type', 'invalid-message', { contentType: 'x'.repeat(128) }],
    ['51 mentions', 'invalid-message', { mentions: Array.from({ length: 51 }, () => 'bob') }],
    ['a long mention', 'invalid-message', { mentions: ['b'.repeat(65)] }],
    ['a mention of a user who is not here', 'mention-not-found', { mentions: ['nobody'] }],
    ['no data', 'empty-message', { data: Buffer.alloc(0) }],
    ['only spaces and line breaks', 'empty-message', { data: Buffer.from(' \r\n\t\u00a0'), contentType: 'text/plain' }],
    ['only zero-width characters', 'empty-message', { data: Buffer.from('\u200b\u2060\ufeff') }],
    ['the lossy flag and no data', 'empty-message', { data: Buffer.alloc(0), lossy: true }],
    ['the id of another channel', 'invalid-message', { channelId: 2_000_000 }],
    ['a forged ack', 'invalid-message', { ack: { clientId: '', seq: 1, timestamp: 1, refusal: undefined } }],
    ['two events', 'invalid-message', { typing: { userId: '', stopped: false }, ping: { sentAt: 1, lastSeq: 0 } }],
    ['the kind of an edit, without history', 'no-history', { kind: 1, targetSeq: 1 }],
    ['a kind that does not exist', 'invalid-message', { kind: 99 as never }],
    ['the kind of a member change', 'invalid-message', { kind: 8, targetSeq: 1 }],
    ['a target that does not exist', 'message-not-found', { targetSeq: 1_000_000 }],
    ['a file whose id is none', 'invalid-message', { fileIds: ['f'] }],
    ['a file, and the lossy flag', 'invalid-message', { fileIds: [crypto.randomUUID()], lossy: true }],
    ['a file, in an edit', 'invalid-message', { fileIds: [crypto.randomUUID()], kind: 1, targetSeq: 1 }],
    ['a file, without history', 'no-history', { fileIds: [crypto.randomUUID()] }],
  ];
  test.each(cases)('a stream refuses a message with %s as %s and stays open', async (_what, reason, fields) => {
    const stream = await join({ events: true });
    stream.send('x', fields ?? {});
    const refused = await stream.find(({ ack }) => ack?.refusal !== undefined);
    expect(refused.ack?.refusal?.reason).toBe(reason);
    stream.send('good');
    await stream.find(({ data }) => utf8(data) === 'good');
    await stream.leave();
  });

  test('a stream accepts a message with data of 64 KiB', async () => {
    const stream = await join({ events: true });
    stream.send('', { data: Buffer.alloc(65_536, 7) });
    await stream.find(({ data }) => data.length === 65_536);
    await stream.leave();
  });

  test('a stream refuses messages above the rate limit, says how long to wait and stays open', async () => {
    const stream = await join({ events: true });
    let refused: Ack | undefined;
    await until(async () => {
      const acks = await Promise.all(Array.from({ length: 400 }, () => stream.ask('quick')));
      refused = acks.find(({ refusal }) => refusal !== undefined);
      return refused !== undefined;
    });
    expect(refused?.refusal?.reason).toBe('send-too-fast');
    expect(refused?.refusal?.retryAfterMs).toBeGreaterThan(0);
    await stream.leave();
  });
});

describe('A stream without events', () => {
  test('a stream without events ends after a message with data of 64 KiB + 1', async () => {
    const stream = await join();
    stream.send('', { data: Buffer.alloc(65_537) });
    expect(await stream.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'message-too-large' });
  });

  test('a stream without events ends after a message with only spaces', async () => {
    const stream = await join();
    stream.send('  ');
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'empty-message' });
  });

  test('a stream without events ends after a frame larger than the transport takes', async () => {
    const stream = await join();
    stream.send('', { data: Buffer.alloc(1_100_000) });
    expect(await stream.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'message-too-large' });
  });

  test('a stream without events ends after a uint64 above 2^53', async () => {
    const stream = await join();
    stream.sendRaw(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]));
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'malformed' });
  });

  test.each([
    ['empty reactions', Buffer.from([0x82, 0x01, 0x00])],
    ['empty mentions', Buffer.from([0x6a, 0x00])],
    [
      'users in a presence event',
      Buffer.concat([Buffer.from([0xba, 0x01, 0x80, 0x20]), Buffer.alloc(4_096, '\x0a\x00')]),
    ],
  ])('a stream ends after a message with thousands of %s', async (_what, part) => {
    const stream = await join({ events: true });
    stream.sendRaw(Buffer.concat(Array.from({ length: Math.floor(60_000 / part.length) }, () => part)));
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'malformed' });
  });

  test('a stream ends after bytes that are not a message', async () => {
    const stream = await join({ events: true });
    stream.sendRaw(Buffer.from('this is no message at all, \xff\xff\xff', 'latin1'));
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'malformed' });
  });
});

describe('A join token', () => {
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url');

  test.each([
    ['no token', '', 'unauthenticated'],
    ['a word as its token', 'word', 'invalid-token'],
    [
      'a token with alg none',
      `${header({ alg: 'none', typ: 'join+jwt' })}.${header({ sub: 'alice' })}.`,
      'invalid-token',
    ],
    [
      'a token of an unknown key',
      `${header({ alg: 'EdDSA', typ: 'join+jwt', kid: 'k' })}.${header({})}.AAAA`,
      'invalid-token',
    ],
    ['a token of five kilobytes', 'x'.repeat(5_000), 'invalid-metadata'],
  ])('rejects a stream with %s', async (_what, token, reason) => {
    const address = trio.chatServers[0]?.grpc ?? '';
    const ending = await new Chatter({ token, server: undefined }, { address }).ended;
    expect(ending.reason).toBe(reason);
  });

  test('rejects a stream with a user token', async () => {
    const ending = await new Chatter(
      { token: bob.token, server: undefined },
      { address: trio.chatServers[0]?.grpc ?? '' },
    ).ended;
    expect(ending).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'invalid-token' });
  });

  test('rejects a stream with a malformed resume', async () => {
    const person = await trio.people.make('lost');
    const ending = await new Chatter(await trio.listen(person, id), { resume: 'yesterday' }).ended;
    expect(ending).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'invalid-metadata' });
  });

  test('rejects a stream with a token of a deleted channel', async () => {
    const person = await trio.people.make('deleter');
    const channel = await trio.create(person, 'short-lived');
    const listened = await trio.listen(person, channel.id);
    await trio.people.sql('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [channel.id]);
    expect(await new Chatter(listened).ended).toMatchObject({ code: status.NOT_FOUND, reason: 'channel-deleted' });
  });

  test('rejects a stream with a token of a user who has logged out or was suspended since', async () => {
    const [out, suspended] = [await trio.people.make('out'), await trio.people.make('sus')];
    const listened = { 'logged-out': await trio.listen(out, id), suspended: await trio.listen(suspended, id) };
    await trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', [out.id]);
    await trio.people.sql(`UPDATE chat.users SET status = 'suspended' WHERE id = $1`, [suspended.id]);
    for (const [reason, token] of Object.entries(listened)) {
      expect(await new Chatter(token).ended).toMatchObject({ code: status.UNAUTHENTICATED, reason });
    }
  });
});
