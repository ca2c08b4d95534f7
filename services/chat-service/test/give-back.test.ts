import { randomBytes, randomUUID } from 'node:crypto';
import { Channel } from '@parley/contract';
import type { Pool } from '@parley/database';
import { FlushQueue } from '@parley/fanout';
import { openTestDatabase, openTestPool, People, type TestDatabase } from '@parley/testkit';
import { Reconciler } from '../src/background/reconciler.js';
import { Channels } from '../src/core/channels.js';
import { DedupeMemory } from '../src/core/dedupe-cache.js';
import { Participants } from '../src/session/participants.js';
import { Sessions } from '../src/session/sessions.js';
import { HeadStore } from '../src/store/heads.js';
import { SeatStore } from '../src/store/seats.js';

let database: TestDatabase;
let people: People;
let pool: Pool;
let nowMs = 0;
const instanceId = randomUUID();

beforeAll(async () => {
  database = await openTestDatabase();
  people = await People.open(database);
  pool = openTestPool(database.urlFor('chat_server'), 4);
  await people.make('alice');
});
afterAll(async () => {
  await pool.end();
  await people.close();
  await database.close();
});

const bounds = {
  allRingsBytes: 1_000_000,
  ringBytes: 1_000,
  lossyRingBytes: 1_000,
  writeBytes: 1_000,
  rate: { messagesPerSecond: 1, bytesPerSecond: 1 },
  senderRate: { messagesPerSecond: 1, bytesPerSecond: 1 },
  memory: new DedupeMemory({ ms: 1, storedMs: 1, ofSender: 1, ofAll: 1 }),
};
const longEmptyMs = 120_001;

/** Creates the reconciler of a chat server over real stores. */
function setUp() {
  const left: [why: string, channels: number][] = [];
  const channels = new Channels(bounds, new FlushQueue(setImmediate, () => {}));
  const reconciler = new Reconciler({
    channels,
    sessions: new Sessions(),
    participants: new Participants(),
    appendQueue: { inFlightForMs: 0 },
    seats: new SeatStore(pool, instanceId),
    heads: new HeadStore(pool, instanceId, randomBytes(32)),
    now: () => nowMs,
    onLeft: (why, count) => left.push([why, count]),
  });
  return { channels, reconciler, left };
}

async function owned(): Promise<number> {
  const [row] = await people.sql(
    "INSERT INTO chat.channel (name, owner_id, retention_seconds) VALUES ('r', 'alice', 0) RETURNING id",
  );
  await people.sql('UPDATE chat.channel_head SET instance_id = $2, epoch = 1 WHERE channel_id = $1', [
    row?.id,
    instanceId,
  ]);
  return Number(row?.id);
}

function load(channels: Channels, id: number): void {
  const facts = { id, kind: 'room', epoch: 1, log: randomUUID(), hasHistory: false, lastSeq: 0 } as const;
  channels.open({ facts, settings: { ...Channel.fromPartial({ ownerId: 'alice' }), revision: 0 } }, nowMs);
}

const isOwned = async (id: number) =>
  (await people.sql('SELECT FROM chat.channel_head WHERE channel_id = $1 AND instance_id = $2', [id, instanceId]))
    .length === 1;

function reserve(id: number, forSeconds: number) {
  return people.sql(
    `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, join_by)
     VALUES (gen_random_uuid(), 'alice', $1, $2, 1, true, now() + make_interval(secs => $3))`,
    [id, instanceId, forSeconds],
  );
}

describe('an empty channel', () => {
  test('an empty channel stays for a while for users who reconnect, then has no owning server', async () => {
    const { channels, reconciler, left } = setUp();
    const id = await owned();
    load(channels, id);
    nowMs += longEmptyMs - 2;
    await reconciler.run();
    expect(await isOwned(id)).toBe(true);
    nowMs += 2;
    await reconciler.run();
    expect(await isOwned(id)).toBe(false);
    expect(channels.find(id)).toBeUndefined();
    expect(left).toEqual([['empty', 1]]);
  });

  test('an empty channel that was never loaded is given back once no seat is reserved', async () => {
    const { reconciler } = setUp();
    const id = await owned();
    await reserve(id, 10);
    await reconciler.run();
    expect(await isOwned(id)).toBe(true);
    await people.sql("UPDATE chat.seat SET join_by = now() - interval '1 s'");
    await reconciler.run();
    expect(await isOwned(id)).toBe(false);
    expect(await people.sql('SELECT FROM chat.seat')).toEqual([]);
  });

  test('an empty channel stays while a seat is reserved', async () => {
    const { channels, reconciler } = setUp();
    const id = await owned();
    load(channels, id);
    nowMs += longEmptyMs;
    await reserve(id, 10);
    await reconciler.run();
    expect(await isOwned(id)).toBe(true);
    expect(channels.find(id)).toBeDefined();
    await people.sql('DELETE FROM chat.seat');
  });

  test('an empty channel stays while a Listen is in progress', async () => {
    const { channels, reconciler } = setUp();
    const id = await owned();
    load(channels, id);
    nowMs += longEmptyMs;
    const manager = openTestPool(database.urlFor('chat_manager'));
    const listen = await manager.connect();
    await listen.query('BEGIN');
    await listen.query('SELECT FROM chat.channel WHERE id = $1 FOR NO KEY UPDATE', [id]);
    await reconciler.run();
    expect(await isOwned(id)).toBe(true);
    await listen.query('ROLLBACK');
    listen.release();
    await manager.end();
    await reconciler.run();
    expect(await isOwned(id)).toBe(false);
  });

  test('an empty channel of another server is left alone', async () => {
    const id = await owned();
    await people.sql('UPDATE chat.channel_head SET instance_id = $2 WHERE channel_id = $1', [id, randomUUID()]);
    const heads = new HeadStore(pool, instanceId, randomBytes(32));
    expect(await heads.releaseEmpty([{ channelId: id, epoch: 1 }])).toEqual(new Set());
    await people.sql('UPDATE chat.channel_head SET instance_id = $2, epoch = 2 WHERE channel_id = $1', [
      id,
      instanceId,
    ]);
    expect(await heads.releaseEmpty([{ channelId: id, epoch: 1 }])).toEqual(new Set());
    expect(await isOwned(id)).toBe(true);
  });
});
