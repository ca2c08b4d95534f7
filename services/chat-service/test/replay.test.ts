import { randomUUID } from 'node:crypto';
import { Channel } from '@parley/contract';
import type { Pool } from '@parley/database';
import { FlushQueue } from '@parley/fanout';
import { grpcFraming } from '@parley/rpc';
import { limits } from '@parley/runtime';
import { openTestDatabase, openTestPool, People, type TestDatabase } from '@parley/testkit';
import { Channels } from '../src/core/channels.js';
import { DedupeMemory } from '../src/core/dedupe-cache.js';
import { Usage } from '../src/core/usage.js';
import { replay } from '../src/session/replay.js';
import type { MessageStream } from '../src/session/stream.js';
import { MessageStore } from '../src/store/messages.js';

const entryBytes = 60_000;
const entries = 100;
let database: TestDatabase;
let people: People;
let pool: Pool;
let channelId: number;
let store: MessageStore;

beforeAll(async () => {
  database = await openTestDatabase();
  people = await People.open(database);
  pool = openTestPool(database.urlFor('chat_server'));
  await people.make('alice');
  const [row] = await people.sql("INSERT INTO chat.channel (name, owner_id) VALUES ('r', 'alice') RETURNING id");
  channelId = Number(row?.id);
  await people.sql(
    `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
     SELECT $1, n, 'alice', gen_random_uuid(), now(), convert_to(repeat('x', $2), 'UTF8'), sha256(''::bytea)
     FROM generate_series(1, $3) n`,
    [channelId, entryBytes, entries],
  );
  const limit = { bytes: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
  store = new MessageStore({ main: pool, aside: pool }, pool, randomUUID(), new Usage({ channel: limit, user: limit }));
});
afterAll(async () => {
  await pool.end();
  await people.close();
  await database.close();
});

test('a replay reads pages that are limited in bytes, even if every entry is large', async () => {
  const page = await store.entriesAfter(channelId, 0, 500);
  expect(page.map(({ seq }) => seq)).toEqual(Array.from(page, (_, at) => at + 1));
  expect(page.length * entryBytes).toBeGreaterThan(limits.pageBytes);
  expect((page.length - 1) * entryBytes).toBeLessThan(limits.pageBytes);
  expect((await store.entriesAfter(channelId, 0, 3)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test('a replay counts unread bytes page by page, and charges the user for all that was read', async () => {
  const rate = { messagesPerSecond: 1, bytesPerSecond: 1 };
  const memory = new DedupeMemory({ ms: 1, storedMs: 1, ofSender: 1, ofAll: 1 });
  const sizes = { allRingsBytes: 1_000, ringBytes: 1_000, lossyRingBytes: 1_000, writeBytes: 1_000 };
  const channels = new Channels({ ...sizes, rate, senderRate: rate, memory }, new FlushQueue(setImmediate, () => {}));
  const facts = { id: channelId, kind: 'room', epoch: 1, log: 'l', hasHistory: true, lastSeq: entries } as const;
  const channel = channels.open({ facts, settings: { ...Channel.fromPartial({ ownerId: 'alice' }), revision: 0 } }, 0);
  let written = 0;
  const stream = {
    ended: false,
    framing: grpcFraming,
    write: (bytes: Buffer) => {
      written += bytes.length;
      return false;
    },
    onDrain: (listener: () => void) => void setImmediate(listener),
    onClose: () => {},
  } as Partial<MessageStream> as MessageStream;
  const unread: number[] = [];
  let charged = 0;
  const charge = (bytes: number) => {
    charged += bytes;
    return 1;
  };
  const cursor = await replay(0, {
    ...{ channel, stream, messages: store, events: true, hiddenUpTo: 0, charge, onPage: () => {} },
    unread: { set: (bytes) => unread.push(bytes) },
  });
  expect(cursor).toBe(channel.rings.entries.head);
  expect(charged).toBeGreaterThan(entries * entryBytes);
  expect(written).toBeGreaterThan(charged);
  expect(Math.max(...unread)).toBeLessThan(limits.pageBytes + 2 * entryBytes);
  expect(unread.filter((bytes) => bytes === 0)).toHaveLength(unread.length / 2);
});
