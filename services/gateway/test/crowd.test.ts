import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { frameOf } from '@parley/rpc';
import { type ServiceProcess, type TestPerson, Trio, WebStream, webCall } from '@parley/testkit';
import { ConnectionPool } from '../src/clients/connection-pool.js';
import { CallerSlots } from '../src/http/caller-slots.js';
import { stalled } from './room-device.js';

const nothing = new Uint8Array();

describe('unread lists of one account', () => {
  let trio: Trio;
  let gateway: ServiceProcess;
  let mallory: TestPerson;
  let ann: TestPerson;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    trio = await Trio.start();
    gateway = await trio.startGateway();
    [mallory, ann] = [await trio.people.make('mallory'), await trio.people.make('ann')];
    await trio.people.sql(
      `INSERT INTO chat.channel (owner_id, name, description, metadata)
       SELECT 'mallory', 'room ' || n, repeat('d', 1000), jsonb_build_object('m', repeat('m', 4000))
       FROM generate_series(1, 1000) n`,
    );
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await trio.stop();
  });

  /** Sends a List on a new connection and never reads. */
  async function listUnread(): Promise<void> {
    const { hostname, port } = new URL(gateway.http);
    const socket = connect(Number(port), hostname).pause();
    sockets.push(socket.on('error', () => {}));
    await once(socket, 'connect');
    const body = frameOf(nothing);
    const head = [
      'POST /chat.v1.ChannelService/List HTTP/1.1',
      'host: x',
      'content-type: application/grpc-web+proto',
      `authorization: Bearer ${mallory.token}`,
      `content-length: ${body.length}`,
    ];
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
  }

  test('unread lists of one account do not delay the calls of another account', async () => {
    await Promise.all(Array.from({ length: 108 }, listUnread));
    await pause(1_000); // Waits until the lists fill their connections.
    const url = `${gateway.http}/chat.v1.ChannelService/ListChannels`;
    for (let n = 0; n < 5; n++) {
      const { trailers } = await webCall(url, nothing, { token: ann.token });
      expect(trailers).toMatchObject({ 'grpc-status': '0' });
    }
  });
});

describe('streams of one join token', () => {
  let trio: Trio;
  let gateway: ServiceProcess;
  const url = () => `${gateway.http}/chat.v1.ChatService/Subscribe`;

  beforeAll(async () => {
    trio = await Trio.start();
    gateway = await trio.startGateway();
  });
  afterAll(() => trio.stop());

  /** Opens 30 streams with the token of a seat that is gone. Returns their reasons, and the seconds that they took. */
  async function streamsWithoutSeat(person: TestPerson, channelId: number) {
    const { token } = await trio.listenInTurn(person, channelId);
    await trio.people.sql('DELETE FROM chat.seat WHERE user_id = $1', [person.id]);
    const startedAt = performance.now();
    const endings = await Promise.all(Array.from({ length: 30 }, () => webCall(url(), nothing, { token })));
    const seconds = (performance.now() - startedAt) / 1_000;
    return { reasons: endings.map(({ trailers }) => String(trailers['chat-reason'])), seconds };
  }

  test('streams of one join token are limited, even after its seat is gone', async () => {
    const [ann, keeper] = [await trio.people.make('subscriber'), await trio.people.make('keeper')];
    const { id } = await trio.create(ann, 'used up');
    let [reasons, seconds] = [['moved'], 0];
    while (reasons.some((reason) => stalled.includes(reason))) {
      const kept = await trio.join(keeper, id); // Otherwise the chat server may give the empty channel back.
      ({ reasons, seconds } = await streamsWithoutSeat(ann, id));
      kept.cancel();
    }
    expect(['listen-too-often', 'seat-gone']).toEqual(expect.arrayContaining([...new Set(reasons)]));
    const passed = reasons.filter((reason) => reason === 'seat-gone').length;
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThanOrEqual(10 + seconds);
    const next = await trio.listenInTurn(ann, id);
    const page = new WebStream(url(), nothing, { token: next.token });
    await page.find(({ welcome }) => welcome !== undefined);
    page.cancel();
  });
});

describe('slots of callers', () => {
  const bearer = (token: string) => ({ address: '192.0.2.1', authorization: `Bearer ${token}` });

  /** Requests `count` slots. Returns the functions that free the slots granted at once. */
  async function acquire(slots: CallerSlots, count: number, caller: Parameters<CallerSlots['acquire']>[0]) {
    const granted: (() => void)[] = [];
    const refused: unknown[] = [];
    for (let n = 0; n < count; n++)
      slots.acquire(caller).then(
        (free) => granted.push(free),
        (thrown) => refused.push(thrown),
      );
    await pause(0);
    return { granted, refused };
  }

  test('the slots of a token are limited, no matter how the scheme is spelled', async () => {
    const slots = new CallerSlots();
    const { granted } = await acquire(slots, 20, bearer('a'));
    expect(granted).toHaveLength(12);
    expect((await acquire(slots, 1, { ...bearer('a'), authorization: 'bearer a' })).granted).toHaveLength(0);
    expect((await acquire(slots, 1, bearer('b'))).granted).toHaveLength(1);
    for (const free of granted.slice(0, 8)) free();
    await pause(0);
    expect(granted).toHaveLength(20);
  });

  test('the slots of an address or IPv6 network are limited', async () => {
    const slots = new CallerSlots();
    const from = (address: string) => ({ address, authorization: undefined });
    expect((await acquire(slots, 70, from('2001:db8::1'))).granted).toHaveLength(64);
    expect((await acquire(slots, 1, from('2001:db8::2'))).granted).toHaveLength(0);
    expect((await acquire(slots, 1, from('2001:db8:0:1::1'))).granted).toHaveLength(1);
  });

  test('a call beyond the queue for slots is refused as too-busy', async () => {
    const { granted, refused } = await acquire(new CallerSlots(), 115, bearer('a'));
    expect(granted).toHaveLength(12);
    expect(refused).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ reason: 'too-busy' })));
  });
});

describe('connections to a service', () => {
  function fakePool() {
    const closed: number[] = [];
    let dialled = 0;
    const pool = new ConnectionPool(() => {
      const id = dialled++;
      return { close: () => closed.push(id) } as never;
    });
    return { pool, closed, dialled: () => dialled };
  }

  test('a connection opens when the others have many calls, and closes without calls', () => {
    const { pool, closed, dialled } = fakePool();
    const taken = Array.from({ length: 81 }, () => pool.take());
    expect(dialled()).toBe(2);
    taken.at(-1)?.release();
    expect(closed).toEqual([1]);
    for (const { release } of taken.slice(0, 80)) release();
    expect(closed).toEqual([1]);
    expect(pool.take().client).toBe(pool.first);
  });

  test('calls beyond the maximum number of connections are refused', () => {
    const { pool } = fakePool();
    for (let n = 0; n < 16 * 80; n++) pool.take();
    expect(() => pool.take()).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  });
});
