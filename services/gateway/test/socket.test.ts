import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ChannelKind, ChannelService, Channel as ChannelType, InboxCommand } from '@parley/contract';
import { DatabaseClock } from '@parley/database';
import { SigningKey, type UserClaims, userAudience, userToken } from '@parley/service-kit';
import {
  type Chatter,
  callPatiently,
  openTestPool,
  type ServiceProcess,
  type TestPerson,
  Trio,
  utf8,
} from '@parley/testkit';
import { refusedUpgrade, SocketProbe } from './socket-probe.js';

/** `TEST_STREAMS=10000 npm test -- gateway/dist/test/socket` is the long form. */
const manySockets = Number(process.env.TEST_STREAMS ?? 1_000);
let trio: Trio;
let gateway: ServiceProcess;
let ann: TestPerson;
let bob: TestPerson;
let names = 0;

beforeAll(async () => {
  trio = await Trio.start();
  gateway = await trio.startGateway({ PARLEY_ORIGINS: 'https://chat.example.org' });
});
afterAll(() => trio.stop());

beforeEach(async () => {
  names += 1;
  ann = await trio.people.make(`ann${names}`);
  bob = await trio.people.make(`bob${names}`);
});

const dialects = ['parley.v1', 'parley.v1.json'] as const;
const door = () => `${gateway.http}/connect`;

async function group(): Promise<number> {
  const fields = ChannelType.fromPartial({ name: `group ${names}`, kind: ChannelKind.GROUP });
  const options = { token: ann.token, withinMs: 30_000 };
  const { id } = await callPatiently(trio.manager(), ChannelService.create, fields, options);
  await trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
  return id;
}

async function say(stream: Chatter, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    const clientId = randomUUID();
    stream.send(text, { clientId });
    await stream.find(({ ack }) => ack?.clientId === clientId);
  }
}

/** Opens a socket that has its welcome. */
async function open(dialect: string = 'parley.v1'): Promise<SocketProbe> {
  const probe = SocketProbe.with(gateway.http, bob, dialect);
  await probe.opened();
  probe.command({ watch: {} });
  await probe.find(({ welcome }) => welcome !== undefined);
  return probe;
}

describe.each(dialects)('%s', (dialect) => {
  test('two devices receive the messages of two chats, each chat in order, and resume without loss or repetition', async () => {
    const chats = [await group(), await group()];
    const devices = [
      await SocketProbe.watch(gateway.http, bob, dialect),
      await SocketProbe.watch(gateway.http, bob, dialect),
    ];
    expect(devices[0]?.ws.protocol).toBe(dialect);
    expect(devices[0]?.events[0]).toMatchObject({ welcome: { me: { id: bob.id, number: bob.number } } });
    const streams = await Promise.all(chats.map((id) => trio.join(ann, id)));
    const texts = Array.from({ length: 10 }, (_, n) => `text ${n + 1} ${'ß'.repeat(n * 20)}`);
    await Promise.all(streams.map((stream) => say(stream, ...texts)));
    for (const device of devices) {
      for (const id of chats) {
        await device.find(({ message }) => message?.channelId === id && utf8(message.data) === texts.at(-1));
        expect(device.entries(id).map(({ data }) => utf8(data))).toEqual(texts);
      }
    }
    const [first] = devices as [SocketProbe, SocketProbe];
    const seen = chats.map((channelId) => {
      const last = first.entries(channelId).at(-1);
      return { channelId, seq: last?.seq ?? 0, log: '' };
    });
    const logs = await trio.people.sql(
      'SELECT channel_id AS id, log_id AS log FROM chat.channel_head WHERE channel_id = ANY ($1)',
      [chats],
    );
    for (const one of seen) one.log = String(logs.find(({ id }) => id === one.channelId)?.log);
    await first.cut();
    await Promise.all(streams.map((stream) => say(stream, 'missed')));
    const again = await SocketProbe.watch(gateway.http, bob, dialect, { after: first.position, seen });
    for (const id of chats) expect(again.entries(id).map(({ data }) => utf8(data))).toEqual(['missed']);
    await Promise.all([again.cut(), devices[1]?.cut()]);
  });

  test('takes the token as the first command, and fragments of a command', async () => {
    const probe = new SocketProbe(door(), [dialect]);
    await probe.opened();
    probe.command({ token: bob.token });
    const watch = InboxCommand.fromPartial({ watch: { after: '' } });
    const isJson = dialect === 'parley.v1.json';
    const bytes = isJson
      ? Buffer.from(JSON.stringify(InboxCommand.toJSON(watch)))
      : InboxCommand.encode(watch).finish();
    for (let at = 0; at < bytes.length; at++) {
      probe.ws.send(bytes.subarray(at, at + 1), { fin: at === bytes.length - 1, binary: !isJson });
    }
    await probe.find(({ welcome }) => welcome !== undefined);
    await probe.cut();
  });

  test('ends with a goodbye and a close code when its session ends', async () => {
    const probe = await open(dialect);
    await trio.people.sql('DELETE FROM chat.session WHERE id = $1', [bob.sessionId]);
    expect(await probe.ended).toEqual({ code: 4401, reason: 'logged-out', goodbye: 'logged-out' });
    expect(probe.events.at(-1)?.goodbye).toMatchObject({
      listenAgain: false,
      message: 'This session has ended. Log in again.',
    });
  });
});

describe.each(dialects)('posting on %s', (dialect) => {
  test('a message is acknowledged and arrives, and a refused one does not close the socket', async () => {
    const id = await group();
    const probe = await open(dialect);
    const ackOf = async (post: object) => {
      const clientId = randomUUID();
      probe.command({ post: { clientId, ...post } });
      return (await probe.find(({ ack }) => ack?.clientId === clientId)).ack;
    };
    const ack = await ackOf({ channelId: id, data: Buffer.from('over a socket') });
    await probe.find(({ message }) => message?.channelId === id && message.seq === ack?.seq);
    expect(probe.entries(id).map(({ data }) => utf8(data))).toContain('over a socket');
    expect((await ackOf({ channelId: id, data: Buffer.from(' ') }))?.refusal?.reason).toBe('empty-message');
    expect((await ackOf({ channelId: 2_000_000, data: Buffer.from('x') }))?.refusal?.reason).toBe('channel-not-found');
    expect((await ackOf({ channelId: id, data: Buffer.from('again') }))?.seq).toBe((ack?.seq ?? 0) + 1);
    await probe.cut();
  });

  test('text of 64 KiB is accepted, and one byte more is refused in its ack', async () => {
    const id = await group();
    const probe = await open(dialect);
    const ackOf = async (bytes: number) => {
      const clientId = randomUUID();
      probe.command({ post: { clientId, channelId: id, data: Buffer.alloc(bytes, 'x') } });
      return (await probe.find(({ ack }) => ack?.clientId === clientId)).ack;
    };
    expect((await ackOf(65_537))?.refusal?.reason).toBe('message-too-large');
    expect((await ackOf(65_536))?.refusal).toBeUndefined();
    await probe.cut();
  });

  test('a later token continues the session, and a token of another user ends it', async () => {
    const probe = await open(dialect);
    probe.command({ token: bob.token });
    probe.command({ token: ann.token });
    expect(await probe.ended).toMatchObject({ code: 4401, goodbye: 'invalid-token' });
  });
});

test('parley.v1.json encodes a message as shown in the docs', async () => {
  const id = await group();
  const probe = await open('parley.v1.json');
  const raw = once(probe.ws, 'message');
  await say(await trio.join(ann, id), 'hello');
  await probe.find(({ message }) => message?.channelId === id && utf8(message.data) === 'hello');
  expect((await raw)[1]).toBe(false);
  await probe.cut();
});

describe('the upgrade', () => {
  test.each([
    ['https://evil.example', false],
    ['null', false],
    ['https://chat.example.org', true],
    ['same', true],
  ])('origin %s', async (named, isAllowed) => {
    const origin = named === 'same' ? gateway.http : named;
    if (!isAllowed) {
      const refused = await refusedUpgrade(door(), ['parley.v1', `bearer.${bob.token}`], { origin });
      expect(refused).toMatchObject({ http: 403, reason: 'origin-not-allowed' });
      return;
    }
    const probe = new SocketProbe(door(), ['parley.v1', `bearer.${bob.token}`], { origin });
    await probe.opened();
    probe.command({ watch: {} });
    await probe.find(({ welcome }) => welcome !== undefined);
    await probe.cut();
  });

  test.each([
    ['unknown', ['graphql-ws']],
    ['none', []],
    ['only a token', ['bearer.abc']],
  ])('subprotocol: %s', async (_name, protocols) => {
    expect(await refusedUpgrade(door(), protocols)).toMatchObject({ http: 400, reason: 'no-subprotocol' });
  });

  test.each(['?token=abc', '?access_token=abc', '?v=1'])(
    'refuses a URL with %s, even if the token is also in a permitted place',
    async (query) => {
      const probe = new SocketProbe(`${door()}${query}`, ['parley.v1', `bearer.${bob.token}`]);
      expect(await probe.ended).toEqual({ code: 4400, reason: 'token-in-url', goodbye: 'token-in-url' });
    },
  );

  test('a request without an upgrade learns what to do, and an unknown path is not found', async () => {
    const response = await fetch(door());
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await refusedUpgrade(`${gateway.http}/other`, ['parley.v1'])).toMatchObject({ http: 404 });
  });

  test('a client that only offers another protocol gets the page, unless its request has a body', async () => {
    const ask = async (line: string) => {
      const { hostname, port } = new URL(gateway.http);
      const socket = connect(Number(port), hostname);
      socket.write(
        `${line}\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n`,
      );
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      return answer;
    };
    expect(await ask('GET /.well-known/jwks.json HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*"keys":/);
    expect(await ask('POST /.well-known/jwks.json HTTP/1.1\r\ncontent-length: 0')).toMatch(/^HTTP\/1\.1 501 /);
  });
});

describe('tokens', () => {
  async function signed(expiresIn: number): Promise<string> {
    const pool = openTestPool(trio.database.urlFor('chat_user'));
    const clock = await DatabaseClock.start(pool);
    const past = { now: () => clock.now() - userToken.lifeSeconds * 1_000 + expiresIn };
    const key = new SigningKey<UserClaims>(userToken, randomUUID(), pool, past as DatabaseClock);
    const claims = { sub: bob.id, num: bob.number, name: bob.id, role: 'user' as const, sid: bob.sessionId };
    const token = await key.sign(claims, userAudience);
    await pool.end();
    return token;
  }

  test('refuses malformed, expired and forged tokens, and commands before the token', async () => {
    const endOf = (token: string) => SocketProbe.with(gateway.http, { token }).ended;
    expect(await endOf('abc')).toEqual({ code: 4401, reason: 'invalid-token', goodbye: 'invalid-token' });
    expect(await endOf(await signed(-60_000))).toMatchObject({ code: 4401, goodbye: 'expired-token' });
    expect(await endOf(`${bob.token.slice(0, -4)}AAAA`)).toMatchObject({ code: 4401, goodbye: 'invalid-token' });
    expect(await endOf('bot_x')).toMatchObject({ code: 4401, goodbye: 'invalid-token' });
    const early = new SocketProbe(door(), ['parley.v1']);
    await early.opened();
    early.command({ watch: {} });
    expect(await early.ended).toMatchObject({ code: 4401, goodbye: 'unauthenticated' });
    expect(early.events.at(-1)?.goodbye?.message).toBe('The first command must be token.');
  });

  test('ignores a token in a cookie', async () => {
    const probe = new SocketProbe(door(), ['parley.v1'], {
      cookie: `token=${bob.token}`,
      authorization: `Bearer ${bob.token}`,
    });
    await probe.opened();
    probe.command({ watch: {} });
    expect(await probe.ended).toMatchObject({ goodbye: 'unauthenticated' });
  });

  test('one account that opens thousands of sockets keeps at most 20, and others still connect', async () => {
    const endings: string[] = [];
    const kept: SocketProbe[] = [];
    const tokens = await Promise.all(Array.from({ length: 4 }, () => signed(3_600_000)));
    let opened = 0;
    const openSome = async (token: string) => {
      while (opened++ < manySockets) {
        const probe = SocketProbe.with(gateway.http, { token });
        probe.ws.on('open', () => probe.command({ watch: {} }));
        const ending = await Promise.race([
          probe.ended,
          probe.find(({ welcome }) => welcome !== undefined).catch(() => probe.ended),
        ]);
        if ('code' in ending) endings.push(ending.goodbye ?? String(ending.code));
        else kept.push(probe);
      }
    };
    await Promise.all(tokens.flatMap((token) => Array.from({ length: 8 }, () => openSome(token))));
    expect(kept.length).toBeLessThanOrEqual(20);
    expect(kept.length + endings.length).toBe(manySockets);
    const reasons = new Set(endings);
    for (const passing of ['too-busy', 'database-away']) reasons.delete(passing); // on a busy machine
    expect(reasons).toEqual(new Set(['listen-too-often', 'too-many-inboxes']));
    await (await SocketProbe.watch(gateway.http, ann)).cut();
    await Promise.all(kept.map((probe) => probe.cut()));
  });
});

describe('bad frames', () => {
  test.each<[string, string, string | Uint8Array, string]>([
    ['text, though it would be a command in binary', 'parley.v1', '\n\0', 'malformed'],
    ['bytes', 'parley.v1.json', Buffer.from('{"watch":{}}'), 'malformed'],
    ['bytes that are not a command', 'parley.v1', Buffer.alloc(9, 255), 'malformed'],
    ['an empty command', 'parley.v1', new Uint8Array(), 'malformed'],
    ['an unknown command', 'parley.v1', Buffer.from([0xa2, 0x06, 0x00]), 'malformed'],
    [
      'a token and another command',
      'parley.v1',
      InboxCommand.encode(InboxCommand.fromPartial({ token: 'a', watch: {} })).finish(),
      'malformed',
    ],
    ['text that is not JSON', 'parley.v1.json', '{"watch":', 'malformed'],
    ['JSON that is not an object', 'parley.v1.json', '[1]', 'malformed'],
    ['a wrong type', 'parley.v1.json', '{"watch":{"after":5}}', 'malformed'],
    ['an unknown field', 'parley.v1.json', '{"watch":{},"constructor":{}}', 'malformed'],
    ['an unknown command in JSON', 'parley.v1.json', '{"shout":{}}', 'malformed'],
    ['no command in JSON', 'parley.v1.json', '{}', 'malformed'],
    ['two commands in one', 'parley.v1.json', '{"token":"a","pong":{}}', 'malformed'],
    ['deep JSON', 'parley.v1.json', '['.repeat(60_000), 'malformed'],
    ['a malformed position', 'parley.v1.json', '{"watch":{"after":"x"}}', 'invalid-position'],
  ])('%s on %s', async (_name, dialect, payload, reason) => {
    const probe = SocketProbe.with(gateway.http, bob, dialect);
    await probe.opened();
    probe.ws.send(payload);
    expect(await probe.ended).toEqual({ code: 4400, reason, goodbye: reason });
    expect(probe.events.at(-1)?.goodbye?.listenAgain).toBe(false);
  });

  test.each<[string, string, string | Uint8Array]>([
    ['empty', 'parley.v1', new Uint8Array()],
    ['unknown', 'parley.v1', Buffer.from([0xa2, 0x06, 0x00])],
    ['empty', 'parley.v1.json', '{}'],
    ['unknown', 'parley.v1.json', '{"shout":{}}'],
  ])('an %s command on %s ends a socket that is open', async (_name, dialect, payload) => {
    const probe = await open(dialect);
    probe.ws.send(payload);
    expect(await probe.ended).toMatchObject({ code: 4400, goodbye: 'malformed' });
  });

  test('96 KiB pass, in one frame or in fragments, and one byte more does not', async () => {
    const most = 98_304;
    const json = (bytes: number) => `{"watch":{"after":"${'x'.repeat(bytes - 22)}"}}`;
    const sendParts = (probe: SocketProbe, text: string) => {
      for (let at = 0; at < text.length; at += 1_000)
        probe.ws.send(text.slice(at, at + 1_000), { fin: at + 1_000 >= text.length });
    };
    for (const send of [(probe: SocketProbe, text: string) => probe.ws.send(text), sendParts]) {
      const whole = SocketProbe.with(gateway.http, bob, 'parley.v1.json');
      await whole.opened();
      send(whole, json(most));
      expect(await whole.ended).toMatchObject({ goodbye: 'invalid-position' });
      const large = SocketProbe.with(gateway.http, bob, 'parley.v1.json');
      await large.opened();
      send(large, json(most + 1));
      expect(await large.ended).toMatchObject({ code: 1009 });
    }
  });

  test('invalid UTF-8 and a frame without a mask end the socket', async () => {
    const probe = SocketProbe.with(gateway.http, bob, 'parley.v1.json');
    await probe.opened();
    probe.ws.send(Buffer.from('7b22c328', 'hex'), { binary: false });
    expect(await probe.ended).toMatchObject({ code: 1007 });
    const unmasked = SocketProbe.with(gateway.http, bob, 'parley.v1.json');
    await unmasked.opened();
    unmasked.ws.send('{}', { mask: false });
    expect(await unmasked.ended).toMatchObject({ code: 1002 });
  });
});

test('a gateway that stops ends its sockets with draining', async () => {
  const own = await trio.startGateway();
  const [open, stranger] = [
    await SocketProbe.watch(own.http, bob),
    new SocketProbe(`${own.http}/connect`, ['parley.v1']),
  ];
  await stranger.opened();
  own.kill('SIGTERM');
  for (const probe of [open, stranger])
    expect(await probe.ended).toEqual({ code: 4503, reason: 'draining', goodbye: 'draining' });
  expect(open.events.at(-1)?.goodbye).toMatchObject({ listenAgain: true });
  expect(await own.exited).toBe(0);
});
